"""Checkpoints of github.com/CASIA-IVA-Lab/ISP-reID (Zhu et al., ECCV 2020)."""

from __future__ import annotations

from typing import Optional

from mindreid.convert.source import OBJECTIVE_PREFIX, Source
from mindreid.layers.hrnet import hrnet_parameter_name
from mindreid.layers.resnet import norm_parameter_name

_TRUNK = "base."
#: What stands behind the trunk's maps, within its authors' trunk.
_LAYERS = {
    "cls_head.0": "reduction.0",
    "part_cls_layer": "part_scores",
    "spatial_attn.conv1.conv": "attention.conv1",
    "spatial_attn.conv2.conv": "attention.conv2",
}
_NORMS = {
    "base.cls_head.1": "reduction.1",
    "base.spatial_attn.conv1.bn": "attention.bn1",
    "base.spatial_attn.conv2.bn": "attention.bn2",
    "bottleneck_part": "part_neck.norm",
    "bottleneck_global": "global_neck.norm",
    "bottleneck_fore": "foreground_neck.norm",
}
_CLASSIFIERS = {
    "classifier_part.weight": "classifiers.0.weight",
    "classifier_global.weight": "classifiers.1.weight",
    "classifier_fore.weight": "classifiers.2.weight",
}


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name; the classifiers serve training only."""
    if name in _CLASSIFIERS:
        return OBJECTIVE_PREFIX + _CLASSIFIERS[name]
    cell, _, leaf = name.rpartition(".")
    if cell in _NORMS:
        return norm_parameter_name(f"{_NORMS[cell]}.{leaf}")
    inner = cell[len(_TRUNK) :] if cell.startswith(_TRUNK) else ""
    if inner in _LAYERS:
        return f"{_LAYERS[inner]}.{leaf}"
    return f"trunk.{hrnet_parameter_name(name[len(_TRUNK) :])}" if inner else None


SOURCE = Source(
    rename=rename, classes=f"{OBJECTIVE_PREFIX}classifiers.0.weight", required="part_scores.weight"
)
