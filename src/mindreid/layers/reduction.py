"""Reduction of a pooled vector to a short embedding."""

from __future__ import annotations

from mindspore import Tensor, nn
from mindspore.common.initializer import HeNormal
from mindspore.ops import constexpr

from mindreid.errors import InvalidArgumentError


class Reduction(nn.Cell):
    """Linear map without bias, batch norm, ReLU.

    On a pooled vector this is a 1×1 convolution with batch norm and ReLU.

    Parameters
    ----------
    in_features, out_features : int
        Lengths of the vectors.

    Examples
    --------
    >>> from mindspore import ops
    >>> Reduction(2048, 256)(ops.ones((4, 2048))).shape
    (4, 256)
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.linear = nn.Dense(in_features, out_features, weight_init=HeNormal(), has_bias=False)
        self.norm = nn.BatchNorm1d(out_features)
        self.relu = nn.ReLU()

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, in_features]`` to ``[B, out_features]``, all values >= 0."""
        if self.training:
            check_batch_for_norm(x.shape[0])
        return self.relu(self.norm(self.linear(x)))


@constexpr
def check_batch_for_norm(batch_size: int) -> None:
    """Refuse to normalise one vector with its own statistics, which MindSpore answers with NaN."""
    if batch_size < 2:
        raise InvalidArgumentError(
            f"batch norm needs at least two images to train on, not {batch_size}",
            fix="raise the batch size or switch the network to evaluation with set_train(False)",
        )
