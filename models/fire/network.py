"""The network of FIRe²: the shared embedding network with a neck whose shift is not trained."""

from __future__ import annotations

from mindreid.layers.embedding_network import EmbeddingNetwork
from mindreid.layers.pooling import MapPooling
from mindreid.layers.resnet import StemPool, TrunkName


def fire(
    *,
    trunk: TrunkName = "resnet50",
    width: float = 1.0,
    last_stride: int = 1,
    pool: MapPooling = "max_avg",
    stem_pool: StemPool = "torchvision",
) -> EmbeddingNetwork:
    """Build the inference network; the parameters are those of :class:`EmbeddingNetwork`."""
    return EmbeddingNetwork(
        trunk, width=width, last_stride=last_stride, pool=pool, neck_bias=False, stem_pool=stem_pool
    )
