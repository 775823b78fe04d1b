"""MGN as the paper defines it, against a written-out reference, and what holds for all variants."""

import logging

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

import mindreid
from mindreid.engine.checkpoints.imagenet import load_pretrained
from mindreid.errors import InvalidArgumentError
from mindreid.models.mgn import MGN
from mindreid.zoo import MODELS

VARIANTS = ("paper", "mgn_pytorch", "reid_mgn")
SMALL = {"trunk": "resnet18", "width": 0.125}
CLASSES = 5


def images(count=4, height=96, width=32, seed=0):
    return Tensor(np.random.default_rng(seed).standard_normal((count, 3, height, width)).astype(np.float32))


PIDS = Tensor(np.array([0, 0, 3, 3]), ms.int32)


def build(variant="paper", **options):
    network = mindreid.create_model("mgn", num_classes=CLASSES, variant=variant, **SMALL)
    return MODELS["mgn"].objective(network, num_classes=CLASSES, **options)


def embedding_reference(network, x):
    """Section 3.1 of the paper, view by view, from the stem's and branches' maps."""
    stem = network.stem(x)
    branches = (network.global_branch, network.half_branch, network.third_branch)
    whole, half, third = (branch.layer4(branch.layer3(stem)).asnumpy() for branch in branches)
    assert whole.shape[2:] == (3, 1)  # 1/32 of 96 x 32
    assert half.shape[2:] == third.shape[2:] == (6, 2)
    views = [whole, half, third, half[:, :, :3], half[:, :, 3:]]
    views += [third[:, :, :2], third[:, :, 2:4], third[:, :, 4:]]
    pooled = [view.max((2, 3)) for view in views]
    reduced = []
    for vector, reduction in zip(pooled, network.reductions):
        norm = reduction.norm
        linear = vector @ reduction.linear.weight.asnumpy().T
        scale = norm.gamma.asnumpy() / np.sqrt(norm.moving_variance.asnumpy() + 1e-5)
        value = (linear - norm.moving_mean.asnumpy()) * scale + norm.beta.asnumpy()
        reduced.append(np.maximum(value, 0))
    return pooled, reduced


def test_paper_network():
    network = build().network
    network.set_train()(images())  # moves the running statistics away from their start
    network.set_train(False)
    _, reduced = embedding_reference(network, images())
    embedding = network(images())
    assert embedding.shape == (4, 2048)
    assert embedding.dtype == ms.float32
    np.testing.assert_allclose(embedding.asnumpy(), np.concatenate(reduced, 1), rtol=1e-4, atol=1e-5)
    assert len(network.reductions) == 8


def softmax_loss(logits, pids):
    log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return -log_softmax[np.arange(len(pids)), pids].mean()


def triplet_loss(features, pids, margin):
    distances = np.sqrt(np.maximum(((features[:, None] - features[None]) ** 2).sum(2), 1e-12))
    same = np.equal.outer(pids, pids)
    hardest = np.where(same, distances, -np.inf).max(1) - np.where(same, np.inf, distances).min(1)
    return np.maximum(0, margin + hardest).mean()


def test_paper_losses():
    """Section 3.2: sums of eight softmax losses, the global ones on 2048-d vectors, and of three triplets."""
    objective = build().set_train(False)
    network, pids = objective.network, PIDS.asnumpy()
    pooled, reduced = embedding_reference(network, images())
    rng = np.random.default_rng(1)
    seen = [*pooled[:3], *reduced[3:]]
    softmax = 0.0
    for classifier, vector in zip(objective.classifiers, seen):
        assert not classifier.has_bias
        classifier.weight.set_data(
            Tensor(rng.standard_normal((CLASSES, vector.shape[1])).astype(np.float32) / 9)
        )
        softmax += softmax_loss(vector @ classifier.weight.asnumpy().T, pids)
    triplet = sum(triplet_loss(vector, pids, margin=1.2) for vector in reduced[:3])
    (phase,) = objective.phases()
    terms = phase.losses(objective.forward(images()), (PIDS,))
    assert phase.terms == ("softmax", "triplet")
    assert float(terms[0].asnumpy()) == pytest.approx(softmax, rel=1e-4)
    assert float(terms[1].asnumpy()) == pytest.approx(triplet, rel=1e-4)
    assert objective.term_weights(0) == {"softmax": 1, "triplet": 1}


