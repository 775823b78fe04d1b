"""Counted ranks equal the places in a stable sort, whatever the values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.metrics.junk_rules import Pairs
from mindreid.metrics.match_ranks import match_ranks


def ranks_by_sorting(distances, matches):
    places = np.argsort(np.argsort(distances, axis=1, kind="stable"), axis=1, kind="stable")
    return places[matches.rows, matches.columns] + 1


def random_pairs(rng, shape, share):
    return Pairs(*np.nonzero(rng.random(shape) < share))


def spread(rng, shape):
    """Values over 60 orders of magnitude, both signs, zeros, many repeated."""
    values = rng.choice([-1.0, 1.0], shape) * 10.0 ** rng.integers(-30, 30, shape)
    return np.where(rng.random(shape) < 0.2, 0.0, values)


def crowded(rng, shape):
    """Neighbouring floating-point numbers."""
    return 1 + rng.integers(0, 50, shape) * np.finfo(np.float32).eps


DRAWS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "tied": lambda rng, shape: rng.integers(0, 4, shape),
    "equal": lambda rng, shape: np.zeros(shape),
    "spread": spread,
    "crowded": crowded,
    "denormal": lambda rng, shape: rng.integers(0, 9, shape) * np.finfo(np.float32).smallest_subnormal,
    "outlier": lambda rng, shape: np.where(rng.random(shape) < 0.05, 1e30, rng.random(shape)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
@given(seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.02, 0.3, 1.0]), data=st.data())
@settings(max_examples=30, deadline=None)
@pytest.mark.filterwarnings("error")
def test_equals_a_stable_sort(dtype, draw, seed, share, data):
    rng = np.random.default_rng(seed)
    shape = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 80))
    distances = draw(rng, shape).astype(dtype)
    matches = random_pairs(rng, shape, share)
    np.testing.assert_array_equal(match_ranks(distances, matches), ranks_by_sorting(distances, matches))


@pytest.mark.parametrize("share", [0.0005, 0.2])
def test_large_blocks_are_cut_and_rows_without_matches_skipped(share):
    rng = np.random.default_rng(3)
    distances = rng.random((150, 5003), np.float32).round(3)
    matches = random_pairs(rng, distances.shape, share)
    matches = matches[~np.isin(matches.rows, [0, 25, 26, 27, 149])]
    np.testing.assert_array_equal(match_ranks(distances, matches), ranks_by_sorting(distances, matches))


def test_items_at_infinity_take_no_rank():
    distances = np.array([[np.inf, 0.5, np.inf, 0.4, 0.6]])
    assert match_ranks(distances, Pairs(np.array([0, 0]), np.array([1, 4]))).tolist() == [2, 3]


def test_no_matches_no_ranks():
    assert match_ranks(np.ones((3, 4)), Pairs(np.empty(0, int), np.empty(0, int))).tolist() == []
