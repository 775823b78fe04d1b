"""ISP: vectors of the parts that a network finds at every pixel of an HRNet's map.

Zhu et al., "Identity-Guided Human Semantic Parsing for Person Re-Identification", ECCV 2020,
arXiv 2007.13467.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import mindspore as ms
from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.layers.hrnet import STAGE_MODULES, HRNetTrunk
from mindreid.layers.neck import BNNeck
from mindreid.layers.resizing import BilinearResize
from mindreid.layers.sized_network import SizedNetwork, check_image_size

MAP_CHANNELS = 256
#: Pixels of the image that make a pixel of the largest map.
MAP_STRIDE = 4
_LAST_STRIDE = 32

GlobalMap = Literal["reduced", "joined"]


#: Part, global and foreground vectors, ``[B, D]`` each, of the lengths in ``ISP.vector_sizes``.
Vectors = tuple[Tensor, Tensor, Tensor]


class ISP(SizedNetwork):
    """HRNet, a score of each part for every pixel, and what these choose of the map.

    The trunk's four maps, brought to the size of the largest one and joined, are reduced to 256 channels.
    A softmax over the scores says how much of a pixel belongs to the background and to each part. The
    embedding is the parts' vectors, the whole map's and the foreground's, each after a neck.

    Parameters
    ----------
    image_size : sequence of int
        Height and width in pixels, multiples of 32.
    parts : int
        Number of parts besides the background.
    global_map : {"reduced", "joined"}
        What the global vector is the mean of: the reduced map, or the joined one of 1920 channels.
    width, modules, blocks
        See :class:`mindreid.layers.hrnet.HRNetArchitecture`; the reduced map has ``256 width`` channels.

    Attributes
    ----------
    map_size : tuple of int
        Height and width of the map, a quarter of the image's.
    vector_sizes : tuple of int
        Lengths of the three vectors that make the embedding.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range, or, when called, for images of another size.
    """

    def __init__(
        self,
        *,
        image_size: Sequence[int] = (256, 128),
        parts: int = 6,
        global_map: GlobalMap = "reduced",
        width: float = 1.0,
        modules: Sequence[int] = STAGE_MODULES,
        blocks: int = 4,
    ) -> None:
        super().__init__(image_size, _LAST_STRIDE)
        _check(parts, global_map)
        self.trunk = HRNetTrunk(width=width, modules=modules, blocks=blocks)
        joined, channels = sum(self.trunk.arch.out_channels), self.trunk.arch.scaled((MAP_CHANNELS,))[0]
        sizes = [tuple(side // (MAP_STRIDE * 2**level) for side in self.image_size) for level in range(4)]
        self.parts, self.global_map = parts, global_map
        self.map_size = sizes[0]
        self.resize = nn.CellList([BilinearResize(size, sizes[0]) for size in sizes[1:]])
        self.reduction = nn.SequentialCell(
            nn.Conv2d(joined, channels, 1, has_bias=True), nn.BatchNorm2d(channels), nn.ReLU()
        )
        self.attention = SpatialAttention(channels, sizes[0])
        self.part_scores = nn.Conv2d(channels, parts + 1, 1, has_bias=True)
        self.vector_sizes = (parts * channels, channels if global_map == "reduced" else joined, channels)
        self.part_neck, self.global_neck, self.foreground_neck = (
            BNNeck(size, bias=False) for size in self.vector_sizes
        )

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised images ``[B, 3, H, W]`` to embeddings ``[B, sum(vector_sizes)]``, float32.

        The parts from top to bottom, the whole, the foreground; not L2-normalised.
        """
        vectors, _ = self.features(images)
        return ops.concat(self.embed(vectors), 1)

    def features(self, images: Tensor) -> tuple[Vectors, Tensor]:
        """Return the vectors before the necks, and the scores ``[B, parts + 1, h, w]``; 0 is background."""
        joined, feature_map = self.joined_maps(images)
        scores = self.part_scores(feature_map)
        return self.pool(joined, feature_map, scores), scores

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the reduced map, in which parts are found, ``[B, 256 width, h, w]``."""
        return {"pixels": self.joined_maps(images)[1]}

    def joined_maps(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the joined map ``[B, 1920 width, h, w]`` and the reduced one ``[B, 256 width, h, w]``."""
        check_image_size(tuple(images.shape[2:]), self.image_size)
        largest, *others = self.trunk(images)
        joined: tuple[Tensor, ...] = (largest,)
        for resize, smaller in zip(self.resize, others):
            joined += (resize(smaller),)
        whole = ops.concat(joined, 1)
        reduced = self.reduction(whole)
        return whole, reduced * self.attention(reduced)

    def pool(self, joined: Tensor, feature_map: Tensor, scores: Tensor) -> Vectors:
        """Average the map as it is, weighted with each part, and weighted with all of them."""
        pixels = _flat(feature_map)
        probabilities = ops.softmax(_flat(scores), 1)[:, 1:]
        per_part = ops.bmm(probabilities, ops.transpose(pixels, (0, 2, 1))) / pixels.shape[2]
        whole = pixels if self.global_map == "reduced" else _flat(joined)
        parts = ops.reshape(per_part, (-1, self.vector_sizes[0]))
        return parts, ops.mean(whole, 2), per_part.sum(axis=1)

    def embed(self, vectors: Vectors) -> Vectors:
        """Pass the part, global and foreground vectors through their necks."""
        part, whole, foreground = vectors
        return self.part_neck(part), self.global_neck(whole), self.foreground_neck(foreground)


class SpatialAttention(nn.Cell):
    """A factor for every pixel of a map, found on a map of half the size.

    The paper does not have it; the authors' code says that it can be removed.

    Parameters
    ----------
    channels : int
        Of the map.
    size : tuple of int
        Height and width of the map, even.
    """

    def __init__(self, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 1, 3, 2, pad_mode="pad", padding=1, has_bias=True)
        self.bn1 = nn.BatchNorm2d(1)
        self.relu = nn.ReLU()
        self.resize = BilinearResize((size[0] // 2, size[1] // 2), size)
        self.conv2 = nn.Conv2d(1, 1, 1, has_bias=True)
        self.bn2 = nn.BatchNorm2d(1)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, h, w]`` to factors ``[B, 1, h, w]`` in (0, 1)."""
        small = self.relu(self.bn1(self.conv1(x)))
        return ops.sigmoid(self.bn2(self.conv2(self.resize(small))))


def _check(parts: int, global_map: str) -> None:
    if parts < 1:
        raise InvalidArgumentError(f"a person has at least one part, not {parts}")
    if global_map not in ("reduced", "joined"):
        raise InvalidArgumentError(f"the global map is 'reduced' or 'joined', not {global_map!r}")


def _flat(x: Tensor) -> Tensor:
    """Map ``[B, C, h, w]`` to float32 ``[B, C, h w]``, whatever the network's precision."""
    _, channels, height, width = x.shape
    return ops.reshape(ops.cast(x, ms.float32), (-1, channels, height * width))