def total_loss(objective):
    (phase,) = objective.phases()
    losses = phase.losses

    def function(x, pids):
        softmax, triplet = losses(objective.forward(x), (pids,))
        return softmax + triplet

    return function, phase.parameters


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_everything_is_trained_and_compiling_changes_nothing(variant):
    objective = build(variant).set_train()
    function, parameters = total_loss(objective)
    assert {id(p) for p in parameters} == {id(p) for p in objective.trainable_params()}
    gradient_of = ms.value_and_grad(function, None, list(parameters))
    loss, gradients = gradient_of(images(), PIDS)
    compiled_loss, compiled_gradients = ms.jit(gradient_of)(images(), PIDS)
    assert float(loss.asnumpy()) == pytest.approx(float(compiled_loss.asnumpy()), rel=1e-4)
    largest = max(np.abs(gradient.asnumpy()).max() for gradient in gradients)
    for parameter, one, two in zip(parameters, gradients, compiled_gradients):
        own = np.abs(one.asnumpy()).max()
        assert own > 0, f"{parameter.name} gets no gradient"
        # A shift in front of a batch norm has no gradient but rounding.
        np.testing.assert_allclose(one.asnumpy(), two.asnumpy(), atol=1e-2 * own + 1e-5 * largest)


@pytest.mark.parametrize("variant", VARIANTS)
def test_embedding_of_an_image_does_not_depend_on_its_batch(variant):
    network = build(variant).network.set_train(False)
    together = network(images(count=3)).asnumpy()
    alone = network(images(count=3)[1:2]).asnumpy()
    np.testing.assert_allclose(together[1:2], alone, rtol=1e-4, atol=1e-5)


def test_variants_differ_where_they_should():
    paper, port, shared = (build(variant) for variant in VARIANTS)
    assert [len(objective.network.reductions) for objective in (paper, port, shared)] == [8, 8, 1]
    widths = [[c.in_channels for c in objective.classifiers] for objective in (paper, port, shared)]
    assert widths == [[64] * 3 + [256] * 5, [256] * 8, [256] * 8]
    assert [objective.classifiers[0].has_bias for objective in (paper, port, shared)] == [False, True, True]
    pools = [objective.network.half_branch.stripe_pool.average for objective in (paper, port, shared)]
    assert pools == [False, True, False]
    assert shared.term_weights(3) == {"softmax": 2, "triplet": 1}
    assert build("mgn_pytorch", triplet_weight=2.0).term_weights(0) == {"softmax": 1, "triplet": 2}


def test_pool_can_be_chosen():
    assert MGN(variant="paper", pool="avg", **SMALL).global_branch.global_pool.average
    assert not MGN(variant="mgn_pytorch", pool="max", **SMALL).global_branch.global_pool.average


@pytest.mark.parametrize("variant", ["paper", "reid_mgn"])
@pytest.mark.parametrize(("branches", "views"), [([1], [0]), ([2], [1, 3, 4]), ([1, 3], [0, 2, 5, 6, 7])])
def test_chosen_branches_see_what_they_see_among_all(variant, branches, views):
    """Of the eight views of all branches, those of the chosen ones are left, in their order."""
    network = build(variant).network
    network.set_train()(images())
    network.set_train(False)
    own = MGN(variant=variant, branches=branches, **SMALL).set_train(False)
    given = {parameter.name.removeprefix("network."): parameter for parameter in network.get_parameters()}
    for parameter in own.get_parameters():
        name = parameter.name
        if name.startswith("reductions.") and variant == "paper":
            _, number, rest = name.split(".", 2)
            name = f"reductions.{views[int(number)]}.{rest}"
        parameter.set_data(given[name])
    expected = network(images()).asnumpy().reshape(4, 8, 256)[:, views].reshape(4, -1)
    np.testing.assert_array_equal(own(images()).asnumpy(), expected)
    np.testing.assert_array_equal(ms.jit(own.construct)(images()).asnumpy(), expected)
    names = {1: "global", 2: "halves", 3: "thirds"}
    assert set(own.maps(images())) == {names[parts] for parts in branches}


