"""Checkpoints of github.com/guxinqian/Simple-CCReID (Gu et al., CVPR 2022)."""

from __future__ import annotations

from typing import Optional

from mindreid.convert.sequential_resnet import trunk_parameter_name
from mindreid.convert.source import OBJECTIVE_PREFIX, Source
from mindreid.layers.resnet import norm_parameter_name

_MEMORY = "the memory bank is filled by training itself"
_CLASSIFIERS = {
    "classifier/classifier.weight": "classifier.weight",
    "classifier/classifier.bias": "classifier.bias",
    "clothes_classifier/weight": "clothes_classifier.weight",
}


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name; ``base`` is the trunk, ``bn`` the neck."""
    if name in _CLASSIFIERS:
        return OBJECTIVE_PREFIX + _CLASSIFIERS[name]
    part, _, rest = name.partition(".")
    if part == "base":
        inner = trunk_parameter_name(rest)
        return f"trunk.{inner}" if inner else None
    return norm_parameter_name(f"neck.norm.{rest}") if part == "bn" else None


SOURCE = Source(
    rename=rename,
    classes=f"{OBJECTIVE_PREFIX}classifier.weight",
    sections={
        "model_state_dict": "",
        "classifier_state_dict": "classifier/",
        "clothes_classifier_state_dict": "clothes_classifier/",
    },
    left_out={
        "clothes_classifier/feature_memory": _MEMORY,
        "clothes_classifier/label_memory": _MEMORY,
    },
)
