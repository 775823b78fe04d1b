"""ResNet of torchvision, to :class:`mindreid.layers.resnet.ResNetTrunk`."""

from __future__ import annotations

from typing import Optional

from mindreid.convert.source import OBJECTIVE_PREFIX, Source
from mindreid.layers.resnet import CLASSIFIER_PREFIX, parameter_name

_PARTS = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc")


def rename(name: str) -> Optional[str]:
    """Translate a tensor's name; the ImageNet classifier is not part of a trunk."""
    ours = parameter_name(name) if name.partition(".")[0] in _PARTS else None
    return OBJECTIVE_PREFIX + ours if ours and ours.startswith(CLASSIFIER_PREFIX) else ours


SOURCE = Source(rename=rename, classes=f"{OBJECTIVE_PREFIX}{CLASSIFIER_PREFIX}weight")
