"""What networks of plain convolutions, without norms, have in common: gait networks before GaitBase."""

from __future__ import annotations

from collections.abc import Sequence

from mindspore import nn
from mindspore.common.initializer import HeNormal

from mindreid.errors import InvalidArgumentError


def plain_convolution(in_channels: int, out_channels: int, kernel_size: int = 3) -> nn.Conv2d:
    """Build a convolution without bias that keeps the size of a map."""
    padding = kernel_size // 2
    return nn.Conv2d(
        in_channels,
        out_channels,
        kernel_size,
        pad_mode="pad",
        padding=padding,
        weight_init=HeNormal(mode="fan_in", nonlinearity="leaky_relu"),
    )


def plain_channels(channels: Sequence[int], width: float) -> list[int]:
    """Scale a network's channels by a factor.

    Raises
    ------
    InvalidArgumentError
        If the factor leaves no channels, or is above 4.

    Examples
    --------
    >>> plain_channels((32, 64, 128), 0.25)
    [8, 16, 32]
    """
    scaled = [int(count * width) for count in channels]
    if width > 4 or min(scaled) < 1:
        raise InvalidArgumentError(f"the width factor must be in [1/{min(channels)}, 4], not {width}")
    return scaled


def check_silhouette_size(height: int, width: int, reduction: int, parts: int) -> None:
    """Refuse silhouettes whose map, ``reduction`` times smaller, can't be cut into ``parts`` stripes.

    Raises
    ------
    InvalidArgumentError
        Before anything is compiled.
    """
    if height % (reduction * parts) or width % reduction:
        raise InvalidArgumentError(
            f"silhouettes of {height}×{width} give a map that {parts} parts do not divide",
            fix=f"choose a height that is a multiple of {reduction * parts}, such as 64, and "
            f"a width that is a multiple of {reduction}, such as 44",
        )
