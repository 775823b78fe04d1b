"""Maximum mean discrepancy: how far two samples' distributions are apart."""

from __future__ import annotations

from collections.abc import Sequence

from mindspore import Tensor, nn, ops

from mindreid.l2_normalization import l2_normalize
from mindreid.losses.triplet import SQUARED_DISTANCE_FLOOR

#: Of the authors of GI-ReID.
SIGMAS = (0.001, 0.01, 0.05, 0.1, 0.2, 1.0, 2.0)


class MaximumMeanDiscrepancyLoss(nn.Cell):
    r"""Maximum mean discrepancy of two samples of L2-normalised vectors, with a sum of Gaussian kernels.

    .. math::
        L = \max\Big(0, \frac{1}{B^2} \sum_{i,j} k(x_i, x_j) + k(y_i, y_j) - 2 k(x_i, y_j)\Big), \quad
        k(a, b) = \sum_\sigma e^{-\lVert a - b \rVert^2 / 2 \sigma^2}

    Gretton et al., "A Kernel Two-Sample Test", JMLR 2012, the biased estimate.

    Parameters
    ----------
    sigmas : sequence of float
        Widths of the kernels.

    Examples
    --------
    >>> loss = MaximumMeanDiscrepancyLoss((1.0,))
    >>> x, y = Tensor([[1.0, 0.0], [0.0, 1.0]]), Tensor([[1.0, 0.0], [1.0, 0.0]])
    >>> float(loss(x, x)), round(float(loss(x, y)), 4)
    (0.0, 0.3161)
    """

    def __init__(self, sigmas: Sequence[float] = SIGMAS) -> None:
        super().__init__()
        self.factors = tuple(1 / (2 * sigma**2) for sigma in sigmas)

    def construct(self, inputs: Tensor, others: Tensor) -> Tensor:
        """Return the discrepancy, a scalar, of two samples ``[B, D]``, float32."""
        x, y = l2_normalize(inputs), l2_normalize(others)
        own, other, across = ops.matmul(x, x.T), ops.matmul(y, y.T), ops.matmul(x, y.T)
        # Of the very products that they are subtracted from: the narrowest kernel sees what rounding leaves.
        lengths, other_lengths = _diagonal(own), _diagonal(other)
        within = self._kernel(own, lengths, lengths) + self._kernel(other, other_lengths, other_lengths)
        between = self._kernel(across, lengths, other_lengths)
        return ops.relu((within - 2 * between) / (x.shape[0] * x.shape[0]))

    def _kernel(self, products: Tensor, lengths: Tensor, other_lengths: Tensor) -> Tensor:
        """Return the sum of the kernel over all pairs, of their products and squared lengths."""
        squares = ops.expand_dims(lengths, 1) + ops.expand_dims(other_lengths, 0)
        apart = ops.maximum(squares - 2 * products, SQUARED_DISTANCE_FLOOR)
        return sum([ops.exp(-factor * apart) for factor in self.factors]).sum()


def _diagonal(square: Tensor) -> Tensor:
    count = square.shape[0]
    return (square * ops.eye(count, count, square.dtype)).sum(axis=1)
