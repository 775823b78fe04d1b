"""Dropout with masks from the host."""

import numpy as np
import pytest
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.layers.dropout import check_rate, draw_keep, drop


def test_what_is_kept_is_scaled_so_that_the_mean_stays():
    generator = np.random.default_rng(0)
    inputs = np.ones((50, 40), np.float32)
    keep = draw_keep(generator, inputs.shape, 0.75)
    assert keep.dtype == np.uint8
    assert keep.mean() == pytest.approx(0.25, abs=0.03)
    dropped = drop(Tensor(inputs), Tensor(keep), 0.75).asnumpy()
    np.testing.assert_array_equal(dropped, 4.0 * keep)


def test_a_rate_of_zero_keeps_everything():
    assert draw_keep(np.random.default_rng(0), (100,), 0.0).all()


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_rates_that_cannot_be(rate):
    with pytest.raises(InvalidArgumentError, match="rate"):
        check_rate(rate)
