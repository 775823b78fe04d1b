"""Silhouettes as a set, pooled at three depths: the network of GaitSet, which other methods contain."""

from __future__ import annotations

from collections.abc import Sequence

from mindspore import Tensor, nn, ops

from mindreid.layers.parts import PartLinear
from mindreid.layers.plain_convolutions import check_silhouette_size, plain_convolution
from mindreid.layers.pooling import FrameMax, HorizontalPyramid

SCALES = (16, 8, 4, 2, 1)


class SetBlock(nn.Cell):
    """Two convolutions with leaky ReLU, and 2×2 max pooling where asked."""

    def __init__(self, in_channels: int, channels: int, kernel_size: int = 3, *, pooled: bool = True) -> None:
        super().__init__()
        self.conv1 = plain_convolution(in_channels, channels, kernel_size)
        self.conv2 = plain_convolution(channels, channels)
        self.relu = nn.LeakyReLU(0.01)
        self.pool = nn.MaxPool2d(2, 2) if pooled else nn.Identity()

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C', H / 2, W / 2]``, or of the same size without pooling."""
        return self.pool(self.relu(self.conv2(self.relu(self.conv1(x)))))


class SetNetwork(nn.Cell):
    """The network of GaitSet (Chao et al., AAAI 2019, arXiv 1811.06186), as OpenGait has it.

    Every silhouette goes through three blocks by itself. The maximum over the set is taken after each of
    them, and a second stream, with blocks of its own, joins what was pooled at all depths. Both
    streams are pooled over stripes of five scales, and every stripe has a matrix of its own.

    In evaluation mode the embedding depends on the set of frames only: neither on their order nor on
    repetitions, so a sequence is brought to a static length by repeating frames.

    Parameters
    ----------
    channels : sequence of int
        Of the three blocks.
    features : int
        Length of a part's embedding.

    Examples
    --------
    >>> SetNetwork((8, 16, 32), 64)(ops.ones((2, 4, 64, 44))).shape
    (2, 64, 62)
    """

    def __init__(self, channels: Sequence[int], features: int) -> None:
        super().__init__()
        first, second, third = channels
        self.set_block1 = SetBlock(1, first, 5)
        self.set_block2 = SetBlock(first, second)
        self.set_block3 = SetBlock(second, third, pooled=False)
        self.global_block2 = SetBlock(first, second)
        self.global_block3 = SetBlock(second, third, pooled=False)
        self.set_pool = FrameMax()
        self.pyramid = HorizontalPyramid(SCALES)
        self.parts = 2 * self.pyramid.parts
        self.features = features
        self.part_linear = PartLinear(self.parts, third, features)
        self._copy_stream()

    def _copy_stream(self) -> None:
        """Have the second stream start as a copy of the first."""
        for ours, theirs in ((self.global_block2, self.set_block2), (self.global_block3, self.set_block3)):
            for copied, parameter in zip(ours.get_parameters(), theirs.get_parameters()):
                copied.set_data(parameter.value())

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map silhouettes ``[n, frames, 64, 44]`` in [0, 1] to embeddings ``[n, features, 62]``.

        Both float32; the embedding is not L2-normalised, and compared by the mean over the parts
        of the Euclidean distance.
        """
        _, frames, height, width = silhouettes.shape
        x = self.set_block1(ops.reshape(silhouettes, (-1, 1, height, width)))
        joined = self.global_block2(self.set_pool(x, frames))
        x = self.set_block2(x)
        joined = self.global_block3(joined + self.set_pool(x, frames))
        pooled = self.set_pool(self.set_block3(x), frames)
        stripes = ops.concat((self.pyramid(pooled), self.pyramid(joined + pooled)), 2)
        return self.part_linear(stripes)

    def check_input(self, height: int, width: int) -> None:
        """Refuse a size in pixels that the network can't take, see :func:`check_silhouette_size`."""
        check_silhouette_size(height, width, 4, max(SCALES))
