"""ID-discriminative embedding: a trunk, its pooled vector, and what classifies persons.

Zheng et al., "Person Re-identification: Past, Present and Future", arXiv 1610.02984, section 3; as the
baseline of Sun et al., "Beyond Part Models", ECCV 2018, table 1, and with two losses, Zheng et al., "A
Discriminatively Learned CNN Embedding for Person Re-identification", TOMM 2017, arXiv 1611.05666.
"""

from __future__ import annotations

from typing import Literal

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import HeNormal

from mindreid.errors import InvalidArgumentError
from mindreid.layers.neck import BNNeck
from mindreid.layers.pooling import GlobalPool
from mindreid.layers.reduction import Reduction
from mindreid.layers.resnet import ResNetTrunk, StemPool, TrunkName
from mindreid.option_checks import check_positive_integers

Head = Literal["reduction", "bottleneck", "none"]
Embedding = Literal["pooled", "classified"]


class IDE(nn.Cell):
    """A softmax baseline.

    Parameters
    ----------
    head : {"reduction", "bottleneck", "none"}
        What lies between the pooled vector and the classifier: a linear map, batch norm and ReLU; the
        same with a bias and without ReLU, as in the PyTorch port of the two-loss network; or nothing.
    features : int
        Length of the vector that the head makes.
    embedding : {"pooled", "classified"}
        What is compared: the pooled vector ("pool5", 2048 values for ResNet-50) or the one that the
        classifier sees.
    last_stride : {1, 2}
        Stride of the trunk's last stage.
    trunk : {"resnet50", "resnet34", "resnet18"}
        The trunk.
    width : float
        Factor on the channels of the trunk's stages, below 1 for small networks on a CPU.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the stem's max pooling, see :class:`mindreid.layers.resnet.StemMaxPool`.

    Attributes
    ----------
    num_features : int
        Length of the vector that the classifier sees.

    Raises
    ------
    InvalidArgumentError
        If an option has no such value.
    """

    def __init__(
        self,
        *,
        head: Head = "reduction",
        features: int = 256,
        embedding: Embedding = "pooled",
        last_stride: int = 2,
        trunk: TrunkName = "resnet50",
        width: float = 1.0,
        stem_pool: StemPool = "torchvision",
    ) -> None:
        super().__init__()
        if head not in ("reduction", "bottleneck", "none"):
            raise InvalidArgumentError(f"IDE's head is 'reduction', 'bottleneck' or 'none', not {head!r}")
        if embedding not in ("pooled", "classified"):
            raise InvalidArgumentError(f"IDE's embedding is 'pooled' or 'classified', not {embedding!r}")
        check_positive_integers("the number of features", features, where="features")
        self.compares_pooled = embedding == "pooled"
        self.trunk = ResNetTrunk(trunk, last_stride=last_stride, stem_pool=stem_pool, width=width)
        self.pool = GlobalPool("avg")
        pooled = self.trunk.num_features
        self.num_features = pooled if head == "none" else features
        self.head = _head(head, pooled, features)

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised images ``[B, 3, H, W]`` to embeddings, float32 ``[B, D]``, not L2-normalised."""
        pooled = self.pool(self.trunk(images))
        return ops.cast(pooled if self.compares_pooled else self.head(pooled), ms.float32)

    def classified(self, images: Tensor) -> Tensor:
        """Map images to what the classifier sees, ``[B, num_features]``."""
        return self.head(self.pool(self.trunk(images)))

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the trunk's map, ``[B, C, h, w]``."""
        return {"trunk": self.trunk(images)}


def _head(kind: Head, in_features: int, out_features: int) -> nn.Cell:
    if kind == "none":
        return nn.Identity()
    if kind == "reduction":
        return Reduction(in_features, out_features)
    linear = nn.Dense(in_features, out_features, weight_init=HeNormal(mode="fan_out"), bias_init="zeros")
    return nn.SequentialCell([linear, BNNeck(out_features)])
