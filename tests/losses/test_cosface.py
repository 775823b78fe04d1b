"""Cross entropy of scaled cosines: recorded values, a plain loop, unlabelled samples."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.losses import CosFaceLoss


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("prefix", "margin"), [("cosface", 0.0), ("cosface_m0.1", 0.1)])
def test_recorded(golden, prefix, margin, compiled):
    arrays = golden("cal")
    function = ms.value_and_grad(CosFaceLoss(16.0, margin))
    function = ms.jit(function) if compiled else function
    value, gradient = function(Tensor(arrays[f"{prefix}_in"]), Tensor(arrays["clothes_ids"], ms.int32))
    np.testing.assert_allclose(value.asnumpy(), arrays[f"{prefix}_value"], rtol=1e-5)
    np.testing.assert_allclose(gradient.asnumpy(), arrays[f"{prefix}_grad"], rtol=1e-4, atol=1e-6)


def test_unlabelled_samples_take_no_part():
    cosines = np.random.default_rng(0).uniform(-1, 1, (5, 4)).astype(np.float32)
    targets = np.array([2, -1, 0, -1, 3])
    loss = CosFaceLoss(8.0, 0.2)
    value, gradient = ms.value_and_grad(loss)(Tensor(cosines), Tensor(targets, ms.int32))
    logits = 8.0 * cosines.astype(np.float64)
    each = []
    for row, target in zip(logits, targets):
        if target >= 0:
            row[target] -= 8.0 * 0.2
            each.append(np.log(np.exp(row).sum()) - row[target])
    assert float(value) == pytest.approx(np.mean(each), rel=1e-5)
    np.testing.assert_array_equal(gradient.asnumpy()[[1, 3]], 0)


def test_a_batch_without_labels_is_worth_nothing():
    value, gradient = ms.value_and_grad(CosFaceLoss())(
        Tensor(np.eye(3, dtype=np.float32)), Tensor([-1, -1, -1], ms.int32)
    )
    assert float(value) == 0
    np.testing.assert_array_equal(gradient.asnumpy(), 0)


@pytest.mark.parametrize("options", [{"scale": 0.0}, {"margin": -0.1}])
def test_bad_options(options):
    with pytest.raises(InvalidArgumentError):
        CosFaceLoss(**options)
