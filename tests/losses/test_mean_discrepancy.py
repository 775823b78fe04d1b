"""Maximum mean discrepancy against plain NumPy, and what holds for any samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.losses import MaximumMeanDiscrepancyLoss

SIGMAS = (0.05, 0.2, 1.0)


def plain(x, y):
    """Kernel by kernel and pair by pair, in float64."""
    x, y = (value / np.linalg.norm(value, axis=1, keepdims=True) for value in (x, y))

    def kernel(a, b):
        return sum(np.exp(-((a - b) ** 2).sum() / (2 * sigma**2)) for sigma in SIGMAS)

    def mean(left, right):
        return np.mean([kernel(a, b) for a in left for b in right])

    return max(0.0, mean(x, x) + mean(y, y) - 2 * mean(x, y))


def measure(x, y):
    return float(MaximumMeanDiscrepancyLoss(SIGMAS)(*(Tensor(v.astype(np.float32)) for v in (x, y))))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_plain_reference_and_symmetry(seed, count):
    x, y = np.random.default_rng(seed).standard_normal((2, count, 5))
    assert measure(x, y) == pytest.approx(plain(x, y), abs=1e-4)
    assert measure(x, y) == pytest.approx(measure(y, x), abs=1e-5)
    assert measure(x, 3 * x[::-1]) == pytest.approx(0, abs=1e-4)
