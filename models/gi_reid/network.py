"""GI-ReID's image stream, the only part that is used at test.

Jin et al., "Cloth-Changing Person Re-identification from A Single Image with Gait Prediction and
Regularization", CVPR 2022, arXiv 2103.15537.
"""

from __future__ import annotations

from typing import Optional

from mindspore import Tensor, nn

from mindreid.layers.neck import BNNeck
from mindreid.layers.pooling import GlobalPool
from mindreid.layers.resnet import ResNetTrunk, StemPool, TrunkName
from mindreid.option_checks import check_positive_integers


class GIReID(nn.Cell):
    """A ResNet, the mean over its last map, a linear map to a short vector, a batch norm without shift.

    Parameters
    ----------
    trunk : {"resnet50", "resnet34", "resnet18"}
        The trunk; its last stride is 1.
    width : float
        Factor on the channels of the trunk's stages, below 1 for small networks on a CPU.
    features : int, optional
        Length of the embedding; ``None``: the trunk's own, without a linear map.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the stem's max pooling, see :class:`mindreid.layers.resnet.StemMaxPool`.

    Attributes
    ----------
    num_features : int
        Length of the embedding.

    Raises
    ------
    InvalidArgumentError
        If there are no features.
    """

    def __init__(
        self,
        *,
        trunk: TrunkName = "resnet50",
        width: float = 1.0,
        features: Optional[int] = 256,
        stem_pool: StemPool = "torchvision",
    ) -> None:
        super().__init__()
        if features is not None:
            check_positive_integers("the number of features", features, where="features")
        self.trunk = ResNetTrunk(trunk, last_stride=1, stem_pool=stem_pool, width=width)
        self.pool = GlobalPool("avg")
        self.num_features = features or self.trunk.num_features
        self.reduction = (
            nn.Dense(self.trunk.num_features, features, has_bias=False) if features else nn.Identity()
        )
        self.neck = BNNeck(self.num_features, bias=False)

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised images ``[B, 3, H, W]`` to embeddings ``[B, num_features]``, float32.

        Not L2-normalised, and compared by Euclidean distance.
        """
        return self.neck(self.vector(images))

    def vector(self, images: Tensor) -> Tensor:
        """Return what the neck normalises, ``[B, num_features]``: what triplets and gait meet."""
        return self.reduction(self.pool(self.trunk(images)))

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the trunk's map, ``[B, C, h, w]``."""
        return {"trunk": self.trunk(images)}
