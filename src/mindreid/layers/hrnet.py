"""HRNet: a trunk that keeps a large map beside ever smaller ones and exchanges between them.

Wang et al., "Deep High-Resolution Representation Learning for Visual Recognition", TPAMI 2021,
arXiv 1908.07919, in the form for classification whose ImageNet weights are public (HRNet-W32-C), up to
the four maps before its classifier. Parameters are named as there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.layers.resnet import (
    BottleneckBlock,
    PlainBlock,
    TrunkPart,
    entry_block,
    initialize_convolutions,
    norm_parameter_name,
)

#: Channels of the four branches of HRNet-W32, of its first layers, and inside its last blocks.
BRANCH_CHANNELS = (32, 64, 128, 256)
STEM_CHANNELS = 64
HEAD_CHANNELS = (32, 64, 128, 256)
#: Numbers of exchanging modules in stages 2 to 4.
STAGE_MODULES = (1, 4, 3)
#: What ImageNet files hold behind the four maps.
CLASSIFICATION_HEAD = ("downsamp_modules.", "final_layer.", "classifier.")

Maps = tuple[Tensor, ...]


@dataclass(frozen=True)
class HRNetArchitecture:
    """What distinguishes one HRNet from another.

    Attributes
    ----------
    width : float
        Factor on all channels, below 1 for small networks on a CPU. ImageNet weights exist for 1 only.
    modules : tuple of int
        Numbers of exchanging modules in stages 2 to 4.
    blocks : int
        Residual blocks of a branch within a module, and of the first stage.
    """

    width: float = 1.0
    modules: tuple[int, ...] = STAGE_MODULES
    blocks: int = 4

    @property
    def name(self) -> str:
        """By the channels of the largest map, as its authors call it."""
        return f"hrnet_w{self.scaled(BRANCH_CHANNELS)[0]}"

    def scaled(self, channels: Sequence[int]) -> tuple[int, ...]:
        """Return numbers of channels of HRNet-W32 as they are here."""
        return tuple(int(count * self.width) for count in channels)

    @property
    def out_channels(self) -> tuple[int, ...]:
        """Channels of the four maps that the trunk returns."""
        return tuple(BottleneckBlock.expansion * count for count in self.scaled(HEAD_CHANNELS))


class HRNetTrunk(TrunkPart):
    """HRNet up to its four maps.

    Parameters
    ----------
    width, modules, blocks
        See :class:`HRNetArchitecture`.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range.

    Examples
    --------
    >>> trunk = HRNetTrunk(width=0.125, modules=(1, 1, 1), blocks=1)
    >>> [map.shape for map in trunk(ops.ones((2, 3, 64, 32)))]
    [(2, 16, 16, 8), (2, 32, 8, 4), (2, 64, 4, 2), (2, 128, 2, 1)]
    """

    def __init__(
        self, *, width: float = 1.0, modules: Sequence[int] = STAGE_MODULES, blocks: int = 4
    ) -> None:
        _check(width, modules, blocks)
        arch = HRNetArchitecture(width, tuple(modules), blocks)
        super().__init__(arch)
        stem = arch.scaled((STEM_CHANNELS,))[0]
        channels = arch.scaled(BRANCH_CHANNELS)
        self.conv1, self.bn1 = _convolution(3, stem, stride=2), nn.BatchNorm2d(stem)
        self.conv2, self.bn2 = _convolution(stem, stem, stride=2), nn.BatchNorm2d(stem)
        self.relu = nn.ReLU()
        self.layer1 = _blocks(BottleneckBlock, stem, stem, blocks)
        self.transition1 = _transition((BottleneckBlock.expansion * stem,), channels[:2])
        self.stage2 = _stage(channels[:2], modules[0], blocks)
        self.transition2 = _transition(channels[:2], channels[:3])
        self.stage3 = _stage(channels[:3], modules[1], blocks)
        self.transition3 = _transition(channels[:3], channels)
        self.stage4 = _stage(channels, modules[2], blocks)
        self.incre_modules = nn.CellList(
            [
                _blocks(BottleneckBlock, before, inner, 1)
                for before, inner in zip(channels, arch.scaled(HEAD_CHANNELS))
            ]
        )
        initialize_convolutions(self)

    def construct(self, images: Tensor) -> Maps:
        """Map images ``[B, 3, H, W]`` to four maps, of 1/4, 1/8, 1/16 and 1/32 of the height and width.

        Height and width must be multiples of 32. The channels are :attr:`HRNetArchitecture.out_channels`.
        """
        x = self.relu(self.bn1(self.conv1(images)))
        x = self.layer1(self.relu(self.bn2(self.conv2(x))))
        maps = self.stage2(_apply(self.transition1, (x, x)))
        maps = self.stage3(_apply(self.transition2, (*maps, maps[-1])))
        maps = self.stage4(_apply(self.transition3, (*maps, maps[-1])))
        return _apply(self.incre_modules, maps)


class ExchangeModule(nn.Cell):
    """Branches of residual blocks, one for each map; then every map gets the sum of all.

    Parameters
    ----------
    channels : sequence of int
        Of the maps, the largest map first; each is half as high and wide as the one before.
    blocks : int
        Residual blocks of a branch.
    """

    def __init__(self, channels: Sequence[int], blocks: int) -> None:
        super().__init__()
        self.branches = nn.CellList([_blocks(PlainBlock, count, count, blocks) for count in channels])
        places = range(len(channels))
        self.fuse_layers = nn.CellList(
            [nn.CellList([_exchange(channels, source, target) for source in places]) for target in places]
        )
        self.relu = nn.ReLU()

    def construct(self, maps: Maps) -> Maps:
        """Map tensors ``[B, channels[i], H / 2^i, W / 2^i]`` to as many of the same shapes."""
        branched = _apply(self.branches, maps)
        fused: Maps = ()
        for layers in self.fuse_layers:
            parts = _apply(layers, branched)
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            fused += (self.relu(total),)
        return fused


class NearestUpsample(nn.Cell):
    """Make every pixel a square of equal ones.

    Parameters
    ----------
    factor : int
        Side of the square.

    Examples
    --------
    >>> NearestUpsample(2)(Tensor([[[[1.0, 2.0]]]]))[0, 0].asnumpy()
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.]], dtype=float32)
    """

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C, factor H, factor W]``."""
        _, channels, height, width = x.shape
        wide = ops.concat((ops.reshape(x, (-1, channels, height * width, 1)),) * self.factor, 3)
        rows = ops.reshape(wide, (-1, channels, height, self.factor * width))
        return ops.reshape(
            ops.concat((rows,) * self.factor, 3),
            (-1, channels, self.factor * height, self.factor * width),
        )


