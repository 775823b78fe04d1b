"""TriNet: a ResNet and two linear maps, whose output is compared as it is.

Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", arXiv 1703.07737,
section 3.2; details after the authors' code.
"""

from __future__ import annotations

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import Orthogonal

from mindreid.layers.pooling import GlobalPool
from mindreid.layers.reduction import Reduction
from mindreid.layers.resnet import ResNetTrunk, StemPool, TrunkName
from mindreid.option_checks import check_positive_integers


class TriNet(nn.Cell):
    """ResNet with its strides where TF-Slim has them, global mean, and a head of two linear maps.

    Parameters
    ----------
    trunk : {"resnet50", "resnet34", "resnet18"}
        The trunk; the authors' is ResNet-50.
    width : float
        Factor on the channels of the trunk's stages and of the head's hidden layer, below 1 for small
        networks on a CPU.
    hidden_features : int
        Length of the hidden layer, for a width of 1.
    embedding_features : int
        Length of the embedding.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the stem's max pooling, see :class:`mindreid.layers.resnet.StemMaxPool`. TF-Slim
        pads as mindcv does.

    Raises
    ------
    InvalidArgumentError
        If a vector has no features, or an option has no such value.

    Examples
    --------
    >>> TriNet(trunk="resnet18", width=0.25)(ops.ones((2, 3, 64, 32))).shape
    (2, 128)
    """

    def __init__(
        self,
        *,
        trunk: TrunkName = "resnet50",
        width: float = 1.0,
        hidden_features: int = 1024,
        embedding_features: int = 128,
        stem_pool: StemPool = "torchvision",
    ) -> None:
        super().__init__()
        for option, features in (
            ("hidden_features", hidden_features),
            ("embedding_features", embedding_features),
        ):
            check_positive_integers("the number of features", features, where=option)
        self.trunk = ResNetTrunk(trunk, stem_pool=stem_pool, width=width, stride_at="last")
        self.pool = GlobalPool("avg")
        hidden = max(int(hidden_features * width), 1)
        self.hidden = Reduction(self.trunk.num_features, hidden)
        self.embedding = nn.Dense(hidden, embedding_features, weight_init=Orthogonal(), bias_init="zeros")

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised images ``[B, 3, H, W]`` to embeddings, float32, not L2-normalised."""
        return ops.cast(self.embedding(self.hidden(self.pool(self.trunk(images)))), ms.float32)

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the trunk's map, ``[B, C, h, w]``."""
        return {"trunk": self.trunk(images)}
