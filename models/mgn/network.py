"""Multiple Granularity Network: one global view of a person and two cut into stripes.

Wang et al., "Learning Discriminative Features with Multiple Granularities for Person
Re-Identification", ACM MM 2018, arXiv 1804.01438, section 3.1 and table 1.
"""

from __future__ import annotations

from typing import Literal, Optional

from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr

from mindreid.errors import InvalidArgumentError
from mindreid.layers.initialization import scatter_norm_scales
from mindreid.layers.pooling import GlobalPool, Pooling, StripePool
from mindreid.layers.reduction import Reduction
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
from mindreid.models.mgn.variants import VariantName, variant_of

REDUCED_FEATURES = 256
GLOBAL_FEATURES = 3

Initialization = Literal["small", "kaiming"]


class SharedStem(ResNetStem):
    """The trunk up to the first block of its third stage, shared by all branches."""

    def __init__(self, arch: Architecture, stem_pool: StemPool) -> None:
        super().__init__(arch, stem_pool)
        self.layer1 = residual_stage(arch, 1)
        self.layer2 = residual_stage(arch, 2)
        self.layer3 = residual_stage(arch, 3, last=1)

    def construct(self, images: Tensor) -> Tensor:
        """Map images ``[B, 3, H, W]`` to ``[B, C, H / 16, W / 16]``."""
        x = self.max_pool(self.relu(self.bn1(self.conv1(images))))
        return self.layer3(self.layer2(self.layer1(x)))


