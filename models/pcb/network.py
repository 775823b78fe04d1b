"""Part-based Convolutional Baseline: a map cut into stripes, each classified on its own.

Sun et al., "Beyond Part Models: Person Retrieval with Refined Part Pooling (and a Strong
Convolutional Baseline)", ECCV 2018, arXiv 1711.09349, section 3.
"""

from __future__ import annotations

from typing import Literal, Optional

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr

from mindreid.errors import InvalidArgumentError
from mindreid.l2_normalization import l2_normalize
from mindreid.layers.pooling import StripePool
from mindreid.layers.reduction import Reduction
from mindreid.layers.resnet import ResNetTrunk, StemPool, TrunkName
from mindreid.models.pcb.part_pooling import PartClassifierName, RefinedPartPool

REDUCED_FEATURES = 256
#: Rows of pixels for a row of the map.
_ROWS = 16

Embedding = Literal["G", "H"]


class PCB(nn.Cell):
    """PCB, with or without refined part pooling.

    Parameters
    ----------
    embedding : {"G", "H"}
        What is compared: the parts' pooled vectors (G, 6 times 2048 for ResNet-50) or the reduced ones
        (H, 6 times 256), each of unit length.
    parts : int
        Number of stripes.
    part_classifier : {"paper", "pcb_rpp"}, optional
        Refined part pooling, with the paper's part classifier or that of the authors' code, see
        :class:`mindreid.models.pcb.part_pooling.PartClassifier`. Without it, parts are stripes.
    trunk : {"resnet50", "resnet34", "resnet18"}
        The trunk; the paper's is ResNet-50.
    width : float
        Factor on the channels of the trunk's stages, below 1 for small networks on a CPU.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the stem's max pooling, see :class:`mindreid.layers.resnet.StemMaxPool`.

    Raises
    ------
    InvalidArgumentError
        If an option has no such value, or, when called, if the map, 1/16 as high as the image,
        can't be cut into stripes of equal height.
    """

    def __init__(
        self,
        *,
        embedding: Embedding = "G",
        parts: int = 6,
        part_classifier: Optional[PartClassifierName] = None,
        trunk: TrunkName = "resnet50",
        width: float = 1.0,
        stem_pool: StemPool = "torchvision",
    ) -> None:
        super().__init__()
        if embedding not in ("G", "H"):
            raise InvalidArgumentError(f"PCB's embedding is 'G' or 'H', not {embedding!r}")
        self.embedding, self.parts, self.refinable = embedding, parts, part_classifier is not None
        self.trunk = ResNetTrunk(trunk, last_stride=1, stem_pool=stem_pool, width=width)
        # Checks the number of parts, too.
        self.pool: nn.Cell = StripePool(parts, "avg")
        if part_classifier is not None:
            self.pool = RefinedPartPool(self.trunk.num_features, parts, part_classifier)
        self.reduction = Reduction(self.trunk.num_features, REDUCED_FEATURES)

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised images ``[B, 3, H, W]`` to embeddings, one part after the other from the top.

        Returns
        -------
        Tensor
            float32 ``[B, parts * C]``, each part of unit length.
        """
        vectors = self.pool_parts(self.trunk(images))
        if self.embedding == "H":
            vectors = self.reduce(vectors)
        unit = l2_normalize(ops.cast(vectors, ms.float32), 2)
        return ops.reshape(unit, (-1, self.parts * vectors.shape[2]))

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the trunk's map, ``[B, C, h, w]``."""
        return {"trunk": self.trunk(images)}

    def check_input(self, height: int, width: int) -> None:
        """Refuse a size in pixels that the network can't take, before anything is compiled.

        Raises
        ------
        InvalidArgumentError
            If the map's height is not a multiple of the number of parts.
        """
        _check_rows(-(-height // _ROWS), self.parts)

    def pool_parts(self, feature_map: Tensor, classified_map: Optional[Tensor] = None) -> Tensor:
        """Map ``[B, C, H, W]`` to the parts' vectors ``[B, parts, C]``.

        ``classified_map`` is what the part classifier sees of the map, by default the map itself.
        """
        _check_rows(feature_map.shape[2], self.parts)
        if self.refinable:
            return self.pool(feature_map, classified_map)
        return ops.stack(self.pool(feature_map), 1)

    def reduce(self, vectors: Tensor) -> Tensor:
        """Map the parts' vectors ``[B, parts, C]`` to ``[B, parts, 256]``; all parts share the norm, too."""
        reduced = self.reduction(ops.reshape(vectors, (-1, vectors.shape[2])))
        return ops.reshape(reduced, (-1, self.parts, REDUCED_FEATURES))


@constexpr
def _check_rows(rows: Optional[int], parts: int) -> None:
    # An export with a free batch size does not know the height while it traces.
    if rows is not None and rows % parts:
        raise InvalidArgumentError(
            f"PCB cuts its map of {rows} rows into {parts} stripes of equal height, which does not go",
            fix=f"choose an image height that is a multiple of {_ROWS * parts}",
        )
