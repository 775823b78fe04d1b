"""A ResNet with interaction blocks after its second and third stage.

Hou et al., "Interaction-and-Aggregation Network for Person Re-identification", CVPR 2019,
arXiv 1907.08435.
"""

from __future__ import annotations

from typing import Literal

from mindspore import Tensor, nn

from mindreid.errors import InvalidArgumentError
from mindreid.layers.neck import BNNeck
from mindreid.layers.pooling import GlobalPool
from mindreid.layers.resnet import ResNetTrunk, StemPool, TrunkName
from mindreid.models.ianet.interaction import InteractionBlock
from mindreid.models.ianet.part_interaction import PartInteractionBlock
from mindreid.zoo import nearest

Variant = Literal["ianet", "iaunet"]
_BLOCKS = {"ianet": InteractionBlock, "iaunet": PartInteractionBlock}


class IANet(nn.Cell):
    """Interaction-and-Aggregation Network: trunk with two blocks, mean of the last map, BN neck.

    Parameters
    ----------
    variant : {"ianet", "iaunet"}
        Whose blocks: the paper's, or those of its successor IAUnet.
    trunk : {"resnet50", "resnet34", "resnet18"}
        The trunk; the paper's is ResNet-50.
    width : float
        Factor on the channels of the trunk's stages, below 1 for small networks on a CPU.
    last_stride : {1, 2}
        Stride of the trunk's last stage; 1 keeps a map of 1/16 of the image's height.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the stem's max pooling, see :class:`mindreid.layers.resnet.StemMaxPool`.

    Attributes
    ----------
    num_features : int
        Length of the embedding; 2048 for ResNet-50.

    Raises
    ------
    InvalidArgumentError
        If an option has no such value.
    """

    def __init__(
        self,
        *,
        variant: Variant = "ianet",
        trunk: TrunkName = "resnet50",
        width: float = 1.0,
        last_stride: int = 1,
        stem_pool: StemPool = "torchvision",
    ) -> None:
        super().__init__()
        if variant not in _BLOCKS:
            raise InvalidArgumentError(
                f"there is no variant {variant!r} of IANet{nearest(variant, list(_BLOCKS))}",
                fix=f"choose one of {', '.join(_BLOCKS)}",
            )
        self.trunk = ResNetTrunk(trunk, last_stride=last_stride, stem_pool=stem_pool, width=width)
        # Outside of the trunk, which ImageNet weights fill as a whole.
        block = _BLOCKS[variant]
        self.block2 = block(self.trunk.arch.channels(2))
        self.block3 = block(self.trunk.arch.channels(3))
        self.pool = GlobalPool("avg")
        self.num_features = self.trunk.num_features
        self.neck = BNNeck(self.num_features)

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised images ``[B, 3, H, W]`` to embeddings ``[B, D]``, float32, not L2-normalised."""
        return self.neck(self.pool(self.last_map(images)))

    def last_map(self, images: Tensor) -> Tensor:
        """Return the trunk's map after all blocks, ``[B, C, h, w]``."""
        trunk = self.trunk
        x = self.block2(trunk.layer2(trunk.layer1(trunk.stem(images))))
        return trunk.layer4(self.block3(trunk.layer3(x)))

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the same by name."""
        return {"trunk": self.last_map(images)}
