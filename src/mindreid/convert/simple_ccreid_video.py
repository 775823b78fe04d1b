"""Video checkpoints of github.com/guxinqian/Simple-CCReID: the inflated ResNet "C2D" for CCVID.

Its 3-D kernels cover a single frame, so that they are the 2-D kernels of a network that takes a clip
frame by frame. The other networks of that code (I3D, AP3D, non-local) look at several frames at once
and have no counterpart here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

import numpy as np

from mindreid.convert import simple_ccreid
from mindreid.errors import CheckpointError
from mindreid.layers.resnet import parameter_name

_TRUNK = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name; neck and classifiers are those of the image network."""
    if name.partition(".")[0] in _TRUNK:
        inner = parameter_name(name)
        return f"trunk.{inner}" if inner else None
    return None if name.startswith("base.") else simple_ccreid.rename(name)


def without_time(name: str, value: np.ndarray) -> np.ndarray:
    """Make a 2-D kernel of a 3-D one.

    Raises
    ------
    CheckpointError
        If it covers several frames.
    """
    if value.ndim != 5:
        return value
    if value.shape[2] != 1:
        raise CheckpointError(
            f"{name!r} covers {value.shape[2]} frames: this is another network than C2D",
            fix="convert a checkpoint of C2DResNet50",
        )
    return value.squeeze(2)


SOURCE = replace(simple_ccreid.SOURCE, rename=rename, reshape=without_time, required="neck.norm.gamma")
