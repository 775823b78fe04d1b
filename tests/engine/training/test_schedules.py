"""Schedules against PyTorch's recorded rates and their own definitions."""

from pathlib import Path

import numpy as np
import pytest

from mindreid.engine.training.schedules import cosine, exponential, multi_step, piecewise
from mindreid.errors import InvalidArgumentError
from mindreid.zoo import SCHEDULES

RECORDED = Path(__file__).parents[2] / "golden" / "fire_cluster.npz"


def test_warm_up_and_steps_as_recorded():
    """Learning rate of FIRe-CCReID in epochs 0 to 80."""
    rates = np.load(RECORDED)["lr_epoch"]
    factor = multi_step(milestones=[20, 40, 60], gamma=0.1, warmup_epochs=10, warmup_start=0.01)
    np.testing.assert_allclose([3.5e-4 * factor(epoch) for epoch in range(81)], rates, rtol=1e-12)


def test_milestone_begins_with_the_lower_rate():
    factor = multi_step(milestones=[40, 60], gamma=0.5)
    assert [factor(e) for e in (0, 39, 39.99, 40, 59, 60, 1000)] == [1, 1, 1, 0.5, 0.5, 0.25, 0.25]


def test_no_milestones_is_constant():
    assert {multi_step()(e) for e in range(100)} == {1.0}


def test_cosine_falls_from_one_to_the_minimum():
    factor = cosine(epochs=30, minimum=0.1, warmup_epochs=10, warmup_start=0.0)
    values = [factor(e) for e in range(40)]
    assert values[0] == 0
    assert values[5] == pytest.approx(0.5)
    assert values[10] == pytest.approx(1)
    assert values[20] == pytest.approx(0.55)
    assert values[30:] == pytest.approx([0.1] * 10)
    assert all(a >= b for a, b in zip(values[10:], values[11:]))


def test_exponential_is_constant_then_falls_to_its_last_factor():
    """Equation 10 of the triplet paper, and TF's ``exponential_decay(t - t0, t1 - t0, 0.001)``."""
    factor = exponential(begin=15000, end=25000, last_factor=0.001)
    assert {factor(step) for step in (0, 1, 14999, 15000)} == {1.0}
    for step in (15001, 17500, 20000, 25000):
        assert factor(step) == pytest.approx(0.001 ** ((step - 15000) / 10000))
    assert factor(99999) == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("multi_step", {"milestones": [60, 40]}, r"milestones must ascend, they are \[60, 40\]"),
        ("multi_step", {"milestones": [40, 40]}, r"milestones must ascend, they are \[40, 40\]"),
        ("multi_step", {"gamma": 0.0}, "gamma must be positive, not 0.0"),
        ("multi_step", {"warmup_epochs": -1}, "a warm-up needs a length >= 0 .* not -1"),
        ("multi_step", {"warmup_epochs": 5, "warmup_start": 1.5}, r"a start in \[0, 1\], not 5 and 1.5"),
        ("cosine", {"epochs": 10, "warmup_epochs": 10}, "a warm-up of 10 epochs leaves nothing of 10"),
        ("cosine", {"epochs": 10, "minimum": 2.0}, r"last factor must be in \[0, 1\], not 2.0"),
        ("exponential", {"begin": 10, "end": 10}, "ends later, not 10 and 10"),
        ("exponential", {"begin": -1, "end": 10}, "begins at an epoch >= 0 .* not -1 and 10"),
        (
            "exponential",
            {"begin": 0, "end": 10, "last_factor": 0.0},
            r"last factor must be in \(0, 1\], not 0.0",
        ),
    ],
)
def test_contradictions_are_refused(name, options, words):
    with pytest.raises(InvalidArgumentError, match=words):
        SCHEDULES[name](**options)


def test_every_stretch_has_its_own_factor():
    factor = piecewise(milestones=[2, 5], factors=[1.0, 0.0, 0.5])
    assert [factor(e) for e in (0, 1.9, 2, 4, 5, 100)] == [1.0, 1.0, 0.0, 0.0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("milestones", "factors", "words"),
    [([2], [1.0], "2 factors"), ([2, 2], [1.0, 1.0, 1.0], "ascend"), ([2], [1.0, -0.1], "numbers >= 0")],
)
def test_factors_that_do_not_fit(milestones, factors, words):
    with pytest.raises(InvalidArgumentError, match=words):
        piecewise(milestones=milestones, factors=factors)
