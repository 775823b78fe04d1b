"""Harmonious attention: soft, for every value of a map, and hard, for four regions (section 3.1)."""

from __future__ import annotations

import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.layers.resizing import BilinearResize
from mindreid.models.hacnn.inception import ConvBlock

REGIONS = 4
#: Where the regions begin: one below the other.
_CENTRES = ((0.0, -0.75), (0.0, -0.25), (0.0, 0.25), (0.0, 0.75))


class SpatialAttention(nn.Cell):
    """What matters where: a small convolution of the mean over channels."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = ConvBlock(1, 1, 3, 2)
        self.resize = BilinearResize((-(-size[0] // 2), -(-size[1] // 2)), size)
        self.conv2 = ConvBlock(1, 1, 1)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, 1, H, W]``."""
        return self.conv2(self.resize(self.conv1(ops.mean(x, 1, True))))


class ChannelAttention(nn.Cell):
    """Which channels matter: squeeze and excitation."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.conv1 = ConvBlock(channels, max(1, channels // reduction), 1)
        self.conv2 = ConvBlock(max(1, channels // reduction), channels, 1)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C, 1, 1]``."""
        return self.conv2(self.conv1(ops.mean(x, (2, 3), True)))


class SoftAttention(nn.Cell):
    """The product of both, mixed by a 1×1 convolution, between 0.5 and 1."""

    def __init__(self, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.spatial_attn = SpatialAttention(size)
        self.channel_attn = ChannelAttention(channels)
        self.conv = ConvBlock(channels, channels, 1)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to factors of the same shape."""
        return ops.sigmoid(self.conv(self.spatial_attn(x) * self.channel_attn(x)))


class HardAttention(nn.Cell):
    """Centres of four regions; their size is fixed."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        bias = Tensor(np.array(_CENTRES, np.float32).ravel())
        self.fc = nn.Dense(channels, 2 * REGIONS, weight_init="zeros", bias_init=bias)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to centres ``[B, 4, 2]``, x and y between -1 and 1."""
        return ops.reshape(ops.tanh(self.fc(ops.mean(x, (2, 3)))), (-1, REGIONS, 2))


class HarmoniousAttention(nn.Cell):
    """Both attentions of one map."""

    def __init__(self, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.soft_attn = SoftAttention(channels, size)
        self.hard_attn = HardAttention(channels)

    def construct(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the factors of a map ``[B, C, H, W]`` and the regions' centres ``[B, 4, 2]``."""
        return self.soft_attn(x), self.hard_attn(x)
