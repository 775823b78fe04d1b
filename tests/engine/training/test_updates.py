"""Groups of parameters with optimisers of their own: who moves, who rests, what stays."""

from __future__ import annotations

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, amp

from mindreid.engine.training.optimizers import sgd
from mindreid.engine.training.step import TrainStep
from mindreid.errors import TrainingError
from mindreid.objective import Phase
from tests.engine.toy_methods import PlainObjective, ToyNetwork

WEIGHTS = Tensor(np.float32([1]))


class GroupedObjective(PlainObjective):
    """The toy network learns apart from its classifier; images are shifted by drawn numbers."""

    noise = ("shift",)

    def forward(self, images, shift):
        return (self.network(images + shift),)

    def draw_noise(self, generator, shape):
        return (generator.standard_normal((shape[0], 1, 1, 1)).astype(np.float32),)

    def phases(self):
        trunk = tuple(self.network.trainable_params())
        classifier = tuple(self.classifier.trainable_params())
        return (Phase("network", ("softmax",), classifier, self.identity, {"trunk": trunk}),)


def build(loss_scaler=None):
    ms.set_seed(3)
    objective = GroupedObjective(ToyNetwork(), num_classes=4).set_train(True)
    (phase,) = objective.phases()
    rates = {"network": 0.1, "trunk": 0.01}
    optimizers = {n: sgd(own, n, lr=rates[n], weight_decay=0.1) for n, own in phase.updated.items()}
    return objective, optimizers, TrainStep(objective, optimizers, loss_scaler=loss_scaler)


def inputs(seed, shift=0.0):
    generator = np.random.default_rng(seed)
    images = generator.standard_normal((4, 3, 16, 8)).astype(np.float32)
    return Tensor(images), [
        Tensor(np.arange(4, dtype=np.int32)),
        Tensor(np.full((4, 1, 1, 1), shift, np.float32)),
    ]


def values(objective):
    return {name: p.asnumpy().copy() for name, p in objective.parameters_and_names()}


def test_groups_at_one_rate_are_one_optimiser():
    found = []
    for grouped in (True, False):
        ms.set_seed(3)
        objective = (GroupedObjective if grouped else PlainObjective)(ToyNetwork(), num_classes=4).set_train(
            True
        )
        (phase,) = objective.phases()
        optimizers = {n: sgd(own, n, lr=0.1, weight_decay=0.1) for n, own in phase.updated.items()}
        step = TrainStep(objective, optimizers)
        for seed in range(3):
            images, labels = inputs(seed)
            step(images, labels if grouped else labels[:1], WEIGHTS)
        found.append(values(objective))
    for name, value in found[1].items():
        np.testing.assert_allclose(found[0][name], value, rtol=1e-5, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("scaled", [False, True])
def test_what_is_frozen_neither_decays_nor_goes_on_by_momentum(scaled):
    scaler = amp.DynamicLossScaler(1024.0, scale_factor=2, scale_window=100) if scaled else None
    objective, optimizers, step = build(scaler)
    step(*inputs(0), WEIGHTS)
    frozen = list(objective.network.get_parameters())
    before = values(objective)
    moments = {p.name: p.asnumpy().copy() for p in optimizers["trunk"].get_parameters()}
    step.freeze(frozen)
    assert step.resting(frozen) == {"trunk"}
    step(*inputs(1), WEIGHTS)
    after = values(objective)
    assert all(np.array_equal(after[n], v) == n.startswith("network.") for n, v in before.items())
    assert all(np.array_equal(p.asnumpy(), moments[p.name]) for p in optimizers["trunk"].get_parameters())
    step.freeze(())
    step(*inputs(2), WEIGHTS)
    assert not any(np.array_equal(value, after[name]) for name, value in values(objective).items())


def test_resting_and_waking_compile_nothing_anew():
    objective, _, step = build()
    step(*inputs(0), WEIGHTS)
    compiled = len(ms.common.api.ms_compile_cache)
    for frozen in (objective.network.trainable_params(), (), objective.classifier.trainable_params()):
        step.freeze(frozen)
        step(*inputs(1), WEIGHTS)
    assert len(ms.common.api.ms_compile_cache) == compiled


def test_noise_reaches_the_forward_pass():
    terms = [float(build()[2](*inputs(0, shift), WEIGHTS)[0]) for shift in (0.0, 5.0)]
    assert terms[0] != terms[1]


def test_an_optimiser_rests_as_a_whole_and_not_all_of_them():
    objective, _, step = build()
    with pytest.raises(TrainingError, match="1 of the"):
        step.freeze(objective.classifier.trainable_params()[:1])
    with pytest.raises(TrainingError, match="nothing to train"):
        step.freeze(objective.trainable_params())


def test_groups_need_optimisers_of_their_names():
    objective, optimizers, _ = build()
    del optimizers["trunk"]
    with pytest.raises(TrainingError, match="trunk"):
        TrainStep(objective, optimizers)
