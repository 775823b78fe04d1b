"""Checkpoints of github.com/QizaoWang/FIRe-CCReID (Wang et al., TIFS 2024)."""

from __future__ import annotations

from typing import Optional

from mindreid.convert.sequential_resnet import trunk_parameter_name
from mindreid.convert.source import OBJECTIVE_PREFIX, Source
from mindreid.layers.resnet import norm_parameter_name

_CLASSIFIERS = {
    "classifier/classifier.weight": "classifier.weight",
    "FAR_classifier.weight": "recomposition_classifier.weight",
}


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name; ``bottleneck`` is the neck, ``FAR_*`` serves training only."""
    if name in _CLASSIFIERS:
        return OBJECTIVE_PREFIX + _CLASSIFIERS[name]
    part, _, rest = name.partition(".")
    if part == "backbone":
        inner = trunk_parameter_name(rest)
        return f"trunk.{inner}" if inner else None
    if part == "FAR_bottleneck":
        return OBJECTIVE_PREFIX + norm_parameter_name(f"recomposition_neck.norm.{rest}")
    return norm_parameter_name(f"neck.norm.{rest}") if part == "bottleneck" else None


SOURCE = Source(
    rename=rename,
    classes=f"{OBJECTIVE_PREFIX}classifier.weight",
    sections={"model_state_dict": "", "classifier_state_dict": "classifier/"},
)
