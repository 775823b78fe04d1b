"""GaitBase checkpoints of github.com/ShiqiYu/OpenGait."""

from __future__ import annotations

from typing import Optional

from mindreid.convert.source import OBJECTIVE_PREFIX, Source
from mindreid.layers.resnet import norm_parameter_name, parameter_name

_TRUNK = "Backbone.forward_block."
_NAMES = {
    f"{_TRUNK}conv1.conv.weight": "trunk.conv1.weight",
    "FCs.fc_bin": "part_linear.weight",
    "BNNecks.fc_bin": f"{OBJECTIVE_PREFIX}classifier.weight",
}


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name; the neck and its classifier serve training only."""
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("BNNecks.bn1d."):
        return OBJECTIVE_PREFIX + norm_parameter_name(f"neck.norm.{name.rpartition('.')[2]}")
    if name.startswith((f"{_TRUNK}layer", f"{_TRUNK}bn1.")):
        return f"trunk.{parameter_name(name[len(_TRUNK) :])}"
    return None


SOURCE = Source(
    rename=rename,
    classes=f"{OBJECTIVE_PREFIX}classifier.weight",
    class_axis=2,
    sections={"model": ""},
)
