"""Maps cut into horizontal pieces that layers treat one by one, with the same weights."""

from __future__ import annotations

from mindspore import Tensor, nn, ops


class FocalConv(nn.Cell):
    """A 3×3 convolution of each of several horizontal pieces, with zeros beyond the cuts.

    Fan et al., "GaitPart", CVPR 2020, section 3.2.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels before and after.
    pieces : int
        Number of pieces; divides the map's height.

    Examples
    --------
    >>> FocalConv(32, 64, pieces=4)(ops.ones((2, 32, 32, 22))).shape
    (2, 64, 32, 22)
    """

    def __init__(self, in_channels: int, out_channels: int, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces
        self.conv = nn.Conv2d(in_channels, out_channels, 3, pad_mode="pad", padding=1)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C', H, W]``."""
        return join_height(self.conv(cut_height(x, self.pieces)), self.pieces)


def cut_height(x: Tensor, pieces: int) -> Tensor:
    """Cut maps ``[B, C, H, W]`` into ``[B * pieces, C, H / pieces, W]``, from top to bottom."""
    if pieces == 1:
        return x
    _, channels, height, width = x.shape
    cut = ops.reshape(x, (-1, channels, pieces, height // pieces, width))
    return ops.reshape(ops.transpose(cut, (0, 2, 1, 3, 4)), (-1, channels, height // pieces, width))


def join_height(x: Tensor, pieces: int) -> Tensor:
    """Put ``[B * pieces, C, h, W]`` together again to ``[B, C, pieces * h, W]``."""
    if pieces == 1:
        return x
    _, channels, height, width = x.shape
    cut = ops.reshape(x, (-1, pieces, channels, height, width))
    return ops.reshape(ops.transpose(cut, (0, 2, 1, 3, 4)), (-1, channels, pieces * height, width))
