"""Objectives with adversaries: their phases and weights, one compilation, one trunk forward."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from mindspore.common.api import ms_compile_cache

import mindreid
from mindreid.adversarial import clothes_owners, owned_by
from mindreid.data.records import Record
from mindreid.engine.training.optimizers import adam
from mindreid.engine.training.step import TrainStep
from mindreid.errors import DataError
from mindreid.losses import MemoryBankLoss
from mindreid.models.cal import CALObjective
from mindreid.models.val import VALObjective, ViewClasses
from tests.slow_cases import quick_only

SMALL = {"trunk": "resnet18", "width": 0.0625}
# Four persons with two outfits each, seen from up to three sides.
RECORDS = [
    Record((f"{i}.jpg",), pid=i // 4, camid=0, clothes_id=i // 2, view=None if i % 5 == 0 else i % 3)
    for i in range(16)
]
OWNERS = (0, 0, 1, 1, 2, 2, 3, 3)
START = 4


def build(method, start_epoch=START, **options):
    ms.set_seed(1)
    network, options = mindreid.create_model(method, **SMALL), {"start_epoch": start_epoch, **options}
    if method == "val":
        return VALObjective(network, 4, OWNERS, ViewClasses(RECORDS), **options)
    return CALObjective(network, 4, OWNERS, **options)


def images(step=0):
    return Tensor(np.random.default_rng(step).standard_normal((16, 3, 32, 16)).astype(np.float32))


def labels_of(objective):
    columns = [[getattr(record, name) for record in RECORDS] for name in objective.labels]
    return [Tensor([-1 if value is None else value for value in column], ms.int32) for column in columns]


def compile_step(objective, lr=0.001):
    """Return ``take(epoch)``: one step with that epoch's weights, whose terms it returns by name."""
    objective.set_train(True)
    optimizers = {
        phase.name: adam(list(phase.parameters), f"{phase.name}_optimizer", lr=lr, weight_decay=5e-4)
        for phase in objective.phases()
    }
    step = TrainStep(objective, optimizers)

    def take(epoch):
        by_term = objective.term_weights(epoch)
        weights = Tensor(np.float32([by_term[name] for name in step.term_names]))
        return dict(zip(step.term_names, step(images(), labels_of(objective), weights).asnumpy()))

    return take


METHODS = {
    "cal": ("cal", {}, ["clothes", "identity", "clothes_adversarial"]),
    "cal with triplet": (
        "cal",
        {"triplet_weight": 1.0},
        ["clothes", "identity", "clothes_adversarial", "triplet"],
    ),
    "cal with memory": ("cal", {"memory_bank": True}, ["identity", "clothes_adversarial"]),
    "val": ("val", {}, ["clothes", "view", "identity", "clothes_adversarial", "view_adversarial"]),
}


@pytest.mark.parametrize("name", quick_only(METHODS))
def test_adversaries_start_late_without_a_new_compilation(name):
    method, options, terms = METHODS[name]
    objective = build(method, **options)
    classifiers = [p for phase in objective.phases()[:-1] for p in phase.parameters]
    started = [p.asnumpy().copy() for p in classifiers]
    mean = objective.network.trunk.conv1(images()).asnumpy().mean((0, 2, 3))
    take = compile_step(objective)

    first = take(0)
    assert list(first) == terms
    assert all(value > 0 for value in first.values()), "a term is logged before it counts"
    moved = objective.network.trunk.bn1.moving_mean.asnumpy()
    np.testing.assert_allclose(moved, 0.1 * mean, rtol=1e-4, atol=1e-6, err_msg="one forward of the trunk")
    compiled = len(ms_compile_cache)
    take(START - 1)
    for parameter, value in zip(classifiers, started):
        np.testing.assert_array_equal(parameter.asnumpy(), value, err_msg="neither learned nor decayed")

    take(START)
    take(START + 1)
    assert len(ms_compile_cache) == compiled
    for parameter, value in zip(classifiers, started):
        assert np.abs(parameter.asnumpy() - value).max() > 1e-3, f"{parameter.name} learns"


def test_a_compiled_step_goes_on_with_the_emptied_bank():
    objective = build("cal", memory_bank=True, memory_momentum=0.5)
    bank, take = objective.clothes_bank, compile_step(objective, lr=0.0)
    for epoch in (0, START - 1):
        objective.on_epoch_begin(epoch)
        take(epoch)
    compiled = len(ms_compile_cache)
    objective.on_epoch_begin(START)
    assert not bank.memory.asnumpy().any()
    assert not bank.seen.asnumpy().any()
    take(START)
    objective.on_epoch_begin(START + 1)
    assert len(ms_compile_cache) == compiled
    # The last sample of every outfit; an older bank would have been mixed with both.
    expected = objective.forward(images())[0].asnumpy()[1::2]
    np.testing.assert_allclose(bank.memory.asnumpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("start", [0, START])
def test_a_bank_holds_what_was_seen_since_the_start_epoch(start):
    objective = build("cal", memory_bank=True, memory_momentum=0.5, start_epoch=start)
    labels = labels_of(objective)
    drawn = np.random.default_rng(0).standard_normal((start + 2, 16, objective.network.num_features))
    batches = [Tensor(batch.astype(np.float32)) for batch in drawn]
    for epoch, batch in enumerate(batches):
        objective.on_epoch_begin(epoch)
        objective.network_losses((batch,), labels)
    fresh = MemoryBankLoss(len(OWNERS), objective.network.num_features, momentum=0.5)
    for batch in batches[start:]:
        fresh(batch, labels[1], owned_by(labels[0], objective.clothes_bank.owners))
    np.testing.assert_array_equal(objective.clothes_bank.memory.asnumpy(), fresh.memory.asnumpy())


def test_weights():
    objective = build("val", identity_weight=2.0, clothes_adversarial_weight=0.5, view_adversarial_weight=0.0)
    assert objective.term_weights(START - 1) == {
        "clothes": 0,
        "view": 0,
        "identity": 2,
        "clothes_adversarial": 0,
        "view_adversarial": 0,
    }
    assert objective.term_weights(START) == {
        "clothes": 1,
        "view": 1,
        "identity": 2,
        "clothes_adversarial": 0.5,
        "view_adversarial": 0,
    }


@pytest.mark.slow
def test_the_network_learns_to_fool_classifiers_that_stand_still():
    objective = build("val", identity_weight=0.0, clothes_weight=0.0, view_weight=0.0)
    take = compile_step(objective)
    terms = [take(START) for _ in range(6)]
    for name in ("clothes_adversarial", "view_adversarial"):
        assert terms[-1][name] < terms[0][name]


def test_owned_by():
    mask = owned_by(Tensor([2, 0], ms.int32), Tensor([0, 0, 1, 2], ms.int32)).asnumpy()
    np.testing.assert_array_equal(mask, [[False, False, False, True], [True, True, False, False]])


def test_owners_of_outfits():
    assert clothes_owners(RECORDS, "CAL") == OWNERS
    unlabelled = Record(("x.jpg",), pid=3, camid=0)
    assert clothes_owners([unlabelled, *RECORDS], "CAL") == OWNERS


@pytest.mark.parametrize(
    ("records", "match"),
    [
        (
            [Record(("a.jpg",), pid=0, camid=0)],
            "CAL learns from clothes labels, the training split has 0 outfits",
        ),
        (
            [Record(("a.jpg",), pid, 0, clothes_id=7) for pid in (0, 1)],
            "two persons, 0 and 1, share the clothes id 7",
        ),
    ],
)
def test_bad_clothes_labels(records, match):
    with pytest.raises(DataError, match=match):
        clothes_owners(records, "CAL")
