"""Heads that several networks of github.com/ShiqiYu/OpenGait share."""

from __future__ import annotations

from typing import Optional

from mindreid.convert.source import OBJECTIVE_PREFIX
from mindreid.layers.resnet import norm_parameter_name

#: Our name of the BN neck's class vectors.
NECK_CLASSES = f"{OBJECTIVE_PREFIX}classifier.weight"


def rename_neck(name: str) -> Optional[str]:
    """Translate a tensor's name of the BN neck and its classifier, which serve training only."""
    if name == "BNNecks.fc_bin":
        return NECK_CLASSES
    if name.startswith("BNNecks.bn1d."):
        return OBJECTIVE_PREFIX + norm_parameter_name(f"neck.norm.{name.rpartition('.')[2]}")
    return None
