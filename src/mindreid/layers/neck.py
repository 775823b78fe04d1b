"""Batch norm between a pooled vector and what learns from it."""

from __future__ import annotations

from mindspore import Tensor, nn

from mindreid.layers.reduction import check_batch_for_norm


class BNNeck(nn.Cell):
    """Batch norm of a pooled vector; what comes out is the embedding.

    Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person Re-Identification",
    CVPR Workshops 2019, section 3.5.

    Parameters
    ----------
    num_features : int
        Length of the vector.
    bias : bool
        Whether the norm's shift is trained; otherwise it stays zero.

    Examples
    --------
    >>> from mindspore import ops
    >>> BNNeck(4096)(ops.ones((8, 4096))).shape
    (8, 4096)
    """

    def __init__(self, num_features: int, *, bias: bool = True) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(num_features)
        self.norm.beta.requires_grad = bias

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, num_features]`` to the same shape."""
        if self.training:
            check_batch_for_norm(x.shape[0])
        return self.norm(x)
