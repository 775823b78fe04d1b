"""ResNet-18/34/50 trunks from mindcv's blocks, equal to torchvision's, whole or in parts.

He et al., "Deep Residual Learning for Image Recognition", CVPR 2016; the bottleneck is version
1.5 (stride on the 3×3 convolution). Parts exist so that a network can share the stem and keep
several copies of the last stages, each with a stride of its own.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal, Optional

from mindcv.models.resnet import BasicBlock, Bottleneck
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import HeNormal, initializer

from mindreid.errors import InvalidArgumentError
from mindreid.option_checks import check_choice
from mindreid.zoo import nearest

TrunkName = Literal["resnet50", "resnet34", "resnet18"]
StemPool = Literal["torchvision", "mindcv"]

STAGE_CHANNELS = {1: 64, 2: 128, 3: 256, 4: 512}
STAGE_STRIDES = {1: 1, 2: 2, 3: 2, 4: 2}
STEM_CHANNELS = 64
#: Start of the ImageNet classifier's parameter names.
CLASSIFIER_PREFIX = "classifier."


class PlainBlock(BasicBlock):
    """mindcv's two-convolution block; its in-place sum would not survive an ONNX export."""

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C', H / stride, W / stride]``."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        shortcut = x if self.down_sample is None else self.down_sample(x)
        return self.relu(out + shortcut)


class BottleneckBlock(Bottleneck):
    """mindcv's bottleneck block; its in-place sum would not survive an ONNX export."""

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, 4 C', H / stride, W / stride]``."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        shortcut = x if self.down_sample is None else self.down_sample(x)
        return self.relu(out + shortcut)


@dataclass(frozen=True)
class Architecture:
    """What distinguishes one ResNet from another.

    Attributes
    ----------
    name : str
        "resnet18", "resnet34" or "resnet50".
    block : type
        The residual block.
    depths : dict of int
        Number of blocks by stage, 1 to 4.
    width : float
        Factor on the channels of the four stages; below 1 for small networks that train on a
        CPU. ImageNet weights exist for 1 only.
    """

    name: str
    block: type[nn.Cell]
    depths: dict[int, int]
    width: float = 1.0

    def channels(self, stage: int) -> int:
        """Channels of a stage's output map."""
        return self.block.expansion * self.inner_channels(stage)

    def inner_channels(self, stage: int) -> int:
        """Channels inside a stage's blocks."""
        return int(STAGE_CHANNELS[stage] * self.width)


_BLOCKS = {
    "resnet18": (PlainBlock, (2, 2, 2, 2)),
    "resnet34": (PlainBlock, (3, 4, 6, 3)),
    "resnet50": (BottleneckBlock, (3, 4, 6, 3)),
}
TRUNKS = tuple(_BLOCKS)


def architecture(trunk: str, width: float = 1.0) -> Architecture:
    """Look up a trunk by name.

    Raises
    ------
    InvalidArgumentError
        If there is no such trunk or ``width`` leaves no channels.
    """
    if trunk not in _BLOCKS:
        raise InvalidArgumentError(
            f"there is no trunk {trunk!r}{nearest(trunk, list(_BLOCKS))}",
            fix=f"choose one of {', '.join(_BLOCKS)}",
        )
    if not 0 < width <= 4 or int(STAGE_CHANNELS[1] * width) < 1:
        raise InvalidArgumentError(f"the trunk's width factor must be in (1/64, 4], not {width}")
    block, depths = _BLOCKS[trunk]
    return Architecture(trunk, block, dict(enumerate(depths, start=1)), width)


