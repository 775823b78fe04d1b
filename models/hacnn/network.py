"""HA-CNN: a small network from scratch that looks at a person and, guided by attention, at four regions.

Li et al., "Harmonious Attention Network for Person Re-Identification", CVPR 2018, arXiv 1802.08122, as
torchreid has it; its authors published no code.
"""

from __future__ import annotations

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.l2_normalization import l2_normalize
from mindreid.layers.plain_convolutions import plain_channels
from mindreid.layers.resizing import BilinearResize
from mindreid.layers.spatial_transformer import RegionSampler
from mindreid.models.hacnn.attention import REGIONS, HarmoniousAttention
from mindreid.models.hacnn.inception import ConvBlock, InceptionA, InceptionB
from mindreid.option_checks import check_positive_integers

SIZE = (160, 64)
STEM_CHANNELS = 32
CHANNELS = (128, 256, 384)
#: Of a region to the map: its width and its height.
REGION = (1.0, 0.25)
#: Height and width to which the regions of each stage are brought.
LOCAL_SIZES = ((24, 28), (12, 14), (6, 7))


class RegionCut(nn.Cell):
    """One region of a map, brought to a fixed size."""

    def __init__(self, size: tuple[int, int], after: tuple[int, int], align_corners: bool) -> None:
        super().__init__()
        self.sample = RegionSampler(*size, align_corners=align_corners)
        self.resize = BilinearResize(size, after)
        self.region = Tensor(np.array([REGION], np.float32))

    def construct(self, x: Tensor, centre: Tensor) -> Tensor:
        """Cut the region about ``centre`` ``[B, 2]`` out of ``[B, C, *size]``: ``[B, C, *after]``."""
        # Of the centre's shape by way of the centre: a constant would fix an exported graph's batch size.
        scale = self.region + 0 * centre
        return self.resize(self.sample(x, scale, centre))


class HACNN(nn.Cell):
    """HA-CNN.

    Three blocks of inception layers, each followed by harmonious attention: factors for every value of
    the map, and the centres of four regions. A local branch sees these regions of each block's input,
    resized, and adds what it saw at the block before. The global and the local vector, each of unit length,
    are the embedding.

    Parameters
    ----------
    width : float
        Factor on the channels, below 1 for small networks on a CPU.
    features : int
        Length of each of both vectors.
    align_corners : bool
        How regions are sampled: ``False`` as PyTorch does since 1.3, ``True`` as when torchreid's
        published weights were trained.

    Raises
    ------
    InvalidArgumentError
        If there are no features, or ``width`` leaves no channels.
    """

    def __init__(self, *, width: float = 1.0, features: int = 512, align_corners: bool = False) -> None:
        super().__init__()
        check_positive_integers("the number of features", features, where="features")
        first, second, third = plain_channels(CHANNELS, width)
        sizes = [tuple(side // 2**stage for side in SIZE) for stage in range(1, 5)]
        self.features = features
        self.conv = ConvBlock(3, STEM_CHANNELS, 3, 2)
        self.inception1 = nn.SequentialCell(InceptionA(STEM_CHANNELS, first), InceptionB(first, first))
        self.inception2 = nn.SequentialCell(InceptionA(first, second), InceptionB(second, second))
        self.inception3 = nn.SequentialCell(InceptionA(second, third), InceptionB(third, third))
        self.ha1 = HarmoniousAttention(first, sizes[1])
        self.ha2 = HarmoniousAttention(second, sizes[2])
        self.ha3 = HarmoniousAttention(third, sizes[3])
        self.cut1, self.cut2, self.cut3 = (
            RegionCut(size, after, align_corners) for size, after in zip(sizes, LOCAL_SIZES)
        )
        self.local_conv1 = InceptionB(STEM_CHANNELS, first)
        self.local_conv2 = InceptionB(first, second)
        self.local_conv3 = InceptionB(second, third)
        self.fc_global = _head(third, features)
        self.fc_local = _head(REGIONS * third, features)

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised images ``[B, 3, 160, 64]`` to embeddings ``[B, 2 features]``, float32.

        Each half has unit length; the whole has not.
        """
        whole, local = self.vectors(images)
        return ops.concat((l2_normalize(whole), l2_normalize(local)), 1)

    def vectors(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the global and the local vector ``[B, features]``, float32, as the classifiers see them."""
        x = self.conv(images)
        x1 = self.inception1(x)
        factors1, centres1 = self.ha1(x1)
        x1 = x1 * factors1
        x2 = self.inception2(x1)
        factors2, centres2 = self.ha2(x2)
        x2 = x2 * factors2
        x3 = self.inception3(x2)
        factors3, centres3 = self.ha3(x3)
        local = []
        # One after the other, since each region's norms see that region alone.
        for region in range(REGIONS):
            seen = self.local_conv1(self.cut1(x, centres1[:, region]))
            seen = self.local_conv2(self.cut2(x1, centres2[:, region]) + seen)
            seen = self.local_conv3(self.cut3(x2, centres3[:, region]) + seen)
            local.append(ops.mean(seen, (2, 3)))
        whole = self.fc_global(ops.mean(x3 * factors3, (2, 3)))
        return ops.cast(whole, ms.float32), ops.cast(self.fc_local(ops.concat(local, 1)), ms.float32)

    def check_input(self, height: int, width: int) -> None:
        """Refuse a size in pixels that the network can't take, before anything is compiled.

        Raises
        ------
        InvalidArgumentError
            For every size but 160×64.
        """
        if (height, width) != SIZE:
            raise InvalidArgumentError(
                f"HA-CNN takes images of 160×64, not {height}×{width}",
                fix="set input.height=160 and input.width=64",
            )


def _head(in_features: int, features: int) -> nn.SequentialCell:
    return nn.SequentialCell(nn.Dense(in_features, features), nn.BatchNorm1d(features), nn.ReLU())