def hrnet_parameter_name(torch_name: str) -> Optional[str]:
    """Translate a parameter's name in its authors' PyTorch code to ours.

    Returns
    -------
    str or None
        ``None`` for PyTorch's batch counter, which has no counterpart.

    Examples
    --------
    >>> hrnet_parameter_name("stage2.0.fuse_layers.1.0.0.1.running_var")
    'stage2.0.fuse_layers.1.0.0.1.moving_variance'
    >>> hrnet_parameter_name("layer1.0.downsample.1.weight")
    'layer1.0.down_sample.1.gamma'
    """
    if torch_name.endswith("num_batches_tracked"):
        return None
    name = torch_name.replace("downsample.", "down_sample.")
    is_norm = re.search(r"(?:^|\.)(?:bn\d|down_sample\.1|(?:transition\d|fuse_layers)\.[\d.]*1)\.\w+$", name)
    return norm_parameter_name(name) if is_norm else name


def _apply(cells: nn.CellList, maps: Maps) -> Maps:
    results: Maps = ()
    for cell, x in zip(cells, maps):
        results += (cell(x),)
    return results


def _convolution(before: int, after: int, *, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, stride, pad_mode="pad", padding=kernel // 2)


def _blocks(block: type[nn.Cell], before: int, inner: int, count: int) -> nn.SequentialCell:
    rest = [block(block.expansion * inner, inner) for _ in range(count - 1)]
    return nn.SequentialCell(entry_block(block, before, inner, 1), *rest)


def _stage(channels: Sequence[int], modules: int, blocks: int) -> nn.SequentialCell:
    return nn.SequentialCell(*[ExchangeModule(channels, blocks) for _ in range(modules)])


def _step(before: int, after: int, *, stride: int = 1, relu: bool = True) -> nn.SequentialCell:
    norm = nn.BatchNorm2d(after)
    cells = [_convolution(before, after, stride=stride), norm, *([nn.ReLU()] if relu else [])]
    return nn.SequentialCell(*cells)


def _transition(before: Sequence[int], after: Sequence[int]) -> nn.CellList:
    """Bring the maps of a stage, and its last one once more, to the channels of the next stage."""
    kept = [
        nn.Identity() if old == new else _step(old, new) for old, new in zip(before, after[: len(before)])
    ]
    return nn.CellList([*kept, nn.SequentialCell(_step(before[-1], after[-1], stride=2))])


def _exchange(channels: Sequence[int], source: int, target: int) -> nn.Cell:
    """Bring a map to the size and the channels of another one."""
    before, after = channels[source], channels[target]
    if source == target:
        return nn.Identity()
    if source > target:
        convolution = _convolution(before, after, kernel=1)
        return nn.SequentialCell(convolution, nn.BatchNorm2d(after), NearestUpsample(2 ** (source - target)))
    halvings = [_step(before, before, stride=2) for _ in range(target - source - 1)]
    return nn.SequentialCell(*halvings, _step(before, after, stride=2, relu=False))


def _check(width: float, modules: Sequence[int], blocks: int) -> None:
    if not 0 < width <= 4 or int(BRANCH_CHANNELS[0] * width) < 1:
        raise InvalidArgumentError(f"the trunk's width factor must be in [1/32, 4], not {width}")
    if len(modules) != len(STAGE_MODULES) or min(modules) < 1 or blocks < 1:
        raise InvalidArgumentError(
            "an HRNet has at least one module in each of three stages and one block in a branch, "
            f"not modules={list(modules)}, blocks={blocks}"
        )
