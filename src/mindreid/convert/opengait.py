"""GaitBase checkpoints of github.com/ShiqiYu/OpenGait."""

from __future__ import annotations

from typing import Optional

from mindreid.convert.opengait_heads import NECK_CLASSES, rename_neck
from mindreid.convert.source import Source
from mindreid.layers.resnet import parameter_name

_TRUNK = "Backbone.forward_block."
_NAMES = {
    f"{_TRUNK}conv1.conv.weight": "trunk.conv1.weight",
    "FCs.fc_bin": "part_linear.weight",
}


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name; the neck and its classifier serve training only."""
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith((f"{_TRUNK}layer", f"{_TRUNK}bn1.")):
        return f"trunk.{parameter_name(name[len(_TRUNK) :])}"
    return rename_neck(name)


SOURCE = Source(rename=rename, classes=NECK_CLASSES, class_axis=2, sections={"model": ""})
