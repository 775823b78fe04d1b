"""Random erasing."""

from __future__ import annotations

import math
from typing import Literal, Optional, Union

import numpy as np

from mindreid.data.formats.images import Transform
from mindreid.data.transforms.geometry import check_probability
from mindreid.errors import InvalidArgumentError

_ATTEMPTS = 100


def random_erasing(
    mean: tuple[float, float, float],
    *,
    probability: float = 0.5,
    area: tuple[float, float] = (0.02, 0.4),
    aspect: float = 0.3,
    fill: Union[Literal["zero", "mean", "own_mean"], tuple[float, float, float]] = "zero",
) -> Transform:
    """Fill a random rectangle with one colour (Zhong et al., AAAI 2020, algorithm 1).

    Parameters
    ----------
    mean : tuple of float
        The data's mean colour, in [0, 1]; comes from the recipe's ``input``.
    probability : float
        How often an image is touched.
    area : tuple of float
        Least and greatest part of the image's area that is erased; uniform between them.
    aspect : float
        Least height to width of the rectangle; uniform between it and its inverse. A rectangle
        that does not fit is drawn again, up to 100 times.
    fill : "zero", "mean", "own_mean" or tuple of float
        The colour, in the values that pixels have where erasing stands in the list: before
        ``normalize`` in [0, 1], after it in normalised units. So "zero" is black before and the
        mean colour after it, and "mean" is the mean colour in both places. "own_mean" is the mean
        colour of the image at hand.

    Notes
    -----
    CAL and other recipes fill (0.4914, 0.4822, 0.4465), a mean colour, *after* normalisation: not
    the mean there any more, but what their published numbers were obtained with.
    """
    check_probability(probability)
    check_rectangle(area, aspect)
    named = {"zero": np.zeros(3), "mean": np.asarray(mean), "own_mean": np.zeros(3)}
    color = named[fill] if isinstance(fill, str) else np.asarray(fill)

    def apply(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        if generator.random() >= probability:
            return image
        box = draw_rectangle(image.shape[0], image.shape[1], area, aspect, generator)
        if box is None:
            return image
        # The layout is kept: a normalised image is a channel-last view of channel-first memory.
        erased = image.copy(order="K")
        # An image with its part image behind it has six channels.
        every = np.tile(color, image.shape[2] // 3)
        if image.dtype == np.int32:
            erased[box] = 0
        elif fill == "own_mean":
            own = image.mean((0, 1), dtype=np.float64)
            erased[box] = np.rint(own) if image.dtype == np.uint8 else own
        elif image.dtype == np.uint8:
            erased[box] = np.rint(255 * every)
        else:
            erased[box] = 0 if fill == "mean" else every
        return erased

    return apply


def draw_rectangle(
    height: int, width: int, area: tuple[float, float], aspect: float, generator: np.random.Generator
) -> Optional[tuple[slice, slice]]:
    """Draw the rows and columns of a rectangle; ``None`` if none fits after 100 attempts.

    See :func:`random_erasing` for ``area`` and ``aspect``.
    """
    for _ in range(_ATTEMPTS):
        target = generator.uniform(*area) * height * width
        ratio = generator.uniform(aspect, 1 / aspect)
        tall, wide = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
        if 0 < tall < height and 0 < wide < width:
            top = generator.integers(height - tall, endpoint=True)
            left = generator.integers(width - wide, endpoint=True)
            return slice(top, top + tall), slice(left, left + wide)
    return None


def check_rectangle(area: tuple[float, float], aspect: float) -> None:
    """Raise an InvalidArgumentError unless a rectangle can be drawn."""
    if not 0 < area[0] <= area[1] < 1:
        raise InvalidArgumentError(f"area is two ascending numbers between 0 and 1, not {tuple(area)}")
    if not 0 < aspect <= 1:
        raise InvalidArgumentError(f"aspect is between 0 and 1, not {aspect}")
