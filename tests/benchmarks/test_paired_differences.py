"""What a paired difference shows: over persons, over seeds, against plain references."""

import numpy as np
import pytest
from figures.paired_persons import LEAST_PERSONS, mean_with_interval, paired_difference, person_means, verdict
from figures.paired_seeds import paired_seeds
from hypothesis import given, settings
from hypothesis import strategies as st

SHARES = st.floats(0.0, 1.0)


def persons(values):
    return {str(number): [value] for number, value in enumerate(values)}


def test_persons_weigh_alike_however_many_queries_they_have():
    queries = {"a": [1.0, 1.0, 1.0, 0.0], "b": [0.0]}
    assert person_means(queries) == {"a": 0.75, "b": 0.0}
    assert mean_with_interval(queries)["mean"] == pytest.approx(0.375)


def test_the_interval_is_that_of_the_mean_of_many_persons():
    """Resampling agrees with the normal interval where that holds."""
    values = np.random.default_rng(3).random(400)
    found = mean_with_interval(persons(values))
    half = 1.96 * values.std() / np.sqrt(len(values))
    np.testing.assert_allclose(found["interval_95"], [values.mean() - half, values.mean() + half], atol=2e-3)


def test_the_interval_over_few_persons_holds_the_truth_as_often_as_it_says():
    drawn = np.random.default_rng(0).normal(size=(2000, LEAST_PERSONS))
    intervals = [mean_with_interval(persons(values))["interval_95"] for values in drawn]
    # Plain percentiles hold it in 91 of 100.
    assert np.mean([low <= 0 <= high for low, high in intervals]) == pytest.approx(0.95, abs=0.02)


def test_pairing_takes_out_what_both_have_in_common():
    rng = np.random.default_rng(0)
    hard = rng.random(200)
    first, second = hard + 0.02 + 0.01 * rng.random(200), hard
    apart = [mean_with_interval(persons(values))["interval_95"] for values in (first, second)]
    assert apart[0][0] < apart[1][1]
    found = paired_difference(persons(first), persons(second))
    assert found["verdict"] == "shown"
    assert found["mean"] == pytest.approx(np.mean(first - second))


@settings(deadline=None)
@given(st.lists(st.tuples(SHARES, SHARES), min_size=LEAST_PERSONS, max_size=14))
def test_changing_sides_changes_the_sign(pairs):
    ours, theirs = (persons(side) for side in zip(*pairs))
    there, back = paired_difference(ours, theirs), paired_difference(theirs, ours)
    assert there["mean"] == pytest.approx(-back["mean"], abs=1e-12)
    # Both draw the same persons.
    assert there["interval_95"] == pytest.approx([-end for end in reversed(back["interval_95"])], abs=1e-9)
    opposite = {"shown": "contrary", "contrary": "shown", "not shown": "not shown"}
    if all(abs(end) > 1e-9 for end in there["interval_95"]):
        assert back["verdict"] == opposite[there["verdict"]]


def test_the_order_of_persons_does_not_matter():
    ours, theirs = persons(np.arange(9) % 2), persons(np.arange(9) % 3)
    mixed = dict(reversed(theirs.items()))
    assert paired_difference(ours, theirs) == paired_difference(ours, mixed)


def test_a_handful_of_persons_shows_nothing():
    few = LEAST_PERSONS - 1
    assert paired_difference(persons([1.0] * few), persons([0.0] * few))["verdict"] == "not shown"
    enough = LEAST_PERSONS
    assert paired_difference(persons([1.0] * enough), persons([0.0] * enough))["verdict"] == "shown"


@pytest.mark.parametrize("other", [{"0": [1.0], "7": [1.0]}, {"0": [1.0]}])
def test_other_persons_are_no_pairs(other):
    with pytest.raises(ValueError, match="same persons"):
        paired_difference(persons([1.0, 0.0]), other)


def test_nobody_has_no_mean():
    with pytest.raises(ValueError, match="nobody"):
        mean_with_interval({})


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.1, 0.2, "shown"), (-0.2, -0.1, "contrary"), (-0.1, 0.1, "not shown"), (0.0, 0.1, "not shown")],
)
def test_verdicts(low, high, expected):
    assert verdict(low, high) == expected


def test_students_interval_over_seeds():
    """Five differences by hand: mean 0.1, deviation 0.0158, 2.776 of its standard errors."""
    first = [0.58, 0.59, 0.60, 0.61, 0.62]
    found = paired_seeds(first, [0.5] * 5)
    half = 2.7764 * 0.0158114 / np.sqrt(5)
    assert found["seeds"] == 5
    assert found["mean"] == pytest.approx(0.1)
    assert found["interval_95"] == pytest.approx([0.1 - half, 0.1 + half], abs=1e-5)
    assert found["verdict"] == "shown"
    assert paired_seeds([0.5] * 5, first)["verdict"] == "contrary"


def test_the_interval_over_seeds_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    intervals = [paired_seeds(rng.normal(0.1, 0.05, 5), np.zeros(5))["interval_95"] for _ in range(2000)]
    held = np.mean([low <= 0.1 <= high for low, high in intervals])
    assert held == pytest.approx(0.95, abs=0.02)


def test_a_single_seed_shows_nothing():
    found = paired_seeds([0.9], [0.1])
    assert (found["mean"], found["interval_95"], found["verdict"]) == (pytest.approx(0.8), None, "not shown")


@pytest.mark.parametrize(("first", "second"), [([], []), ([0.1], [0.1, 0.2])])
def test_seeds_without_a_partner_are_refused(first, second):
    with pytest.raises(ValueError, match="no pairs"):
        paired_seeds(first, second)
