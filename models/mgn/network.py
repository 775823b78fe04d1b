"""Multiple Granularity Network: one global view of a person and two cut into stripes.

Wang et al., "Learning Discriminative Features with Multiple Granularities for Person
Re-Identification", ACM MM 2018, arXiv 1804.01438, section 3.1 and table 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Optional, get_args

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
from mindreid.option_checks import check_choice

REDUCED_FEATURES = 256
#: Every branch's cell, and its name among the maps, by its number of stripes.
_CELLS = {1: "global_branch", 2: "half_branch", 3: "third_branch"}
_MAPS = {1: "global", 2: "halves", 3: "thirds"}
BRANCHES = tuple(_CELLS)

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
    branches : sequence of int
        Which branches there are, by their numbers of stripes, in ascending order; the paper's network
        has all three. ``[1]`` is the global branch alone, with an embedding of 256 values.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the stem's max pooling, see :class:`mindreid.layers.resnet.StemMaxPool`.
    initialization : {"small", "kaiming"}
        How weights that ImageNet does not fill are drawn: "small" has classifiers with a deviation
        of 0.001 and norms with scales of 1; "kaiming" is the ports' rule for classifiers, and their
        scales about 1 for the norms of the reductions.

    Attributes
    ----------
    num_global, num_views : int
        How many of the views are global, and how many there are: 3 and 8 with all branches.

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
        branches: Sequence[int] = BRANCHES,
        stem_pool: StemPool = "torchvision",
        initialization: Initialization = "small",
    ) -> None:
        super().__init__()
        check_choice("initialization", initialization, get_args(Initialization))
        self.branches = _checked_branches(branches)
        self.variant, self.initialization = variant_of(variant), initialization
        pool = self.variant.pool if pool is None else pool
        arch = architecture(trunk, width)
        self.pooled_features = arch.channels(4)
        self.stem = SharedStem(arch, stem_pool)
        for parts in self.branches:
            setattr(self, _CELLS[parts], Branch(arch, parts, pool))
        self.chosen = tuple(getattr(self, _CELLS[parts]) for parts in self.branches)
        self.num_global = len(self.branches)
        self.num_views = self.num_global + sum(parts for parts in self.branches if parts > 1)
        count = 1 if self.variant.shared_reduction else self.num_views
        self.reductions = nn.CellList(
            [Reduction(self.pooled_features, REDUCED_FEATURES) for _ in range(count)]
        )
        initialize_convolutions(self)
        if initialization == "kaiming":
            scatter_norm_scales(self.reductions)

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised images ``[B, 3, H, W]`` to embeddings ``[B, 256 views]``, 2048 with all branches.

        They are float32, not L2-normalised.
        """
        _, reduced = self.features(images)
        return ops.concat(reduced, 1)

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return each branch's last map, ``[B, C, h, w]``, as in the paper's figure 5."""
        x = self.stem(images)
        return {_MAPS[branch.parts]: branch.last_map(x) for branch in self.chosen}

    def check_input(self, height: int, width: int) -> None:
        """Refuse a size in pixels that the network can't take, before anything is compiled.

        Raises
        ------
        InvalidArgumentError
            If the height is not a multiple of 96.
        """
        _refuse_height(height)

    def features(self, images: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return all views, eight with all branches, before and after the reduction.

        Parameters
        ----------
        images : Tensor
            ``[B, 3, H, W]``; paper: 384×128.

        Returns
        -------
        pooled : tuple of Tensor
            ``[B, C]`` each, C = 2048 for ResNet-50: three global, two halves, three thirds.
        reduced : tuple of Tensor
            ``[B, 256]`` each, in the same order.
        """
        _check_image_height(images.shape[2])
        x = self.stem(images)
        whole: tuple[Tensor, ...] = ()
        stripes: tuple[Tensor, ...] = ()
        for branch in self.chosen:
            views = branch(x)
            whole += views[:1]
            stripes += views[1:]
        pooled = whole + stripes
        reduced = []
        for index in range(self.num_views):
            reduction = self.reductions[0 if self.variant.shared_reduction else index]
            reduced.append(reduction(pooled[index]))
        return pooled, tuple(reduced)


def _checked_branches(branches: Sequence[int]) -> tuple[int, ...]:
    if isinstance(branches, (list, tuple)):
        chosen = tuple(parts for parts in BRANCHES if parts in branches)
        if chosen and chosen == tuple(branches):
            return chosen
    raise InvalidArgumentError(
        f"branches={branches!r} names no branches of MGN",
        fix="choose from 1, 2 and 3, in this order, as in [1, 2, 3] or [1]",
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
