"""Transforms that move pixels: resize, flip, crops."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

from mindreid.data.formats.images import Transform
from mindreid.errors import InvalidArgumentError

Interpolation = Literal["bilinear", "bicubic"]

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def resize(height: int, width: int, interpolation: Interpolation = "bilinear") -> Transform:
    """Resize uint8 images ``[H, W, 3]`` to ``[height, width, 3]``.

    Equals Pillow's ``Image.resize`` bit for bit, with which the published models were trained: its
    filter widens when an image is made smaller, which OpenCV's and MindSpore's do not.
    """
    if interpolation not in _FILTERS:
        raise InvalidArgumentError(f"interpolation is 'bilinear' or 'bicubic', not {interpolation!r}")
    if height < 1 or width < 1:
        raise InvalidArgumentError(f"an image cannot be resized to {height}×{width} pixels")

    def apply(image: np.ndarray, _generator: np.random.Generator) -> np.ndarray:
        return _resize(image, height, width, interpolation)

    return apply


def flip(*, probability: float = 0.5) -> Transform:
    """Mirror the image, left to right."""
    check_probability(probability)

    def apply(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return image[:, ::-1] if generator.random() < probability else image

    return apply


def pad_crop(*, pad: int = 10) -> Transform:
    """Pad every side with ``pad`` zeros and cut the old size out of it at a random place.

    Zero is black before ``normalize`` and the mean colour after it.
    """
    if pad < 0:
        raise InvalidArgumentError(f"pad is a number of pixels, not {pad}")

    def apply(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        height, width, channels = image.shape
        canvas = np.zeros((height + 2 * pad, width + 2 * pad, channels), image.dtype)
        canvas[pad : pad + height, pad : pad + width] = image
        return _random_window(canvas, height, width, generator)

    return apply


def resize_crop(
    height: int, width: int, interpolation: Interpolation = "bilinear", *, scale: float = 1.125
) -> Transform:
    """Resize the image to ``scale`` times the input's size and cut that out at a random place.

    Stands first in a recipe's list and takes the place of the resizing before it, so that an image is
    resized only once. Hermans et al., arXiv 1703.07737, section 3.3.
    """
    large = enlarged(height, width, interpolation, scale)

    def apply(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return _random_window(large(image, generator), height, width, generator)

    return apply


def enlarged(height: int, width: int, interpolation: Interpolation, scale: float) -> Transform:
    """Resize to ``scale`` times a size, whose windows are then cut out.

    Raises
    ------
    InvalidArgumentError
        If ``scale`` is below 1.
    """
    _check_scale(scale)
    return resize(round(height * scale), round(width * scale), interpolation)


def five_windows(image: np.ndarray, height: int, width: int) -> list[np.ndarray]:
    """Cut ``[H, W, C]`` to windows of a size: at the four corners, row by row, then in the middle."""
    below, right = image.shape[0] - height, image.shape[1] - width
    corners = [(top, left) for top in (0, below) for left in (0, right)]
    return [
        image[top : top + height, left : left + width]
        for top, left in (*corners, ((below + 1) // 2, (right + 1) // 2))
    ]


def enlarge_crop(
    interpolation: Interpolation = "bilinear", *, probability: float = 0.5, scale: float = 1.125
) -> Transform:
    """With ``probability``, enlarge the image by ``scale`` and cut the old size out at a random place.

    The random 2-D translation of Ahmed et al. (CVPR 2015) in the form that CAL (CVPR 2022) trains
    with. Takes uint8 images, so it must stand before ``normalize``.
    """
    check_probability(probability)
    _check_scale(scale)

    def apply(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        if generator.random() >= probability:
            return image
        height, width = image.shape[:2]
        large = _resize(image, round(height * scale), round(width * scale), interpolation)
        return _random_window(large, height, width, generator)

    return apply


#: Transforms that take RGB of three channels, since Pillow resizes nothing else.
RESIZING_STEPS = (resize_crop, enlarge_crop)


def check_probability(probability: float) -> None:
    """Raise :class:`InvalidArgumentError` unless ``probability`` is in [0, 1]."""
    if not 0 <= probability <= 1:
        raise InvalidArgumentError(f"a probability is between 0 and 1, not {probability}")


def _check_scale(scale: float) -> None:
    if scale < 1:
        raise InvalidArgumentError(f"scale is at least 1, not {scale}")


def _resize(image: np.ndarray, height: int, width: int, interpolation: Interpolation) -> np.ndarray:
    if image.dtype == np.int32:
        return image[_nearest(image.shape[0], height)[:, None], _nearest(image.shape[1], width)]
    if image.dtype != np.uint8:
        raise InvalidArgumentError(
            f"only uint8 images can be resized, not {image.dtype}",
            fix="list 'enlarge_crop' before 'normalize'",
        )
    return np.asarray(Image.fromarray(image).resize((width, height), _FILTERS[interpolation]))


def _nearest(before: int, after: int) -> np.ndarray:
    """Which of ``before`` pixels the centre of each of ``after`` lies in."""
    return (2 * np.arange(after) + 1) * before // (2 * after)


def _random_window(image: np.ndarray, height: int, width: int, generator: np.random.Generator) -> np.ndarray:
    top = generator.integers(image.shape[0] - height, endpoint=True)
    left = generator.integers(image.shape[1] - width, endpoint=True)
    return image[top : top + height, left : left + width]
