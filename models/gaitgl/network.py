"""GaitGL: 3-d convolutions of whole frames and of their horizontal pieces, side by side.

Lin et al., "Gait Recognition via Effective Global-Local Feature Representation and Local Temporal
Aggregation", ICCV 2021, arXiv 2011.01461, as OpenGait has it.
"""

from __future__ import annotations

from typing import Literal

from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.layers.frame_convolution import FrameConv, FrameJoin
from mindreid.layers.initialization import Initialization, initialize_as
from mindreid.layers.parts import PartLinear
from mindreid.layers.plain_convolutions import check_silhouette_size, plain_channels
from mindreid.layers.pooling import FrameMax, RowGeM
from mindreid.layers.silhouette_network import present_frames

CHANNELS = (32, 64, 128)
#: Horizontal pieces of the local convolutions.
PIECES = 8
PARTS = 64
#: Below every value that a map can have, for absent frames.
LEAST = -6e4

Head = Literal["paper", "bnneck"]


class GlobalLocal(nn.Cell):
    """A 3×3×3 convolution of whole frames and one of their pieces.

    Parameters
    ----------
    in_channels, channels : int
        Channels before and after.
    stacked : bool
        Put both results below each other instead of adding them.
    """

    def __init__(self, in_channels: int, channels: int, *, stacked: bool = False) -> None:
        super().__init__()
        self.stacked = stacked
        self.whole = FrameConv(in_channels, channels)
        self.local = FrameConv(in_channels, channels, pieces=PIECES)
        self.relu = nn.LeakyReLU(0.01)

    def construct(self, x: Tensor, frames: int, present: Tensor) -> Tensor:
        """Map ``[B * frames, C, H, W]`` to ``[B * frames, C', H, W]``, or twice as high."""
        whole = self.relu(self.whole(x, frames, present))
        local = self.relu(self.local(x, frames, present))
        return ops.concat((whole, local), 2) if self.stacked else whole + local


class GaitGL(nn.Cell):
    """GaitGL.

    Frames of negative values are absent.

    Parameters
    ----------
    width : float
        Factor on the channels, below 1 for small networks on a CPU.
    head : {"paper", "bnneck"}
        Whether the embedding is taken behind the batch norm, or before it, as with OpenGait's BN neck.
    initialization : {"he", "opengait"}
        How convolutions' weights are drawn, and the norm's scale.
    """

    #: Every three frames become one.
    frame_stride = FrameJoin.stride

    def __init__(
        self, *, width: float = 1.0, head: Head = "paper", initialization: Initialization = "he"
    ) -> None:
        super().__init__()
        if head not in ("paper", "bnneck"):
            raise InvalidArgumentError(f"the head is 'paper' or 'bnneck', not {head!r}")
        first, second, third = plain_channels(CHANNELS, width)
        self.features, self.parts, self.initialization = third, PARTS, initialization
        self.conv = FrameConv(1, first)
        self.join = FrameJoin(first, first)
        self.block1 = GlobalLocal(first, second)
        self.block2 = GlobalLocal(second, third)
        self.block3 = GlobalLocal(third, third, stacked=True)
        self.relu = nn.LeakyReLU(0.01)
        self.max_pool = nn.MaxPool2d(2, 2)
        self.frame_max = FrameMax()
        self.row_mean = RowGeM()
        self.part_linear = PartLinear(PARTS, third, third)
        # One scale for each feature, statistics over batch and parts.
        self.norm = nn.BatchNorm2d(third) if head == "paper" else None
        initialize_as(self, initialization)

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map silhouettes ``[n, frames, 64, 44]`` in [0, 1] to embeddings ``[n, features, 64]``.

        Both float32; the embedding is not L2-normalised, and compared by the mean over the parts
        of the Euclidean distance. Frames beyond a multiple of three are lost.
        """
        _, frames, height, width = silhouettes.shape
        present = present_frames(silhouettes)
        x = self.relu(self.conv(ops.reshape(silhouettes, (-1, 1, height, width)), frames, present))
        x, present = self.join(x, frames, present)
        frames = frames // FrameJoin.stride
        x = self.max_pool(self.block1(self.relu(x), frames, present))
        x = self.block3(self.block2(x, frames, present), frames, present)
        if not self.training:
            x = x + (1 - ops.cast(present, x.dtype)) * LEAST
        embedding = self.part_linear(self.row_mean(self.frame_max(x, frames)))
        if self.norm is None:
            return embedding
        return ops.squeeze(self.norm(ops.expand_dims(embedding, 3)), 3)

    def check_input(self, height: int, width: int) -> None:
        """Refuse a size in pixels that the network can't take, see :func:`check_silhouette_size`."""
        check_silhouette_size(height, width, 1, PARTS)
