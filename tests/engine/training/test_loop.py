"""The order of what happens in a run, from its begin and from the middle of an epoch."""

from __future__ import annotations

import mindspore as ms
import numpy as np
import pytest

from mindreid.engine.training.listeners import Listener
from mindreid.engine.training.loop import Trainer
from mindreid.engine.training.mining import LabelMining
from mindreid.engine.training.optimizers import get_learning_rate, sgd
from mindreid.engine.training.plan import Plan
from mindreid.engine.training.run_state import RunState
from mindreid.engine.training.schedules import multi_step
from tests.engine.toy_methods import PlainObjective, ToyNetwork

BATCHES = 3


@pytest.fixture
def events():
    """What happened, in order."""
    return []


@pytest.fixture
def state(events):
    class Telling(PlainObjective):
        def on_epoch_begin(self, epoch):
            events.append(f"objective begins {epoch}")

        def mines_labels(self, epoch):
            return epoch == 1

        def mine_labels(self, epoch, embeddings):
            events.append(f"{len(embeddings)} embeddings mined")
            return {}

    ms.set_seed(1)
    objective = Telling(ToyNetwork(), num_classes=4)
    (phase,) = objective.phases()
    return RunState(objective, lambda: {"network": sgd(phase.parameters, lr=0.5)})


@pytest.fixture
def trainer(state, events):
    class Telling(Listener):
        def on_epoch_begin(self, epoch):
            events.append(f"begins {epoch}")

        def on_step(self, report):
            events.append(f"step {report.step} at {report.rates['network']}")
            assert get_learning_rate(state.optimizers["network"]) == report.rates["network"]

        def on_epoch_end(self, epoch):
            events.append(f"ends {epoch}")

        def on_checkpoint(self):
            events.append("saved")

    def batches(epoch, skip):
        for number in range(skip, BATCHES):
            generator = np.random.default_rng((epoch, number))
            images = generator.standard_normal((4, 3, 16, 8)).astype(np.float32)
            yield {"images": images, "pid": np.arange(4, dtype=np.int32)}

    schedules = {"network": multi_step(milestones=[1], gamma=0.5)}
    plan = Plan((BATCHES, BATCHES), seed=1, schedules=schedules, checkpoint_steps=2)
    mining = LabelMining(state, lambda: np.zeros((7, 8), np.float32), None)
    return Trainer(plan, state, batches, [mining, Telling()])


SECOND_EPOCH = [
    *("objective begins 1", "7 embeddings mined", "begins 1"),
    *("step 4 at 0.25", "saved", "step 5 at 0.25", "step 6 at 0.25", "saved", "ends 1"),
]


def test_an_epoch_begins_with_the_objective_then_labels_then_listeners(trainer, events):
    """And the rate that the optimiser was built with is what the schedule multiplies."""
    trainer.fit()
    assert events == [
        *("objective begins 0", "begins 0", "step 1 at 0.5", "step 2 at 0.5", "saved", "step 3 at 0.5"),
        *("ends 0", *SECOND_EPOCH),
    ]


@pytest.mark.parametrize(("batch", "expected"), [(0, SECOND_EPOCH), (2, SECOND_EPOCH[-3:])])
def test_a_run_that_goes_on_within_an_epoch_does_not_begin_it_again(trainer, state, events, batch, expected):
    state.progress.epoch, state.progress.batch, state.progress.step = 1, batch, 3 + batch
    trainer.fit()
    assert events == expected
    assert (state.progress.epoch, state.progress.batch, state.progress.step) == (2, 0, 6)
