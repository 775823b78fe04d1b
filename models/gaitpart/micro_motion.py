"""What moves within a few frames, for every stripe on its own (GaitPart, section 3.3)."""

from __future__ import annotations

from mindspore import Tensor, nn, ops

from mindreid.layers.frame_convolution import FramePartLinear, frame_after, frame_before
from mindreid.layers.pooling import largest

#: Stands for minus infinity, and is a number in float16.
LEAST = -6e4


class MicroMotion(nn.Cell):
    """Two attentions over time, over windows of three and of five frames, and the maximum of their sum.

    Parameters
    ----------
    parts : int
        Number of stripes.
    channels : int
        Length of a stripe's vector.
    squeeze : int
        How many times shorter the vectors inside the attentions are.

    Examples
    --------
    >>> MicroMotion(16, 128)(ops.ones((10, 128, 16)), 5, ops.ones((10, 1, 1, 1))).shape
    (2, 128, 16)
    """

    def __init__(self, parts: int, channels: int, squeeze: int = 4) -> None:
        super().__init__()
        hidden = max(1, channels // squeeze)
        self.short_in = FramePartLinear(parts, channels, hidden, 3)
        self.short_out = FramePartLinear(parts, hidden, channels, 1)
        self.long_in = FramePartLinear(parts, channels, hidden, 3)
        self.long_out = FramePartLinear(parts, hidden, channels, 3)
        self.relu = nn.LeakyReLU(0.01)

    def construct(self, x: Tensor, frames: int, present: Tensor) -> Tensor:
        """Map ``[B * frames, C, parts]``, one sequence after the other, to ``[B, C, parts]``."""
        there = ops.cast(ops.reshape(present, (-1, 1, 1)), x.dtype)
        x = x * there
        short = ops.sigmoid(self.short_out(self.relu(self.short_in(x, frames)), frames))
        hidden = self.relu(self.long_in(x, frames)) * there
        long = ops.sigmoid(self.long_out(hidden, frames))
        three, five = self._templates(x, frames, (1 - there) * LEAST)
        moved = three * short + five * long + (1 - there) * LEAST
        return largest(ops.reshape(moved, (-1, frames, *moved.shape[1:])), 1, self.training)

    def _templates(self, x: Tensor, frames: int, absent: Tensor) -> tuple[Tensor, Tensor]:
        """Mean plus maximum over windows of three and of five frames; zeros count in the means."""
        before, after = frame_before(x, frames, 0.0), frame_after(x, frames, 0.0)
        sum3 = before + x + after
        sum5 = sum3 + frame_before(before, frames, 0.0) + frame_after(after, frames, 0.0)
        x = x + absent
        before, after = frame_before(x, frames, LEAST), frame_after(x, frames, LEAST)
        max3 = _first_largest(_first_largest(before, x), after)
        earlier = _first_largest(frame_before(before, frames, LEAST), max3)
        max5 = _first_largest(earlier, frame_after(after, frames, LEAST))
        return sum3 / 3 + max3, sum5 / 5 + max5


def _first_largest(one: Tensor, other: Tensor) -> Tensor:
    """Take the larger of each two; of equal ones the first gets the gradient, as in PyTorch."""
    return ops.where(one >= other, one, other)
