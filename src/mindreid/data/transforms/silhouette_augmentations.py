"""Transforms of silhouette sequences, uint8 ``[T, H, W]``; one draw moves all frames alike.

The set that AUG-OGBase draws from (CVPR 2023), with the defaults of GaitBase (Fan et al., "OpenGait:
Revisiting Gait Recognition Toward Better Practicality", CVPR 2023) and the geometry of OpenGait's
code. Lengths in pixels are meant for silhouettes of height 64 and grow with the height.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from mindreid.data.formats.images import Transform
from mindreid.data.transforms.erasing import check_rectangle, draw_rectangle
from mindreid.data.transforms.geometry import check_probability
from mindreid.errors import InvalidArgumentError

_HEIGHT = 64


def cut_sides(height: int, width: int) -> Transform:
    """Cut ``[T, height, W]`` to the middle ``width`` columns: 64×44 of 64×64.

    The transform raises :class:`InvalidArgumentError` for silhouettes of another height or narrower.
    """

    def apply(silhouettes: np.ndarray, _generator: np.random.Generator) -> np.ndarray:
        _, own_height, own_width = silhouettes.shape
        if own_height != height or own_width < width:
            raise InvalidArgumentError(
                f"silhouettes of {own_height}×{own_width} pixels can't be cut to {height}×{width}",
                fix="align them with `mindreid data silhouettes`, or choose another modality",
            )
        left = (own_width - width) // 2
        return silhouettes[..., left : left + width]

    return apply


def silhouette_flip(*, probability: float = 0.2) -> Transform:
    """Mirror the sequence, left to right."""
    return _sometimes(probability, lambda silhouettes, _generator: silhouettes[..., ::-1])


def silhouette_rotate(*, probability: float = 0.2, degrees: float = 10.0) -> Transform:
    """Rotate by an angle, uniform between -``degrees`` and ``degrees``.

    The centre is OpenGait's: column ``height // 2``, row ``width // 2``, which is the middle of a square
    and lies up to the right of it in a sequence that is cut already.
    """

    def rotate(silhouettes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        _, height, width = silhouettes.shape
        centre = height // 2, width // 2
        return _warp(silhouettes, cv2.getRotationMatrix2D(centre, generator.uniform(-degrees, degrees), 1))

    return _sometimes(probability, rotate)


def silhouette_perspective(*, probability: float = 0.2, reach: int = 10) -> Transform:
    """View the walker from above or below, left or right.

    Each corner of a quadrilateral is drawn on the upper or lower edge, on one of the ``reach`` columns
    next to the side, and the quadrilateral stretched to the whole image. OpenGait does so before the
    sides are cut (``cut_sides`` after it in the list): the same reach stretches a narrower image more.
    """
    if reach < 1:
        raise InvalidArgumentError(f"the reach is at least one pixel, not {reach}")

    def tilt(silhouettes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        _, height, width = silhouettes.shape
        columns = generator.integers(0, reach * height // _HEIGHT, 4)
        left, right = columns[[0, 3]], width - 1 - columns[[1, 2]]
        drawn = [(left[0], 0), (right[0], 0), (right[1], height), (left[1], height)]
        corners = [(0, 0), (width, 0), (width, height), (0, height)]
        return _warp(
            silhouettes,
            cv2.getPerspectiveTransform(np.array(drawn, np.float32), np.array(corners, np.float32)),
        )

    return _sometimes(probability, tilt)


def silhouette_affine(*, probability: float = 0.2, reach: float = 10.0) -> Transform:
    """Shift, shear and scale: three corners move by up to ``reach`` pixels in each direction."""

    def move(silhouettes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        _, height, width = silhouettes.shape
        corners = np.array([(0, 0), (width, 0), (0, height)], np.float32)
        shift = generator.uniform(-reach, reach, (3, 2)) * height / _HEIGHT
        return _warp(silhouettes, cv2.getAffineTransform(corners, corners + shift.astype(np.float32)))

    return _sometimes(probability, move)


def silhouette_erase(
    *, probability: float = 0.3, area: tuple[float, float] = (0.05, 0.2), aspect: float = 0.3
) -> Transform:
    """Set the same rectangle of every frame to zero.

    Parameters
    ----------
    probability : float
        How often a sequence is touched.
    area : tuple of float
        Least and greatest part of the image's area, uniform between them.
    aspect : float
        Least height to width, uniform between it and its inverse. A rectangle that does not fit is
        drawn again, up to 100 times.
    """
    check_rectangle(area, aspect)

    def erase(silhouettes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        box = draw_rectangle(silhouettes.shape[1], silhouettes.shape[2], area, aspect, generator)
        if box is None:
            return silhouettes
        erased = silhouettes.copy()
        erased[:, box[0], box[1]] = 0
        return erased

    return _sometimes(probability, erase)


def silhouette_dilate(
    *,
    probability: float = 0.2,
    top: tuple[int, int] = (12, 16),
    bottom: tuple[int, int] = (36, 40),
    reach: tuple[int, int] = (1, 2),
) -> Transform:
    """Make a part of the body thicker, as loose clothes do: by default the torso.

    Parameters
    ----------
    probability : float
        How often a sequence is touched.
    top, bottom : tuple of int
        Least and greatest row, at a height of 64, at which the part begins and ends.
    reach : tuple of int
        Least and greatest number of pixels by which it grows on all sides within its rows.
    """
    for name, (least, most) in (("top", top), ("bottom", bottom), ("reach", reach)):
        if not 0 <= least <= most:
            raise InvalidArgumentError(f"{name} is two ascending numbers of pixels, not {least} and {most}")
    if top[1] >= bottom[0]:
        raise InvalidArgumentError(f"the part ends at row {bottom[0]} but begins at row {top[1]}")

    def dilate(silhouettes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        scale = silhouettes.shape[1] / _HEIGHT
        first, last, pixels = (
            round(int(generator.integers(*bounds, endpoint=True)) * scale) for bounds in (top, bottom, reach)
        )
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
        part = silhouettes[:, first:last]
        grown = silhouettes.copy()
        grown[:, first:last] = _every_frame(part, lambda frame: cv2.dilate(frame, kernel))
        return grown

    return _sometimes(probability, dilate)


SILHOUETTE_AUGMENTATIONS: tuple[Callable[..., Transform], ...] = (
    silhouette_affine,
    silhouette_dilate,
    silhouette_erase,
    silhouette_flip,
    silhouette_perspective,
    silhouette_rotate,
)
SILHOUETTE_STEPS: tuple[Callable[..., Transform], ...] = (cut_sides, *SILHOUETTE_AUGMENTATIONS)


def _sometimes(probability: float, change: Transform) -> Transform:
    check_probability(probability)

    def apply(silhouettes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return change(silhouettes, generator) if generator.random() < probability else silhouettes

    return apply


def _warp(silhouettes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Warp all frames with a matrix of 2×3 (affine) or 3×3 (perspective); what comes in is zero."""
    size = silhouettes.shape[2], silhouettes.shape[1]
    warp = cv2.warpAffine if len(matrix) == 2 else cv2.warpPerspective
    return _every_frame(silhouettes, lambda frame: warp(frame, matrix, size, flags=cv2.INTER_LINEAR))


def _every_frame(silhouettes: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return np.stack([change(np.ascontiguousarray(frame)) for frame in silhouettes])
