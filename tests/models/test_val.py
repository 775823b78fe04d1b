"""VAL's view losses against plain NumPy and CAL's recorded formula; unknown views."""

from types import SimpleNamespace

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

import mindreid
from mindreid.adversarial import owned_by
from mindreid.data.records import Record
from mindreid.errors import DataError
from mindreid.models.val import VALObjective, ViewClasses
from mindreid.zoo import MODELS

SMALL = {"trunk": "resnet18", "width": 0.0625}
PIDS = np.array([0, 0, 1, 1, 2, 2])
CLOTHES = np.array([0, 1, 2, 2, 3, 3])
VIEWS = np.array([0, 2, -1, 1, 0, -1])


def split(pids=PIDS, clothes=CLOTHES, views=VIEWS):
    rows = zip(pids.tolist(), clothes.tolist(), views.tolist())
    records = tuple(
        Record((f"{n}.jpg",), pid, 0, clothes_id=outfit, view=None if view < 0 else view)
        for n, (pid, outfit, view) in enumerate(rows)
    )
    return SimpleNamespace(
        train=records, num_train_pids=len(set(pids.tolist())), num_train_clothes=len(set(clothes))
    )


def build(dataset, **options):
    ms.set_seed(2)
    network = mindreid.create_model("val", **SMALL)
    return MODELS["val"].objective.for_dataset(network, dataset, **options)


def formula(cosines, classes, owners, pids, scale, epsilon):
    """CAL's adversarial loss as published, in plain numbers: no maximum subtracted, samples one by one."""
    total, count = 0.0, 0
    for row, true, pid in zip(np.exp(scale * np.asarray(cosines, np.float64)), classes, pids):
        if true < 0:
            continue
        own = np.equal(owners, pid)
        for c in np.flatnonzero(own):
            weight = (1 - epsilon) * (c == true) + epsilon / own.sum()
            total -= weight * np.log(row[c] / (row[c] + row[~own].sum()))
        count += 1
    return total / count


def view_cosines(objective, features):
    weight = objective.view_classifier.weight.asnumpy()
    return (features / np.linalg.norm(features, axis=1, keepdims=True)) @ (
        weight / np.linalg.norm(weight, axis=1, keepdims=True)
    ).T


def losses(objective, features):
    """Every term of every phase by name."""
    labels = tuple(Tensor(column, ms.int32) for column in (PIDS, CLOTHES, VIEWS))
    terms = {}
    for phase in objective.phases():
        values = phase.losses((Tensor(features),), labels)
        terms.update({name: float(value.asnumpy()) for name, value in zip(phase.terms, values)})
    return terms


def test_view_losses_equal_the_papers_equations():
    objective = build(split())
    features = (
        np.random.default_rng(0).standard_normal((6, objective.network.num_features)).astype(np.float32)
    )
    # The pairs (person, bin) in ascending order: (0, 0), (0, 2), (1, 1), (2, 0).
    owners, classes = [0, 0, 1, 2], [0, 1, -1, 2, 3, -1]
    assert objective.view_classifier.owners.asnumpy().tolist() == owners
    cosines = view_cosines(objective, features)
    logits = np.exp(16 * cosines.astype(np.float64))
    known = [n for n, c in enumerate(classes) if c >= 0]
    recognition = -np.mean([np.log(logits[n, classes[n]] / logits[n].sum()) for n in known])
    terms = losses(objective, features)
    assert terms["view"] == pytest.approx(recognition, rel=1e-4)
    assert terms["view_adversarial"] == pytest.approx(
        formula(cosines, classes, owners, PIDS, 16, 1.0), rel=1e-4
    )