class Branch(TrunkPart):
    """A copy of the rest of the trunk with the poolings of one granularity.

    Parameters
    ----------
    arch : Architecture
        The trunk.
    parts : int
        Number of stripes besides the global view; 1 for the global branch, which has none and
        keeps the stride of the last stage.
    pool : {"max", "avg"}
        Pooling of all views.
    """

    def __init__(self, arch: Architecture, parts: int, pool: Pooling) -> None:
        super().__init__(arch)
        self.parts = parts
        self.layer3 = residual_stage(arch, 3, first=1)
        self.layer4 = residual_stage(arch, 4, stride=2 if parts == 1 else 1)
        self.global_pool = GlobalPool(pool)
        self.stripe_pool = StripePool(parts, pool)

    def last_map(self, x: Tensor) -> Tensor:
        """Map the stem's map to the branch's last one, ``[B, C, h, w]``, which is pooled."""
        return self.layer4(self.layer3(x))

    def construct(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map the stem's map to the global vector and one per stripe, ``[B, C]`` each."""
        x = self.last_map(x)
        if self.parts == 1:
            return (self.global_pool(x),)
        return (self.global_pool(x), *self.stripe_pool(x))


class MGN(nn.Cell):
    """Multiple Granularity Network.

    Three branches look at the whole person; the second also at 2, the third at 3 horizontal
    stripes. The eight pooled vectors, reduced to 256 values each and joined, are the embedding:
    three global views, then two halves, then three thirds, each from top to bottom.

    Parameters
    ----------
    variant : {"paper", "mgn_pytorch", "reid_mgn"}
        The paper's network or one of the public PyTorch ports, see
        :data:`mindreid.models.mgn.variants.VARIANTS`.
    pool : {"max", "avg"}, optional
        Pooling; by default the variant's own: the maximum, except for "mgn_pytorch", whose
        default is the mean.
    trunk : {"resnet50", "resnet34", "resnet18"}
        The trunk; the paper's is ResNet-50.
    width : float
        Factor on the channels of the trunk's stages, below 1 for small networks on a CPU.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the stem's max pooling, see :class:`mindreid.layers.resnet.StemMaxPool`.
    initialization : {"small", "kaiming"}
        How weights that ImageNet does not fill are drawn: "small" has classifiers with a deviation
        of 0.001 and norms with scales of 1; "kaiming" is the ports' rule for classifiers, and their
        scales about 1 for the norms of the reductions.

    Raises
    ------
    InvalidArgumentError
        If an option has no such value, or, when called, if the image's height is not a multiple
        of 96: the map, 1/16 as high, is cut into halves and thirds.
    """

    def __init__(
        self,
        *,
        variant: VariantName = "paper",
        pool: Optional[Pooling] = None,
        trunk: TrunkName = "resnet50",
        width: float = 1.0,
        stem_pool: StemPool = "torchvision",
        initialization: Initialization = "small",
    ) -> None:
        super().__init__()
        self.variant, self.initialization = variant_of(variant), initialization
        pool = self.variant.pool if pool is None else pool
        arch = architecture(trunk, width)
        self.pooled_features = arch.channels(4)
        self.stem = SharedStem(arch, stem_pool)
        self.global_branch = Branch(arch, 1, pool)
        self.half_branch = Branch(arch, 2, pool)
        self.third_branch = Branch(arch, 3, pool)
        count = 1 if self.variant.shared_reduction else 8
        self.reductions = nn.CellList(
            [Reduction(self.pooled_features, REDUCED_FEATURES) for _ in range(count)]
        )
        initialize_convolutions(self)
        if initialization == "kaiming":
            scatter_norm_scales(self.reductions)

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised images ``[B, 3, H, W]`` to embeddings ``[B, 2048]``, float32, not L2-normalised."""
        _, reduced = self.features(images)
        return ops.concat(reduced, 1)

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return each branch's last map, ``[B, C, h, w]``, as in the paper's figure 5."""
        x = self.stem(images)
        return {
            "global": self.global_branch.last_map(x),
            "halves": self.half_branch.last_map(x),
            "thirds": self.third_branch.last_map(x),
        }

    def check_input(self, height: int, width: int) -> None:
        """Refuse a size in pixels that the network can't take, before anything is compiled.

        Raises
        ------
        InvalidArgumentError
            If the height is not a multiple of 96.
        """
        _refuse_height(height)

    def features(self, images: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return all eight views before and after the reduction.

        Parameters
        ----------
        images : Tensor
            ``[B, 3, H, W]``; paper: 384×128.

        Returns
        -------
        pooled : tuple of 8 Tensor
            ``[B, C]`` each, C = 2048 for ResNet-50: three global, two halves, three thirds.
        reduced : tuple of 8 Tensor
            ``[B, 256]`` each, in the same order.
        """
        _check_image_height(images.shape[2])
        x = self.stem(images)
        whole = self.global_branch(x)
        halves = self.half_branch(x)
        thirds = self.third_branch(x)
        pooled = (whole[0], halves[0], thirds[0], *halves[1:], *thirds[1:])
        reduced = []
        for index in range(8):
            reduction = self.reductions[0 if self.variant.shared_reduction else index]
            reduced.append(reduction(pooled[index]))
        return pooled, tuple(reduced)


def mgn(
    num_classes: int = 0,  # noqa: ARG001 - classifiers belong to the objective
    *,
    variant: VariantName = "paper",
    pool: Optional[Pooling] = None,
    trunk: TrunkName = "resnet50",
    width: float = 1.0,
    stem_pool: StemPool = "torchvision",
    initialization: Initialization = "small",
) -> MGN:
    """Build the inference network; the parameters are those of :class:`MGN`."""
    return MGN(
        variant=variant,
        pool=pool,
        trunk=trunk,
        width=width,
        stem_pool=stem_pool,
        initialization=initialization,
    )


@constexpr
def _check_image_height(height: Optional[int]) -> None:
    # An export with a free batch size does not know the height while it traces.
    if height is not None:
        _refuse_height(height)


def _refuse_height(height: int) -> None:
    if height % 96:
        raise InvalidArgumentError(
            f"MGN cuts its map into halves and thirds, images of height {height} do not allow both",
            fix="choose a multiple of 96, such as 96, 192 or 384",
        )
