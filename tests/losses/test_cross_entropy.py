"""Cross entropy with smoothed labels: recorded values, a written-out reference, limits."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.losses import CrossEntropyLabelSmooth


def loss_and_gradient(loss, inputs, targets, compiled):
    function = ms.value_and_grad(loss)
    function = ms.jit(function) if compiled else function
    value, gradient = function(Tensor(inputs, ms.float32), Tensor(targets, ms.int32))
    return float(value.asnumpy()), gradient.asnumpy()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("prefix", ["cal", "fire"])
def test_recorded(golden, prefix, compiled):
    arrays = golden("losses")
    value, gradient = loss_and_gradient(
        CrossEntropyLabelSmooth(0.1), arrays[f"{prefix}_ce_smooth_in"], arrays[f"{prefix}_pids"], compiled
    )
    np.testing.assert_allclose(value, arrays[f"{prefix}_ce_smooth_value"], rtol=1e-5)
    np.testing.assert_allclose(gradient, arrays[f"{prefix}_ce_smooth_grad"], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("epsilon", [0.0, 0.3])
def test_definition(epsilon):
    rng = np.random.default_rng(0)
    logits, targets = rng.standard_normal((7, 5)) * 3, rng.integers(0, 5, 7)
    smooth = (1 - epsilon) * np.eye(5)[targets] + epsilon / 5
    log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    value, gradient = loss_and_gradient(CrossEntropyLabelSmooth(epsilon), logits, targets, compiled=False)
    assert value == pytest.approx(-(smooth * log_softmax).sum(1).mean(), rel=1e-5)
    np.testing.assert_allclose(gradient, (np.exp(log_softmax) - smooth) / 7, atol=1e-6)


def test_huge_logits_stay_finite():
    value, gradient = loss_and_gradient(CrossEntropyLabelSmooth(0.1), [[1e4, -1e4, 0.0]], [1], compiled=False)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("epsilon", [-0.1, 1.0])
def test_epsilon_out_of_range(epsilon):
    with pytest.raises(InvalidArgumentError, match="epsilon"):
        CrossEntropyLabelSmooth(epsilon)