def test_two_samples_by_hand():
    """Orthogonal class weights, each embedding on one of them: cosines of 1 and 0, temperature 1."""
    pids, views = np.array([0, 0, 1]), np.array([0, 1, 0])
    objective = build(split(pids, np.array([0, 0, 1]), views), scale=1.0)
    width = objective.network.num_features
    weight = np.eye(3, width, dtype=np.float32)
    objective.view_classifier.weight.set_data(Tensor(3 * weight))
    features, e = (5 * weight)[[0, 2]], np.e
    classes, persons = Tensor([0, 2], ms.int32), Tensor([0, 1], ms.int32)
    recognition = objective.view_classifier.recognition(Tensor(features), classes)
    # softmax of (1, 0, 0) and of (0, 0, 1) at the true class
    assert float(recognition) == pytest.approx(-np.log(e / (e + 2)), rel=1e-5)
    confusion = objective.view_classifier.confusion(Tensor(features), persons, classes)
    # Person 0: half of class 0, e against 1 of the other person, half of class 1, 1 against 1.
    first = (np.log((e + 1) / e) + np.log(2)) / 2
    # Person 1: its only class, e against 1 + 1.
    second = np.log((e + 2) / e)
    assert float(confusion) == pytest.approx((first + second) / 2, rel=1e-5)


def test_outfits_as_views_give_cals_recorded_formula(golden):
    arrays = golden("cal")
    pids, outfits, cosines = arrays["pids"], arrays["clothes_ids"], arrays["cal_in"]
    owners = arrays["pid2clothes"].argmax(0)
    recorded = formula(cosines, outfits, owners, pids, 16, 0.1)
    assert recorded == pytest.approx(float(arrays["cal_value"]), rel=1e-5)
    objective = build(split(pids, outfits, outfits))
    persons, views = Tensor(pids, ms.int32), Tensor(outfits, ms.int32)
    classes = objective.view_classes(persons, views)
    np.testing.assert_array_equal(classes.asnumpy(), outfits)
    mask = owned_by(persons, objective.view_classifier.owners)
    np.testing.assert_array_equal(mask.asnumpy(), arrays["cal_mask"])
    value = objective.view_classifier.confusion_loss(Tensor(cosines), classes, mask)
    assert float(value) == pytest.approx(formula(cosines, outfits, owners, pids, 16, 1.0), rel=1e-5)


@pytest.mark.parametrize("compiled", [False, True])
def test_unknown_views_take_part_in_everything_else_only(compiled):
    objective = build(split())
    features = (
        np.random.default_rng(1).standard_normal((6, objective.network.num_features)).astype(np.float32)
    )
    labels = tuple(Tensor(column, ms.int32) for column in (PIDS, CLOTHES, VIEWS))
    view_phase = objective.phases()[1]
    assert view_phase.name == "view"
    losses = view_phase.losses

    def view_terms(x, *labels):
        adversarial = objective.network_losses((x,), labels)[2]
        return losses((x,), labels)[0] + adversarial

    def other_terms(x, *labels):
        identity, clothes, _ = objective.network_losses((x,), labels)
        return identity + clothes

    gradients = []
    for function in (view_terms, other_terms):
        gradient = ms.grad(function)
        run = ms.jit(gradient) if compiled else gradient
        gradients.append(np.abs(run(Tensor(features), *labels).asnumpy()).max(1))
    np.testing.assert_array_equal(gradients[0] > 0, VIEWS >= 0)
    assert (gradients[1] > 0).all()


def test_classes_are_pairs_of_person_and_bin():
    classes = ViewClasses(split().train)
    assert classes.owners == (0, 0, 1, 2)
    found = classes(Tensor(PIDS, ms.int32), Tensor(VIEWS, ms.int32)).asnumpy()
    np.testing.assert_array_equal(found, [0, 1, -1, 2, 3, -1])


def test_a_dataset_without_views_says_where_they_come_from():
    with pytest.raises(DataError, match="view classes") as caught:
        build(split(views=np.full(6, -1)))
    assert "mindreid data views" in caught.value.fix


def test_parts_have_names_of_their_own():
    objective = build(split())
    assert isinstance(objective, VALObjective)
    own = [p.name for p in objective.trainable_params() if not p.name.startswith("network.")]
    assert own == [
        "classifier.weight",
        "classifier.bias",
        "clothes_classifier.weight",
        "view_classifier.weight",
    ]