def residual_stage(
    arch: Architecture,
    stage: int,
    *,
    stride: Optional[int] = None,
    end_stride: int = 1,
    first: int = 0,
    last: Optional[int] = None,
) -> nn.SequentialCell:
    """Build the blocks ``first`` to ``last`` (exclusive) of one stage.

    The blocks keep their torchvision numbers as names, so that a part's parameters are called
    as in the whole trunk: ``layer3`` made with ``first=1`` starts with ``layer3.1``.

    Parameters
    ----------
    arch : Architecture
        The trunk.
    stage : int
        1 to 4.
    stride : int, optional
        Stride of block 0; by default torchvision's.
    end_stride : int
        Stride of the stage's last block, whose shortcut then skips pixels, as in TF-Slim.
    first, last : int, optional
        Range of blocks; by default all.
    """
    stride = STAGE_STRIDES[stage] if stride is None else stride
    inner, outer = arch.inner_channels(stage), arch.channels(stage)
    before = STEM_CHANNELS if stage == 1 else arch.channels(stage - 1)
    blocks: OrderedDict[str, nn.Cell] = OrderedDict()
    for number in range(arch.depths[stage])[first:last]:
        if number == 0:
            blocks["0"] = entry_block(arch.block, before, inner, stride)
        elif number == arch.depths[stage] - 1 and end_stride > 1:
            skip = nn.MaxPool2d(1, end_stride)
            blocks[str(number)] = arch.block(outer, inner, stride=end_stride, down_sample=skip)
        else:
            blocks[str(number)] = arch.block(outer, inner)
    return nn.SequentialCell(blocks)


def entry_block(block: type[nn.Cell], before: int, inner: int, stride: int) -> nn.Cell:
    """Build a stage's first block, with a 1×1 convolution on its shortcut where the shape changes.

    Parameters
    ----------
    block : type
        :class:`PlainBlock` or :class:`BottleneckBlock`.
    before : int
        Channels of the stage before.
    inner : int
        Channels inside the block.
    stride : int
        Of the block.
    """
    outer = block.expansion * inner
    shortcut = None
    if stride != 1 or before != outer:
        shortcut = nn.SequentialCell(
            nn.Conv2d(before, outer, kernel_size=1, stride=stride), nn.BatchNorm2d(outer)
        )
    return block(before, inner, stride=stride, down_sample=shortcut)


