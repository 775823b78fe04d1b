"""Distances equal their definitions; the examples in the docstrings hold."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

from mindreid import metrics
from mindreid.metrics import l2_normalize, pairwise_distances
from mindreid.metrics.distances import BLOCK_ELEMENTS, block_rows, row_blocks

MODULES = sorted(module.name for module in pkgutil.iter_modules(metrics.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(f"mindreid.metrics.{name}")).failed == 0


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float16, 1e-3), (np.float32, 1e-5), (np.float64, 1e-12)]
)
def test_definitions(dtype, tolerance):
    rng = np.random.default_rng(0)
    query, gallery = rng.standard_normal((4, 6)).astype(dtype), rng.standard_normal((5, 6)).astype(dtype)
    q, g = query.astype(float), gallery.astype(float)
    euclidean = np.linalg.norm(q[:, None] - g, axis=2)
    cosine = 1 - (q @ g.T) / np.outer(np.linalg.norm(q, axis=1), np.linalg.norm(g, axis=1))
    np.testing.assert_allclose(pairwise_distances(query, gallery, "euclidean"), euclidean, atol=tolerance)
    np.testing.assert_allclose(pairwise_distances(query, gallery, "cosine"), cosine, atol=tolerance)


def test_euclidean_distances_survive_far_from_the_origin():
    rng = np.random.default_rng(1)
    near = rng.standard_normal((30, 16)).astype(np.float32)
    far = near + np.float32(1000)
    expected = np.linalg.norm(far[:5, None].astype(float) - far, axis=2)
    np.testing.assert_allclose(pairwise_distances(far[:5], far, "euclidean"), expected, atol=2e-2)
    assert (pairwise_distances(far[:5], far, "euclidean").argmin(axis=1) == np.arange(5)).all()


def test_a_zero_vector_stays_zero():
    np.testing.assert_array_equal(l2_normalize(np.zeros((1, 3))), np.zeros((1, 3)))


@pytest.mark.parametrize("columns", [1, 15_913, 120_000, 10**6, 10**9])
def test_default_blocks_are_bounded(columns):
    rows = block_rows(columns)
    assert rows >= 1
    assert rows * columns <= max(BLOCK_ELEMENTS, columns)


def test_blocks_cover_every_row_once():
    rows = [row for part in row_blocks(11, 4) for row in range(part.start, part.stop)]
    assert rows == list(range(11))
