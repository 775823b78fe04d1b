"""Reduction of pooled vectors against written-out arithmetic."""

import numpy as np
import pytest
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.layers.reduction import Reduction


def test_training_uses_the_batch_and_moves_the_running_statistics():
    x = np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32)
    reduction = Reduction(8, 4).set_train()
    out = reduction(Tensor(x)).asnumpy()
    linear = x @ reduction.linear.weight.asnumpy().T
    normalised = (linear - linear.mean(0)) / np.sqrt(linear.var(0) + 1e-5)
    np.testing.assert_allclose(out, np.maximum(normalised, 0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        reduction.norm.moving_mean.asnumpy(), 0.1 * linear.mean(0), rtol=1e-4, atol=1e-6
    )
    variance = 0.9 + 0.1 * linear.var(0, ddof=1)
    np.testing.assert_allclose(reduction.norm.moving_variance.asnumpy(), variance, rtol=1e-4)


def test_one_image_cannot_be_normalised_by_itself():
    reduction = Reduction(8, 4)
    with pytest.raises(InvalidArgumentError, match="at least two images"):
        reduction.set_train()(Tensor(np.ones((1, 8), np.float32)))
    assert reduction.set_train(False)(Tensor(np.ones((1, 8), np.float32))).shape == (1, 4)
