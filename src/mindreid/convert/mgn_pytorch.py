"""MGN of github.com/seathiefwang/MGN-pytorch, to our MGN's variant "mgn_pytorch"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Optional

import numpy as np

from mindreid.errors import CheckpointError
from mindreid.layers.resnet import norm_parameter_name, parameter_name

_STEM = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3.0"}
_BRANCHES = {"1": "global_branch", "2": "half_branch", "3": "third_branch"}
#: First of the eight classifiers with this word in its name.
_CLASSIFIERS = {"2048": 0, "256_1": 3, "256_2": 5}


def convert(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rename parameters; classifiers come back under "objective."."""
    return convert_port(state, stem="backone", source="mgn_pytorch")  # the repository's spelling


def convert_port(state: Mapping[str, np.ndarray], *, stem: str, source: str) -> dict[str, np.ndarray]:
    """Convert either public port of MGN; they differ in the stem's name and in the reductions.

    Raises
    ------
    CheckpointError
        Naming the first parameter that does not belong to such a network.
    """
    parameters = {}
    for torch_name, value in state.items():
        if torch_name.endswith("num_batches_tracked"):
            continue
        name = _trunk_name(torch_name, stem) or _reduction_name(torch_name) or _classifier_name(torch_name)
        if name is None:
            raise CheckpointError(f"{torch_name!r} is not a parameter of a {source} network")
        is_convolution = name.endswith("linear.weight")
        parameters[name] = value.reshape(value.shape[:2]) if is_convolution else value
    return parameters


def _trunk_name(name: str, stem: str) -> Optional[str]:
    in_stem = re.fullmatch(rf"{stem}\.([01456])\.(.+)", name)
    if in_stem:
        return "stem." + str(parameter_name(f"{_STEM[in_stem[1]]}.{in_stem[2]}"))
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
    return f"objective.classifiers.{_CLASSIFIERS[found[1]] + int(found[2])}.{found[3]}"
