"""A run's state goes into a file and comes back, also where it had grown."""

from __future__ import annotations

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor

from mindreid.engine.checkpoints.checkpoint_files import save_state
from mindreid.engine.training.optimizers import adam, sgd
from mindreid.engine.training.progress import Progress
from mindreid.engine.training.run_state import RunState
from mindreid.errors import CheckpointError, TrainingError
from tests.engine.toy_methods import PlainObjective, ToyNetwork
from tests.slow_cases import quick_only

IMAGES = np.random.default_rng(0).standard_normal((4, 3, 16, 8)).astype(np.float32)
LABELS = np.arange(4, dtype=np.int32)


class GrowingObjective(PlainObjective):
    """Has a parameter that can be exchanged for a larger one."""

    def __init__(self, network):
        super().__init__(network, num_classes=4)
        self.resize({"room": 2})

    def sizes(self):
        return {"room": self.room.shape[0]}

    def resize(self, sizes):
        self.room = Parameter(Tensor(np.ones(sizes["room"], np.float32)), name="room")

    def phases(self):
        (phase,) = super().phases()
        return (type(phase)(phase.name, phase.terms, (*phase.parameters, self.room), phase.losses),)

    def identity(self, outputs, labels):
        (loss,) = super().identity(outputs, labels)
        return (loss + (self.room**2).mean(),)


def state_of(seed=1):
    ms.set_seed(seed)
    objective = GrowingObjective(ToyNetwork()).set_train(True)
    return RunState(
        objective,
        lambda: {p.name: adam(list(p.parameters), p.name, lr=0.01) for p in objective.phases()},
    )


def take_steps(state, count):
    for _ in range(count):
        state.step(Tensor(IMAGES), [Tensor(LABELS)], Tensor(np.ones(1, np.float32)))
        state.progress.step += 1


def values(state):
    return {name: parameter.asnumpy().copy() for name, parameter in state.parameters().items()}


def assert_equal_values(one, other):
    assert set(one) == set(other)
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)


def accept(_content):
    pass


@pytest.mark.parametrize("grown", quick_only([False, True], True))
def test_a_restored_state_goes_on_like_the_saved_one(grown, tmp_path):
    state = state_of()
    take_steps(state, 1)
    if grown:
        state.objective.resize({"room": 5})
        state.restart_optimizers()
    take_steps(state, 2)
    state.save(tmp_path / "state.ckpt", {})
    other = state_of(seed=2)
    other.restore(tmp_path / "state.ckpt", accept)
    assert other.progress == state.progress == Progress(step=3)
    assert other.objective.sizes() == {"room": 5 if grown else 2}
    for one in (state, other):
        take_steps(one, 2)
    assert_equal_values(values(state), values(other))


def test_what_the_run_was_trained_on_is_checked_before_anything_changes(tmp_path):
    state = state_of()
    take_steps(state, 1)
    state.objective.resize({"room": 5})
    state.restart_optimizers()
    state.save(tmp_path / "state.ckpt", {"trained_on": "apples"})
    other = state_of(seed=2)
    before, seen = values(other), []

    def refuse(content):
        seen.append(content["trained_on"])
        raise TrainingError("no pears")

    with pytest.raises(TrainingError, match="no pears"):
        other.restore(tmp_path / "state.ckpt", refuse)
    assert seen == ["apples"]
    assert other.progress == Progress()
    assert_equal_values(before, values(other))


def momentum_state(momentum, seed=1):
    ms.set_seed(seed)
    objective = PlainObjective(ToyNetwork(), num_classes=4).set_train(True)
    return RunState(
        objective,
        lambda: {p.name: sgd(p.parameters, p.name, lr=0.01, momentum=momentum) for p in objective.phases()},
    )


@pytest.mark.parametrize("earlier", quick_only([False, True], True))
def test_the_factor_of_momentum_is_the_recipes_on_a_resume(earlier, tmp_path):
    """Earlier versions saved it with the moments."""
    state = momentum_state(0.9)
    take_steps(state, 2)
    parameters = state.parameters()
    if earlier:
        factor = state.optimizers["network"].momentum
        parameters[factor.name] = factor
    content = {"progress": {"step": 2}, "sizes": {}}
    save_state(tmp_path / "state.ckpt", parameters, content)
    other = momentum_state(0.5, seed=2)
    other.restore(tmp_path / "state.ckpt", accept)
    assert_equal_values(values(state), values(other))
    assert float(other.optimizers["network"].momentum.asnumpy()) == 0.5
    before = other.objective.classifier.bias.asnumpy().copy()
    moment = values(other)["network.moments.classifier.bias"]
    take_steps(other, 1)
    moved = values(other)["network.moments.classifier.bias"]
    take_steps(state, 1)
    gradient = values(state)["network.moments.classifier.bias"] - 0.9 * moment
    np.testing.assert_allclose(moved, 0.5 * moment + gradient, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(other.objective.classifier.bias.asnumpy(), before - 0.01 * moved, rtol=1e-4)


def test_optimizers_that_restart_keep_their_parameters_and_forget_their_moments():
    state = state_of()
    take_steps(state, 2)
    optimizer, before = state.optimizers["network"], values(state)
    state.restart_optimizers()
    assert state.optimizers["network"] is optimizer
    assert not any(moment.asnumpy().any() for moment in optimizer.first_moments)
    after = values(state)
    for name, _ in state.objective.parameters_and_names():
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)


def test_optimizers_of_parameters_that_grew_are_new_and_update_them():
    state = state_of()
    take_steps(state, 1)
    optimizer = state.optimizers["network"]
    state.objective.resize({"room": 5})
    state.restart_optimizers()
    assert state.optimizers["network"] is not optimizer
    take_steps(state, 1)
    assert (state.objective.room.asnumpy() < 1).all()


def test_a_state_that_is_not_finite_is_not_saved(tmp_path):
    state = state_of()
    state.save(tmp_path / "state.ckpt", {})
    good = (tmp_path / "state.ckpt").read_bytes()
    state.objective.room.set_data(Tensor(np.full(2, np.nan, np.float32)))
    with pytest.raises(CheckpointError, match=r"room.*not finite"):
        state.save(tmp_path / "state.ckpt", {})
    assert (tmp_path / "state.ckpt").read_bytes() == good
