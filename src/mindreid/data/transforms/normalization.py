"""From pixel values to what the network was made for."""

from __future__ import annotations

import numpy as np

from mindreid.data.formats.images import Transform
from mindreid.errors import InvalidArgumentError


def normalize(mean: tuple[float, float, float], std: tuple[float, float, float]) -> Transform:
    """Scale uint8 pixels to [0, 1], subtract ``mean``, divide by ``std``; the result is float32.

    Of several pictures in one, each three channels are treated alike.

    The result is a channel-last view of channel-first memory, so that the pipeline's last step,
    to CHW, costs nothing.
    """
    if min(std) <= 0:
        raise InvalidArgumentError(f"std is positive in every channel, not {tuple(std)}")
    scale = [np.float32(1 / (255 * value)) for value in std]
    shift = [np.float32(-m / s) for m, s in zip(mean, std)]

    def apply(image: np.ndarray, _generator: np.random.Generator) -> np.ndarray:
        if image.dtype != np.uint8:
            raise InvalidArgumentError(f"only uint8 images can be normalised, not {image.dtype}")
        channels = image.shape[2]
        result = np.empty((channels, *image.shape[:2]), np.float32)
        # Channel by channel: broadcasting over a last axis of three is ten times as slow.
        for channel in range(channels):
            np.multiply(image[..., channel], scale[channel % 3], out=result[channel])
            result[channel] += shift[channel % 3]
        return result.transpose(1, 2, 0)

    return apply
