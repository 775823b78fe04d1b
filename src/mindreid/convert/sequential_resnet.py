"""A torchvision ResNet that was put into an ``nn.Sequential`` without its pooling and classifier."""

from __future__ import annotations

from typing import Optional

from mindreid.layers.resnet import parameter_name

#: The children of torchvision's ResNet, in order; 2 and 3 are ReLU and max pooling.
CHILDREN = {
    "0": "conv1",
    "1": "bn1",
    "4": "layer1",
    "5": "layer2",
    "6": "layer3",
    "7": "layer4",
}


def trunk_parameter_name(name: str) -> Optional[str]:
    """Translate the name of a parameter in such a sequence to that of our trunk.

    Examples
    --------
    >>> trunk_parameter_name("7.2.bn3.running_mean")
    'layer4.2.bn3.moving_mean'
    """
    number, _, rest = name.partition(".")
    return parameter_name(f"{CHILDREN[number]}.{rest}") if number in CHILDREN and rest else None
