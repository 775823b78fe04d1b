"""ResNet of torchvision, to :class:`mindreid.layers.resnet.ResNetTrunk`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mindreid.layers.resnet import parameter_name


def convert(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rename parameters; the ImageNet classifier comes back under "objective."."""
    parameters = {}
    for torch_name, value in state.items():
        name = parameter_name(torch_name)
        if name is not None:
            parameters[f"objective.{name}" if name.startswith("classifier.") else name] = value
    return parameters
