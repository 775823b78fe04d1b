"""DeepGaitV2 checkpoints of github.com/ShiqiYu/OpenGait, of all three modes."""

from __future__ import annotations

import re
from typing import Optional

import numpy as np

from mindreid.convert.kernels import fold_time
from mindreid.convert.opengait_heads import NECK_CLASSES, rename_neck
from mindreid.convert.source import Source
from mindreid.layers.resnet import norm_parameter_name, parameter_name

_NAMES = {"layer0.forward_block.0.weight": "trunk.conv1.weight", "FCs.fc_bin": "part_linear.weight"}
_BLOCK = re.compile(r"layer([1-4])\.(?:forward_block\.)?(\d+)\.(.+)")


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name; the neck and its classifier serve training only."""
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("layer0.forward_block.1."):
        return norm_parameter_name(f"trunk.bn1.{name.rpartition('.')[2]}")
    block = _BLOCK.fullmatch(name)
    if block is None:
        return rename_neck(name)
    stage, number, inner = block.groups()
    return f"trunk.layer{stage}.{number}.{_within_block(inner)}"


def _within_block(name: str) -> Optional[str]:
    # A pseudo-3-d block's convolutions are followed by their norm within the same wrapper.
    wrapped = re.fullmatch(r"conv([12])\.forward_block\.([01])\.(\w+)", name)
    if wrapped is not None:
        number, place, leaf = wrapped.groups()
        return f"conv{number}.{leaf}" if place == "0" else norm_parameter_name(f"bn{number}.{leaf}")
    if name == "shortcut3d.weight":
        return "temporal.conv.weight"
    if name.startswith("sbn."):
        return norm_parameter_name(name.replace("sbn", "temporal_norm"))
    return parameter_name(name)


def reshape(_name: str, value: np.ndarray) -> np.ndarray:
    """Fold kernels of three frames; kernels of one frame lose that axis."""
    return fold_time(value) if value.ndim == 5 else value


def name_of_shape(name: str, value: np.ndarray) -> str:
    """Convolutions over three frames are layers within a layer."""
    spans_frames = value.ndim == 5 and value.shape[2] == 3 and name.endswith(("conv1.weight", "conv2.weight"))
    return name.replace(".weight", ".conv.weight") if spans_frames else name


SOURCE = Source(
    rename=rename,
    classes=NECK_CLASSES,
    class_axis=2,
    sections={"model": ""},
    reshape=reshape,
    name_of_shape=name_of_shape,
)
