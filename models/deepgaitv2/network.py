"""DeepGaitV2: GaitBase's head on a deeper trunk that looks at neighbouring frames, too.

Fan et al., "Exploring Deep Models for Practical Gait Recognition", arXiv 2303.03301.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.layers.frame_convolution import FrameConv
from mindreid.layers.initialization import Initialization, initialize_as
from mindreid.layers.resnet import PlainBlock, entry_block, initialize_convolutions
from mindreid.layers.silhouette_network import SilhouetteNetwork, present_frames

CHANNELS = (64, 128, 256, 512)
STRIDES = (1, 2, 2, 1)

Mode = Literal["p3d", "3d", "2d"]


class FramewiseBlock(PlainBlock):
    """The residual block of GaitBase, which treats frames one by one."""

    def construct(self, x: Tensor, frames: int, present: Tensor) -> Tensor:
        """Map ``[B * frames, C, H, W]`` to ``[B * frames, C', H / stride, W / stride]``."""
        return PlainBlock.construct(self, x)


class SpaceTimeBlock(PlainBlock):
    """A residual block of two 3×3×3 convolutions."""

    def __init__(self, in_channels: int, channels: int, stride: int = 1, down_sample: nn.Cell = None) -> None:
        super().__init__(in_channels, channels, stride=stride, down_sample=down_sample)
        self.conv1 = FrameConv(in_channels, channels, stride=stride)
        self.conv2 = FrameConv(channels, channels)

    def construct(self, x: Tensor, frames: int, present: Tensor) -> Tensor:
        """Map ``[B * frames, C, H, W]`` to ``[B * frames, C', H / stride, W / stride]``."""
        out = self.relu(self.bn1(self.conv1(x, frames, present)))
        out = self.bn2(self.conv2(out, frames, present))
        shortcut = x if self.down_sample is None else self.down_sample(x)
        return self.relu(out + shortcut)


class PseudoSpaceTimeBlock(PlainBlock):
    """A residual block of 3×3 convolutions with a residual 3×1×1 convolution over time in between."""

    def __init__(self, in_channels: int, channels: int, stride: int = 1, down_sample: nn.Cell = None) -> None:
        super().__init__(in_channels, channels, stride=stride, down_sample=down_sample)
        self.temporal = FrameConv(channels, channels, kernel_size=1)
        self.temporal_norm = nn.BatchNorm2d(channels)

    def construct(self, x: Tensor, frames: int, present: Tensor) -> Tensor:
        """Map ``[B * frames, C, H, W]`` to ``[B * frames, C', H / stride, W / stride]``."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(out + self.temporal_norm(self.temporal(out, frames, present)))
        out = self.bn2(self.conv2(out))
        shortcut = x if self.down_sample is None else self.down_sample(x)
        return self.relu(out + shortcut)


_BLOCKS = {"p3d": PseudoSpaceTimeBlock, "3d": SpaceTimeBlock, "2d": FramewiseBlock}


class DeepTrunk(nn.Cell):
    """A 3×3 stem that keeps the size, then four stages; all but the first are of the mode's blocks.

    Parameters
    ----------
    mode : {"p3d", "3d", "2d"}
        The blocks: pseudo-3-d, 3-d, or frame by frame.
    blocks : sequence of int
        Number of blocks by stage.
    width : float
        Factor on all channels.

    Raises
    ------
    InvalidArgumentError
        If there is no such mode, the blocks aren't four positive numbers, or ``width`` leaves no channels.
    """

    #: How many times smaller the maps are than the silhouettes.
    reduction = 4

    def __init__(self, mode: Mode, blocks: Sequence[int], width: float) -> None:
        super().__init__()
        if mode not in _BLOCKS:
            raise InvalidArgumentError(f"the mode is 'p3d', '3d' or '2d', not {mode!r}")
        if len(blocks) != len(CHANNELS) or min(blocks) < 1:
            raise InvalidArgumentError(f"four stages have at least one block each, not {tuple(blocks)}")
        channels = [int(count * width) for count in CHANNELS]
        if width > 4 or channels[0] < 1:
            raise InvalidArgumentError(f"the trunk's width factor must be in [1/64, 4], not {width}")
        self.conv1 = nn.Conv2d(1, channels[0], kernel_size=3, pad_mode="pad", padding=1)
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.relu = nn.ReLU()
        kinds = (FramewiseBlock, *[_BLOCKS[mode]] * 3)
        stages = [
            _stage(kind, before, inner, stride, count)
            for kind, before, inner, stride, count in zip(
                kinds, (channels[0], *channels), channels, STRIDES, blocks
            )
        ]
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.num_features = channels[-1]
        initialize_convolutions(self)

    def construct(self, silhouettes: Tensor, frames: int, present: Tensor) -> Tensor:
        """Map ``[B * frames, 1, H, W]`` to ``[B * frames, num_features, H / 4, W / 4]``."""
        x = self.relu(self.bn1(self.conv1(silhouettes)))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            for block in stage:
                x = block(x, frames, present)
        # The maximum over time must not see what absent frames became.
        return x if self.training else x * ops.cast(present, x.dtype)


def _stage(kind: type[PlainBlock], before: int, inner: int, stride: int, count: int) -> nn.CellList:
    first = entry_block(kind, before, inner, stride)
    return nn.CellList([first, *(kind(inner, inner) for _ in range(count - 1))])


class DeepGaitV2(SilhouetteNetwork):
    """DeepGaitV2.

    Parameters
    ----------
    mode : {"p3d", "3d", "2d"}
        Blocks of stages 2 to 4: a residual convolution over three frames between 3×3 ones, 3×3×3
        convolutions, or frame by frame.
    blocks : sequence of int
        Blocks by stage: (1, 1, 1, 1) on CASIA-B, (1, 4, 4, 1) in the wild.
    width : float
        Factor on the trunk's channels, below 1 for small networks on a CPU.
    features : int
        Length of a part's embedding.
    parts : int
        Number of horizontal stripes; divides a quarter of the silhouettes' height.
    initialization : {"he", "opengait"}
        How weights are drawn, the objective's, too.
    """

    def __init__(
        self,
        *,
        mode: Mode = "p3d",
        blocks: Sequence[int] = (1, 4, 4, 1),
        width: float = 1.0,
        features: int = 256,
        parts: int = 16,
        initialization: Initialization = "he",
    ) -> None:
        super().__init__(DeepTrunk(mode, blocks, width), features=features, parts=parts)
        self.initialization = initialization
        initialize_as(self, initialization)

    def frame_maps(self, silhouettes: Tensor) -> Tensor:
        """Map silhouettes ``[n, frames, H, W]`` to the trunk's maps ``[n * frames, C, H / 4, W / 4]``."""
        _, frames, height, width = silhouettes.shape
        folded = ops.reshape(silhouettes, (-1, 1, height, width))
        return self.trunk(folded, frames, present_frames(silhouettes))
