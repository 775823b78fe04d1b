"""A query moves towards what was confirmed and away from what was rejected."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.search.page import refine


def unit(generator, count, dimension=6):
    rows = generator.normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 3), st.integers(0, 3))
def test_it_stays_a_direction_and_moves_the_right_way(seed, confirmed, rejected):
    generator = np.random.default_rng(seed)
    query, yes, no = unit(generator, 1)[0], unit(generator, confirmed), unit(generator, rejected)
    moved = refine(query, yes, no)
    assert moved.dtype == np.float32
    assert abs(np.linalg.norm(moved) - 1) < 1e-5
    # The plain formula, term by term.
    expected = query + sum(0.75 * row / len(yes) for row in yes) - sum(0.15 * row / len(no) for row in no)
    np.testing.assert_allclose(moved, expected / np.linalg.norm(expected), atol=1e-5)
    if confirmed == 1 and not rejected:
        assert moved @ yes[0] >= query @ yes[0] - 1e-6
    if rejected == 1 and not confirmed:
        assert moved @ no[0] <= query @ no[0] + 1e-6


def test_nothing_said_changes_nothing_and_the_opposite_leaves_the_query():
    query = np.array([1, 0], np.float32)
    np.testing.assert_array_equal(refine(query, [], []), query)
    rejected = [np.array([20 / 3, 0], np.float32)]
    np.testing.assert_array_equal(refine(query, [], rejected), query)
