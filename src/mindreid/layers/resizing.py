"""Bilinear resizing of maps of a known size."""

from __future__ import annotations

import numpy as np
from mindspore import Tensor, nn, ops


class BilinearResize(nn.Cell):
    """Bilinear resizing in which the centres of the corner pixels stay where they are.

    Equals PyTorch's ``interpolate(..., mode="bilinear", align_corners=True)``. One matrix for each axis
    does it, on every device and in both export formats.

    Parameters
    ----------
    before, after : tuple of int
        Height and width.

    Examples
    --------
    >>> BilinearResize((2, 2), (3, 3))(Tensor(np.array([[[[0, 2], [4, 6]]]], np.float32)))[0, 0].asnumpy()
    array([[0., 1., 2.],
           [2., 3., 4.],
           [4., 5., 6.]], dtype=float32)
    """

    def __init__(self, before: tuple[int, int], after: tuple[int, int]) -> None:
        super().__init__()
        self.down = Tensor(_shares(before[0], after[0]).T.copy())
        self.across = Tensor(_shares(before[1], after[1]).T.copy())

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, *before]`` to ``[B, C, *after]``."""
        wide = ops.matmul(x, ops.cast(self.across, x.dtype))
        high = ops.matmul(ops.transpose(wide, (0, 1, 3, 2)), ops.cast(self.down, x.dtype))
        return ops.transpose(high, (0, 1, 3, 2))


def _shares(before: int, after: int) -> np.ndarray:
    """Share of each of ``before`` pixels in each of ``after``, float32 ``[after, before]``."""
    places = np.linspace(0, before - 1, after) if after > 1 else np.zeros(1)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(before))).astype(np.float32)