def test_all_branches_are_the_default():
    paper, same = MGN(**SMALL), MGN(branches=[1, 2, 3], **SMALL)
    shapes = [[(p.name, p.shape) for p in network.get_parameters()] for network in (paper, same)]
    assert shapes[0] == shapes[1]
    assert (len(paper.reductions), paper.num_global, paper.num_views) == (8, 3, 8)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_global_branch_alone_learns_with_its_own_losses(variant):
    objective = MODELS["mgn"].objective(MGN(variant=variant, branches=[1], **SMALL), num_classes=CLASSES)
    objective.set_train(False)
    (classifier,) = objective.classifiers
    width = 64 if variant == "paper" else 256
    weight = np.random.default_rng(1).standard_normal((CLASSES, width)).astype(np.float32) / 9
    classifier.weight.set_data(Tensor(weight))
    pooled, reduced = (tensor.asnumpy() for (tensor,) in objective.network.features(images()))
    seen = pooled if variant == "paper" else reduced
    bias = classifier.bias.asnumpy() if classifier.has_bias else 0.0
    (phase,) = objective.phases()
    terms = phase.losses(objective.forward(images()), (PIDS,))
    pids = PIDS.asnumpy()
    assert float(terms[0].asnumpy()) == pytest.approx(softmax_loss(seen @ weight.T + bias, pids), rel=1e-4)
    assert float(terms[1].asnumpy()) == pytest.approx(triplet_loss(reduced, pids, margin=1.2), rel=1e-4)


@pytest.mark.parametrize("compiled", [False, True])
def test_height_must_allow_halves_and_thirds(compiled):
    network = build().network.set_train(False)
    run = ms.jit(network.construct) if compiled else network
    assert run(images(count=1, height=192, width=64)).shape == (1, 2048)
    with pytest.raises(InvalidArgumentError, match="multiple of 96"):
        run(images(count=1, height=256, width=128))


def test_training_on_one_image_is_refused():
    with pytest.raises(InvalidArgumentError, match="at least two images"):
        build().network.set_train()(images(count=1))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"variant": "port"}, "no variant 'port'"),
        ({"pool": "gem"}, "'max' or 'avg'"),
        ({"trunk": "resnet101"}, "no trunk 'resnet101'"),
        ({"dropout": 0.5}, "no option 'dropout'"),
        ({"branches": []}, r"branches=\[\] names no"),
        ({"branches": [2, 1]}, r"\[2, 1\] names no"),
        ({"branches": [1, 4]}, r"\[1, 4\] names no"),
        ({"branches": [1, 1]}, r"\[1, 1\] names no"),
        ({"branches": 1}, "branches=1 names no"),
        ({"branches": "global"}, "'global' names no"),
    ],
)
def test_bad_options(options, match):
    with pytest.raises(InvalidArgumentError, match=match):
        mindreid.create_model("mgn", **options)


def test_without_a_path_the_start_stays_random_and_the_log_says_so(caplog):
    network = build().network
    before = {name: value.asnumpy().copy() for name, value in network.parameters_and_names()}
    with caplog.at_level(logging.INFO, logger="mindreid.engine.checkpoints.imagenet"):
        load_pretrained(network, None)
    assert "starts from random weights" in caplog.text
    for name, value in network.parameters_and_names():
        np.testing.assert_array_equal(value.asnumpy(), before[name], err_msg=name)
