"""GaitGL checkpoints of github.com/ShiqiYu/OpenGait, of the small network that CASIA-B has."""

from __future__ import annotations

from typing import Optional

import numpy as np

from mindreid.convert.kernels import fold_time
from mindreid.convert.opengait_heads import NECK_CLASSES, rename_neck
from mindreid.convert.source import Source
from mindreid.layers.resnet import norm_parameter_name

_BLOCKS = {"GLConvA0": "block1", "GLConvA1": "block2", "GLConvB2": "block3"}
_BRANCHES = {"global_conv3d": "whole", "local_conv3d": "local"}
_NAMES = {
    "conv3d.0.conv3d.weight": "conv.conv.weight",
    "LTA.0.conv3d.weight": "join.conv.weight",
    "HPP.p": "row_mean.exponent",
    "Head0.fc_bin": "part_linear.weight",
    "Head1.fc_bin": NECK_CLASSES,
    **{
        f"{block}.{branch}.conv3d.weight": f"{our_block}.{our_branch}.conv.weight"
        for block, our_block in _BLOCKS.items()
        for branch, our_branch in _BRANCHES.items()
    },
}


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name; classifiers serve training only."""
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("Bn."):
        return norm_parameter_name(f"norm.{name.rpartition('.')[2]}")
    return rename_neck(name)


def reshape(name: str, value: np.ndarray) -> np.ndarray:
    """Fold kernels of three frames; what joins frames keeps them as its height."""
    if value.ndim != 5:
        return value
    return value[..., 0] if name.startswith("join.") else fold_time(value)


SOURCE = Source(
    rename=rename,
    classes=NECK_CLASSES,
    class_axis=2,
    sections={"model": ""},
    required="row_mean.exponent",
    reshape=reshape,
)
