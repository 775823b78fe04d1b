"""Convolutions over time, of sequences whose frames are folded into the batch.

Frames lie one sequence after the other, ``[B * frames, C, …]``, so that the layers in between treat
them one by one. What needs a frame's neighbours lays their channels beside its own: a 3-d
convolution becomes a 2-d one of three times the channels, which is the same sum, and which every device
and both export formats have.

Absent frames, by which sequences are brought to one length, are zeros to their neighbours. ``present``
``[B * frames, 1, 1, 1]`` is 0 for them, else 1; in training all frames are there.
"""

from __future__ import annotations

from mindspore import Parameter, ParameterTuple, Tensor, nn, ops
from mindspore.common.initializer import HeUniform, Initializer, initializer

from mindreid.errors import InvalidArgumentError
from mindreid.layers.height_pieces import cut_height, join_height
from mindreid.layers.parts import multiply_parts


class FrameConv(nn.Cell):
    """A convolution over three neighbouring frames: ``nn.Conv3d`` of kernel 3×k×k and stride 1 in time.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of a frame before and after.
    kernel_size : int
        k, odd; zeros are padded.
    stride : int
        In height and width.
    pieces : int
        Horizontal pieces into which frames are cut, each of which is convolved by itself, with the same
        weights and zeros beyond the cuts.

    Raises
    ------
    InvalidArgumentError
        If the kernel's size is not odd.

    Examples
    --------
    >>> FrameConv(8, 16)(ops.ones((10, 8, 64, 44)), 5, ops.ones((10, 1, 1, 1))).shape
    (10, 16, 64, 44)
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel_size: int = 3, stride: int = 1, pieces: int = 1
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise InvalidArgumentError(f"the kernel of a convolution over frames is odd, not {kernel_size}")
        self.pieces = pieces
        self.conv = nn.Conv2d(
            3 * in_channels, out_channels, kernel_size, stride, pad_mode="pad", padding=kernel_size // 2
        )

    def draw(self, rule: Initializer) -> None:
        """Draw the weights as the rule draws those of ``nn.Conv3d``, which has an axis for the frames."""
        weight = self.conv.weight
        out_channels, in_channels, *area = weight.shape
        drawn = initializer(rule, (out_channels, in_channels // 3, 3, *area), weight.dtype).init_data()
        weight.set_data(ops.reshape(drawn, weight.shape))

    def construct(self, x: Tensor, frames: int, present: Tensor) -> Tensor:
        """Map ``[B * frames, C, H, W]``, one sequence after the other, to ``[B * frames, C', H', W']``."""
        x = x if self.training else x * ops.cast(present, x.dtype)
        x = cut_height(with_neighbours(x, frames), self.pieces)
        return join_height(self.conv(x), self.pieces)


class FrameJoin(nn.Cell):
    """A convolution that joins every three frames to one: ``nn.Conv3d`` of kernel and stride 3×1×1.

    Frames that are left over at the end are lost.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of a frame before and after.

    Examples
    --------
    >>> maps, present = FrameJoin(8, 16)(ops.ones((14, 8, 64, 44)), 7, ops.ones((14, 1, 1, 1)))
    >>> maps.shape, present.shape
    ((4, 16, 64, 44), (4, 1, 1, 1))
    """

    #: How many frames become one.
    stride = 3

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        size = (self.stride, 1)
        self.conv = nn.Conv2d(in_channels, out_channels, size, size, pad_mode="valid")
        self.mean = ops.AvgPool(kernel_size=size, strides=size, pad_mode="valid")

    def construct(self, x: Tensor, frames: int, present: Tensor) -> tuple[Tensor, Tensor]:
        """Map ``[B * frames, C, H, W]`` to ``[B * (frames // 3), C', H, W]``, and ``present`` with it.

        What is joined of fewer than three present frames is absent.
        """
        _, channels, height, width = x.shape
        sequences = ops.reshape(x, (-1, frames, channels, height * width))
        joined = ops.transpose(self.conv(ops.transpose(sequences, (0, 2, 1, 3))), (0, 2, 1, 3))
        maps = ops.reshape(joined, (-1, joined.shape[2], height, width))
        share = self.mean(ops.transpose(ops.reshape(present, (-1, frames, 1, 1)), (0, 2, 1, 3)))
        return maps, ops.reshape(ops.cast(share > 0.9, present.dtype), (-1, 1, 1, 1))


class FramePartLinear(nn.Cell):
    """A convolution over time of its own for every part: ``parts`` times ``nn.Conv1d`` without bias.

    Parameters
    ----------
    parts, in_features, out_features : int
        Number of parts, lengths of a part's vector before and after.
    size : {1, 3}
        Frames that it covers, with zeros beyond the sequence.

    Examples
    --------
    >>> FramePartLinear(16, 128, 32, 3)(ops.ones((10, 128, 16)), 5).shape
    (10, 32, 16)
    """

    def __init__(self, parts: int, in_features: int, out_features: int, size: int) -> None:
        super().__init__()
        self.size = size
        self._unfolded = (out_features, in_features, size)
        # PyTorch's rule for a convolution.
        drawn = [self._drawn(HeUniform(5**0.5)) for _ in range(parts)]
        self.weights = ParameterTuple(
            [Parameter(weight, name=str(number)) for number, weight in enumerate(drawn)]
        )

    def draw(self, rule: Initializer) -> None:
        """Draw every part's weights as the rule draws those of ``nn.Conv1d``."""
        for weight in self.weights:
            weight.set_data(self._drawn(rule))

    def _drawn(self, rule: Initializer) -> Tensor:
        drawn = initializer(rule, self._unfolded).init_data()
        return ops.reshape(drawn, (self._unfolded[0], -1)).T

    def construct(self, x: Tensor, frames: int) -> Tensor:
        """Map ``[B * frames, in_features, parts]`` to ``[B * frames, out_features, parts]``."""
        x = x if self.size == 1 else with_neighbours(x, frames)
        return multiply_parts(x, ops.cast(ops.stack(self.weights), x.dtype))


def with_neighbours(x: Tensor, frames: int) -> Tensor:
    """Lay the channels of the frame before, the frame and the frame after side by side.

    Parameters
    ----------
    x : Tensor
        ``[B * frames, C, …]``, one sequence after the other.
    frames : int
        Length of every sequence.

    Returns
    -------
    Tensor
        ``[B * frames, 3 C, …]``, zeros where there is no such frame.
    """
    before, after = frame_before(x, frames, 0.0), frame_after(x, frames, 0.0)
    return ops.concat((before, x, after), 1)


def frame_before(x: Tensor, frames: int, fill: float) -> Tensor:
    """Replace every frame by the one before it, a sequence's first one by ``fill``; shape as before."""
    sequences = ops.reshape(x, (-1, frames, *x.shape[1:]))
    shifted = ops.concat((_filled(sequences, fill), sequences[:, :-1]), 1)
    return ops.reshape(shifted, (-1, *x.shape[1:]))


def frame_after(x: Tensor, frames: int, fill: float) -> Tensor:
    """Replace every frame by the one after it, a sequence's last one by ``fill``; shape as before."""
    sequences = ops.reshape(x, (-1, frames, *x.shape[1:]))
    shifted = ops.concat((sequences[:, 1:], _filled(sequences, fill)), 1)
    return ops.reshape(shifted, (-1, *x.shape[1:]))


def _filled(sequences: Tensor, fill: float) -> Tensor:
    # Made of the sequences themselves: a constant would fix an exported graph's batch size.
    return 0 * ops.stop_gradient(sequences[:, :1]) + fill