class StemMaxPool(nn.Cell):
    """3×3 max pooling with stride 2 of a non-negative map.

    torchvision pads one row on every side, mindcv ("same") only below and to the right if the
    size is even; weights trained with one lose accuracy with the other. Padding with zeros
    instead of minus infinity gives the same maximum after a ReLU.

    Parameters
    ----------
    padding : {"torchvision", "mindcv"}
        Whose padding.
    """

    def __init__(self, padding: StemPool = "torchvision") -> None:
        super().__init__()
        if padding not in ("torchvision", "mindcv"):
            raise InvalidArgumentError(f"the stem's pooling is 'torchvision' or 'mindcv', not {padding!r}")
        self.padding = padding
        self.pool = nn.MaxPool2d(3, 2, pad_mode="same" if padding == "mindcv" else "valid")

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C, ceil(H / 2), ceil(W / 2)]``."""
        if self.padding == "mindcv":
            return self.pool(x)
        # On CPU, joining zeros takes a sixth of the time of ops.Pad and a third of the pooling's
        # own padding, which can't be exported to ONNX either. The zeros come from the
        # non-negative map itself: a constant would fix an exported graph's batch size.
        row = ops.minimum(ops.stop_gradient(x)[:, :, :1], 0)
        x = ops.concat((row, x, row), 2)
        column = ops.minimum(ops.stop_gradient(x)[:, :, :, :1], 0)
        return self.pool(ops.concat((column, x, column), 3))


class TrunkPart(nn.Cell):
    """A part of a trunk whose parameters are named as in the whole one that ImageNet weights exist of.

    :func:`mindreid.engine.checkpoints.imagenet.load_pretrained` finds a network's trunk by this class.

    Attributes
    ----------
    arch : Architecture or HRNetArchitecture
        The trunk it is a part of; its ``name`` tells which weights fit.
    """

    def __init__(self, arch: Any) -> None:
        super().__init__()
        self.arch = arch


class ResNetStem(TrunkPart):
    """The first convolution and the max pooling.

    Parameters
    ----------
    arch : Architecture
        The trunk.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the max pooling; must be that of the ImageNet weights, see
        :func:`mindreid.engine.checkpoints.imagenet.stem_pool_of`.
    """

    def __init__(self, arch: Architecture, stem_pool: StemPool = "torchvision") -> None:
        super().__init__(arch)
        self.conv1 = nn.Conv2d(3, STEM_CHANNELS, kernel_size=7, stride=2, pad_mode="pad", padding=3)
        self.bn1 = nn.BatchNorm2d(STEM_CHANNELS)
        self.relu = nn.ReLU()
        self.max_pool = StemMaxPool(stem_pool)

    @property
    def stem_pool(self) -> StemPool:
        """Whose padding the max pooling has."""
        return self.max_pool.padding

    def construct(self, images: Tensor) -> Tensor:
        """Map images ``[B, 3, H, W]`` to ``[B, 64, H / 4, W / 4]``."""
        return self.stem(images)

    def stem(self, images: Tensor) -> Tensor:
        """Do the same; a subclass goes on from here."""
        return self.max_pool(self.relu(self.bn1(self.conv1(images))))


class ResNetTrunk(ResNetStem):
    """A whole ResNet up to its last map.

    Parameters
    ----------
    trunk : {"resnet50", "resnet34", "resnet18"}
        Which one.
    last_stride : {1, 2}
        Stride of the last stage; 1 keeps a map of 1/16 of the image's height, as most person
        re-identification networks do.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the stem's max pooling.
    width : float
        Factor on the stages' channels.
    stride_at : {"first", "last"}
        Which block halves the map: the first one of a stage, as in torchvision, or the last one of
        the stage before, as in TF-Slim's version 1. The parameters are the same.

    Raises
    ------
    InvalidArgumentError
        If an option has no such value.

    Examples
    --------
    >>> trunk = ResNetTrunk("resnet18", last_stride=1)
    >>> trunk(ops.ones((2, 3, 64, 32))).shape
    (2, 512, 4, 2)
    """

    def __init__(
        self,
        trunk: TrunkName = "resnet50",
        *,
        last_stride: int = 2,
        stem_pool: StemPool = "torchvision",
        width: float = 1.0,
        stride_at: Literal["first", "last"] = "first",
    ) -> None:
        super().__init__(architecture(trunk, width), stem_pool)
        check_choice("stride_at", stride_at, ("first", "last"))
        check_choice("last_stride", last_stride, (1, 2))
        strides = {**STAGE_STRIDES, 4: last_stride}
        self.layer1, self.layer2, self.layer3, self.layer4 = [
            residual_stage(self.arch, stage, stride=strides[stage])
            if stride_at == "first"
            else residual_stage(self.arch, stage, stride=1, end_stride=strides.get(stage + 1, 1))
            for stage in strides
        ]
        self.num_features = self.arch.channels(4)
        initialize_convolutions(self)

    def construct(self, images: Tensor) -> Tensor:
        """Map images ``[B, 3, H, W]`` to ``[B, num_features, H / 32, W / 32]`` (1/16 with last stride 1)."""
        return self.layer4(self.layer3(self.layer2(self.layer1(self.stem(images)))))


def initialize_convolutions(cell: nn.Cell) -> None:
    """Draw every convolution's weights for a start without ImageNet (He normal, fan out)."""
    for _, part in cell.cells_and_names():
        if isinstance(part, nn.Conv2d):
            weight = initializer(
                HeNormal(mode="fan_out", nonlinearity="relu"), part.weight.shape, part.weight.dtype
            )
            part.weight.set_data(weight)


def parameter_name(torchvision_name: str) -> Optional[str]:
    """Translate a torchvision ResNet's parameter name to mindcv's, which is ours too.

    Returns
    -------
    str or None
        ``None`` for PyTorch's batch counter, which has no counterpart.

    Examples
    --------
    >>> parameter_name("layer1.0.downsample.1.running_var")
    'layer1.0.down_sample.1.moving_variance'
    """
    if torchvision_name.endswith("num_batches_tracked"):
        return None
    name = torchvision_name.replace("downsample", "down_sample")
    name = re.sub(r"^fc\.", CLASSIFIER_PREFIX, name)
    is_norm = re.search(r"(?:^|\.)(?:bn\d|down_sample\.1)\.\w+$", name)
    return norm_parameter_name(name) if is_norm else name


def norm_parameter_name(torch_name: str) -> str:
    """Translate the last word of a PyTorch batch norm's parameter name to MindSpore's."""
    stem, _, leaf = torch_name.rpartition(".")
    words = {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "moving_mean",
        "running_var": "moving_variance",
    }
    return f"{stem}.{words.get(leaf, leaf)}"
