"""MGN of github.com/seathiefwang/MGN-pytorch, and what both public ports of MGN share."""

from __future__ import annotations

import re
from functools import partial
from typing import Optional

import numpy as np

from mindreid.convert.source import OBJECTIVE_PREFIX, Source
from mindreid.layers.resnet import norm_parameter_name, parameter_name

_STEM = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3.0"}
_BRANCHES = {"1": "global_branch", "2": "half_branch", "3": "third_branch"}
#: First of the eight classifiers with this word in its name.
_CLASSIFIERS = {"2048": 0, "256_1": 3, "256_2": 5}


def rename(name: str, *, stem: str) -> Optional[str]:
    """Translate a tensor's name; ``stem`` is what the port calls the shared part of the trunk."""
    return _trunk_name(name, stem) or _reduction_name(name) or _classifier_name(name)


def without_kernel(name: str, value: np.ndarray) -> np.ndarray:
    """Make a matrix of the 1×1 convolution that reduces a pooled vector."""
    return value.reshape(value.shape[:2]) if name.endswith("linear.weight") else value


def port(stem: str) -> Source:
    """Build the source for a port; they differ in the stem's name and in the reductions."""
    return Source(
        rename=partial(rename, stem=stem),
        classes=f"{OBJECTIVE_PREFIX}classifiers.0.weight",
        reshape=without_kernel,
    )


def _trunk_name(name: str, stem: str) -> Optional[str]:
    in_stem = re.fullmatch(rf"{stem}\.([01456])\.(.+)", name)
    if in_stem:
        return f"stem.{parameter_name(f'{_STEM[in_stem[1]]}.{in_stem[2]}')}"
    in_branch = re.fullmatch(r"p([123])\.([01])\.(\d+)\.(.+)", name)
    if not in_branch:
        return None
    branch, stage, block, rest = in_branch.groups()
    # A branch's third stage begins with the trunk's second block; the first one is in the stem.
    place = f"layer3.{int(block) + 1}" if stage == "0" else f"layer4.{block}"
    return f"{_BRANCHES[branch]}.{parameter_name(f'{place}.{rest}')}"


def _reduction_name(name: str) -> Optional[str]:
    found = re.fullmatch(r"reduction(?:_(\d))?\.([01])\.(\w+)", name)
    if not found:
        return None
    number, layer, leaf = found.groups()
    inner = f"linear.{leaf}" if layer == "0" else norm_parameter_name(f"norm.{leaf}")
    return f"reductions.{number or 0}.{inner}"


def _classifier_name(name: str) -> Optional[str]:
    found = re.fullmatch(r"fc_id_(2048|256_1|256_2)_(\d)\.(weight|bias)", name)
    if not found:
        return None
    return f"{OBJECTIVE_PREFIX}classifiers.{_CLASSIFIERS[found[1]] + int(found[2])}.{found[3]}"


SOURCE = port("backone")  # the repository's spelling
