"""Cross entropy per part: recorded values, and the mean over parts of the plain loss."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.losses import CrossEntropyLabelSmooth, PartCrossEntropyLoss


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("prefix", "epsilon"), [("ce", 0.1), ("ce_nosmooth", 0.0)])
def test_recorded(golden, prefix, epsilon, compiled):
    arrays = golden("gaitbase")
    function = ms.value_and_grad(PartCrossEntropyLoss(float(arrays["ce_scale"]), epsilon))
    function = ms.jit(function) if compiled else function
    value, gradient = function(Tensor(arrays[f"{prefix}_in"]), Tensor(arrays[f"{prefix}_labels"], ms.int32))
    np.testing.assert_allclose(value.asnumpy(), arrays[f"{prefix}_value"], rtol=1e-5)
    np.testing.assert_allclose(gradient.asnumpy(), arrays[f"{prefix}_grad"], rtol=1e-4, atol=1e-7)


def test_mean_over_parts():
    rng = np.random.default_rng(0)
    cosines, targets = (
        rng.uniform(-1, 1, (5, 4, 3)).astype(np.float32),
        Tensor(rng.integers(0, 4, 5), ms.int32),
    )
    each = [CrossEntropyLabelSmooth(0.1)(Tensor(8 * cosines[:, :, part]), targets) for part in range(3)]
    together = PartCrossEntropyLoss(8.0, 0.1)(Tensor(cosines), targets)
    assert float(together) == pytest.approx(np.mean([float(loss) for loss in each]), rel=1e-5)


def test_scale_must_be_positive():
    with pytest.raises(InvalidArgumentError, match="scale"):
        PartCrossEntropyLoss(scale=0.0)
