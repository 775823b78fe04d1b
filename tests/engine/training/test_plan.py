"""How long a run goes on, and how fast it learns where."""

from __future__ import annotations

import pytest

from mindreid.engine.training.builders import build_plan
from mindreid.engine.training.plan import Plan
from mindreid.engine.training.progress import Progress
from mindreid.engine.training.schedules import multi_step

SCHEDULES = {"network": multi_step(milestones=[2], gamma=0.5)}


def plan_of(**changes):
    return Plan(**{"lengths": (5, 5, 5), "seed": 1, "schedules": SCHEDULES, **changes})


def test_a_run_of_epochs_counts_its_rates_in_epochs_and_takes_what_they_have():
    plan = plan_of()
    assert plan.total_steps == 15
    assert plan.steps_left(4) is None
    assert [plan.factors(epoch, step)["network"] for epoch, step in ((0, 4), (1, 9), (2, 10))] == [1, 1, 0.5]


def test_a_run_of_steps_counts_its_rates_in_steps_and_ends_after_them():
    plan = plan_of(steps=12)
    assert plan.total_steps == 12
    assert plan.steps_left(10) == 2
    assert [plan.factors(0, step)["network"] for step in (0, 1, 2)] == [1, 1, 0.5]


@pytest.mark.parametrize(
    ("epoch", "batch", "step", "expected"),
    [(0, 0, 0, (0, 0)), (1, 2, 8, (1, 2)), (2, 0, 11, (1, 5)), (2, 0, 13, (2, 0)), (1, 7, 13, (1, 7))],
    ids=["begin", "stopped", "ended within an epoch", "ended with one", "evaluation still to come"],
)
def test_a_run_of_steps_goes_on_at_its_step(epoch, batch, step, expected):
    """Epochs of 6, 7 and 8 batches; one that had ended may have got more steps since."""
    plan = plan_of(lengths=(6, 7, 8), steps=16)
    assert plan.place(Progress(epoch=epoch, batch=batch, step=step)) == expected


@pytest.mark.parametrize(
    ("progress", "done"),
    [((1, 5, 10), False), ((1, 6, 11), False), ((2, 0, 11), True), ((1, 7, 12), True), ((0, 0, 0), False)],
)
def test_a_run_of_steps_is_done_after_the_evaluation_behind_its_last_one(progress, done):
    assert plan_of(steps=11).is_done(Progress(*progress)) is done


@pytest.mark.parametrize(("every", "expected"), [(0, []), (2, [2, 4, 6]), (7, [])])
def test_saves_within_epochs(every, expected):
    plan = plan_of(checkpoint_steps=every)
    assert [step for step in range(1, 7) if plan.saves_after(step)] == expected


class GrowingEpochs:
    """Epochs of 5, 6, 7, ... batches."""

    def count_batches(self, epoch):
        return 5 + epoch


def test_a_recipes_plan(recipe_of):
    recipe = recipe_of("train.epochs=null", "train.steps=12", "train.checkpoint_steps=4")
    plan = build_plan(recipe, GrowingEpochs())
    assert (plan.epochs, plan.total_steps, plan.checkpoint_steps) == (3, 12, 4)
    assert set(plan.schedules) == {"network"}


def test_epochs_of_different_lengths_are_added_up(recipe_of):
    plan = build_plan(recipe_of("train.epochs=3"), GrowingEpochs())
    assert (plan.epochs, plan.total_steps) == (3, 18)
