"""PDC: a person's image and the image of the person's parts, by two branches with a common start.

Su et al., "Pose-driven Deep Convolutional Model for Person Re-identification", ICCV 2017,
arXiv 1709.08325.
"""

from __future__ import annotations

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import initializer

from mindreid.layers.pooling import GlobalPool
from mindreid.layers.resnet import (
    Architecture,
    ResNetStem,
    StemPool,
    TrunkName,
    TrunkPart,
    architecture,
    initialize_convolutions,
    residual_stage,
)
from mindreid.layers.sized_network import SizedNetwork, check_image_size
from mindreid.models.pdc.part_transformation import PartTransformation

_PLACES = 8


class SharedLayers(ResNetStem):
    """The trunk's first two stages, which see both images."""

    def __init__(self, arch: Architecture, stem_pool: StemPool) -> None:
        super().__init__(arch, stem_pool)
        self.layer1 = residual_stage(arch, 1)
        self.layer2 = residual_stage(arch, 2)

    def construct(self, images: Tensor) -> Tensor:
        """Map images ``[B, 3, H, W]`` to ``[B, C, H / 8, W / 8]``."""
        return self.layer2(self.layer1(self.max_pool(self.relu(self.bn1(self.conv1(images))))))


class Branch(TrunkPart):
    """The trunk's last two stages and the global mean, for one of the two images."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__(arch)
        self.layer3 = residual_stage(arch, 3)
        self.layer4 = residual_stage(arch, 4)
        self.pool = GlobalPool("avg")

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H / 8, W / 8]`` to ``[B, features]``."""
        return self.pool(self.layer4(self.layer3(x)))


class FeatureWeighting(nn.Cell):
    """The feature weighting sub-network: ``tanh(f * W + B)`` of the parts' features.

    Parameters
    ----------
    features : int
        Length of the vector; each of its numbers has a weight and a bias of its own.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = Parameter(initializer("ones", (features,), ms.float32), name="weight")
        self.bias = Parameter(initializer("zeros", (features,), ms.float32), name="bias")

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, features]`` to float32 of the same shape, between -1 and 1."""
        # The hyperbolic tangent: MindSpore's own is off by up to 1e-4 on CPU, its sigmoid by 1e-6.
        return 2 * ops.sigmoid(2 * (ops.cast(x, ms.float32) * self.weight + self.bias)) - 1


class PDC(SizedNetwork):
    """Pose-driven Deep Convolutional model.

    Parameters
    ----------
    image_size : tuple of int
        Height and width of both images, multiples of 8.
    trunk : {"resnet50", "resnet34", "resnet18"}
        The trunk. The paper's is like GoogLeNet.
    width : float
        Factor on the channels of the trunk's stages, below 1 for small networks on a CPU.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the stem's max pooling, see :class:`mindreid.layers.resnet.StemMaxPool`.
    transform_parts : bool
        Whether the pose transformation network moves the parts.
    weight_features : bool
        Whether the feature weighting sub-network weighs the parts' features; otherwise they are
        joined as they are.

    Attributes
    ----------
    num_features : int
        Length of either branch's vector; the embedding has twice as many.

    Raises
    ------
    InvalidArgumentError
        If the size is no multiple of 8; or, when called, for images of another size.

    Examples
    --------
    >>> PDC(image_size=(64, 32), trunk="resnet18", width=0.25)(ops.ones((2, 6, 64, 32))).shape
    (2, 256)
    """

    def __init__(
        self,
        *,
        image_size: tuple[int, int] = (256, 128),
        trunk: TrunkName = "resnet50",
        width: float = 1.0,
        stem_pool: StemPool = "torchvision",
        transform_parts: bool = True,
        weight_features: bool = True,
    ) -> None:
        super().__init__(image_size, multiple=_PLACES)
        arch = architecture(trunk, width)
        self.num_features = arch.channels(4)
        self.transformation = PartTransformation(*image_size) if transform_parts else None
        self.shared = SharedLayers(arch, stem_pool)
        self.global_branch = Branch(arch)
        self.part_branch = Branch(arch)
        self.weighting = FeatureWeighting(self.num_features) if weight_features else None
        initialize_convolutions(self)

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised posed images ``[B, 6, H, W]`` to embeddings, float32, not L2-normalised.

        The first three channels are the image, the other three its part image, see
        :func:`mindreid.data.part_image.compose_part_image`.
        """
        _, _, fused = self.features(images)
        return fused

    def features(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what the three classifiers see.

        Parameters
        ----------
        images : Tensor
            ``[B, 6, H, W]``.

        Returns
        -------
        whole, parts : Tensor
            float32 ``[B, num_features]`` each, of the two branches.
        fused : Tensor
            float32 ``[B, 2 num_features]``, the embedding.
        """
        check_image_size(images.shape[2:], self.image_size)
        part_images = images[:, 3:]
        if self.transformation is not None:
            part_images = self.transformation(part_images)
        whole = ops.cast(self.global_branch(self.shared(images[:, :3])), ms.float32)
        parts = ops.cast(self.part_branch(self.shared(part_images)), ms.float32)
        weighted = parts if self.weighting is None else self.weighting(parts)
        return whole, parts, ops.concat((whole, weighted), 1)
