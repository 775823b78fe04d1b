"""The convolution blocks of HA-CNN (Figure 2 of the paper, as torchreid has it)."""

from __future__ import annotations

from mindspore import Tensor, nn, ops

from mindreid.layers.resnet import StemMaxPool


class ConvBlock(nn.Cell):
    """Convolution with bias, batch norm, ReLU."""

    def __init__(self, in_channels: int, channels: int, kernel_size: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            channels,
            kernel_size,
            stride,
            pad_mode="pad",
            padding=kernel_size // 2,
            has_bias=True,
        )
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C', H / stride, W / stride]``."""
        return self.relu(self.bn(self.conv(x)))


class NeighbourhoodMean(nn.Cell):
    """Mean over 3×3 pixels, those beyond the edge counted as zeros; the size stays.

    MindSpore's own padding of a mean, with the edge counted, can't be exported to ONNX.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.AvgPool2d(3, stride=1, pad_mode="valid")

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to the same shape."""
        # Zeros of the map itself: a constant would fix an exported graph's batch size.
        row = ops.stop_gradient(x)[:, :, :1] * 0
        x = ops.concat((row, x, row), 2)
        column = ops.stop_gradient(x)[:, :, :, :1] * 0
        return self.mean(ops.concat((column, x, column), 3))


class InceptionA(nn.Cell):
    """Four streams that keep the map's size, joined."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        inner = channels // 4
        self.stream1 = _two_convolutions(in_channels, inner)
        self.stream2 = _two_convolutions(in_channels, inner)
        self.stream3 = _two_convolutions(in_channels, inner)
        self.stream4 = nn.SequentialCell(NeighbourhoodMean(), ConvBlock(in_channels, inner, 1))

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C', H, W]``."""
        return ops.concat((self.stream1(x), self.stream2(x), self.stream3(x), self.stream4(x)), 1)


class InceptionB(nn.Cell):
    """Three streams that halve the map's size, joined; the map must not be negative."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        inner = channels // 4
        self.stream1 = _two_convolutions(in_channels, inner, stride=2)
        self.stream2 = nn.SequentialCell(
            ConvBlock(in_channels, inner, 1), ConvBlock(inner, inner, 3), ConvBlock(inner, inner, 3, 2)
        )
        self.stream3 = nn.SequentialCell(StemMaxPool(), ConvBlock(in_channels, 2 * inner, 1))

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C', H / 2, W / 2]``."""
        return ops.concat((self.stream1(x), self.stream2(x), self.stream3(x)), 1)


def _two_convolutions(in_channels: int, inner: int, stride: int = 1) -> nn.SequentialCell:
    return nn.SequentialCell(ConvBlock(in_channels, inner, 1), ConvBlock(inner, inner, 3, stride))
