"""GaitPart checkpoints of github.com/ShiqiYu/OpenGait."""

from __future__ import annotations

import re
from typing import Optional

import numpy as np

from mindreid.convert.kernels import fold_series
from mindreid.convert.source import Source

_TRUNK = "Backbone.forward_block.feature."
_LAYERS = {
    "0": "conv1", "2": "conv2", "5": "conv3.conv", "7": "conv4.conv", "10": "conv5.conv", "12": "conv6.conv",
}  # fmt: skip
_MOTION = re.compile(r"TFA\.pooling_func\.conv1d3x([13])\.(\d+)\.([02])\.conv\.weight")


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name."""
    if name == "Head.fc_bin":
        return "part_linear.weight"
    if name.startswith(_TRUNK) and name.endswith(".conv.weight"):
        layer = _LAYERS.get(name[len(_TRUNK) : -len(".conv.weight")])
        return f"{layer}.weight" if layer else None
    motion = _MOTION.fullmatch(name)
    if motion is None:
        return None
    size, part, place = motion.groups()
    branch = "short" if size == "1" else "long"
    return f"micro_motion.{branch}_{'in' if place == '0' else 'out'}.{part}"


def reshape(name: str, value: np.ndarray) -> np.ndarray:
    """Turn 1-d kernels into matrices."""
    return fold_series(value) if name.startswith("micro_motion.") else value


#: It has no classifier.
SOURCE = Source(
    rename=rename,
    classes="",
    sections={"model": ""},
    required="micro_motion.short_in.0",
    reshape=reshape,
)
