"""Images of masks as people save them, brought to one form: uint8, 255 where the walker is.

Which of two values is the walker's is told for a whole sequence, by what lies at the images' border.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import cv2
import numpy as np
from PIL import Image

from mindreid.data.formats.images import open_image
from mindreid.errors import DataError

#: Frames that a sequence's values are told from.
_SAMPLED = 24
#: With so few different values, each one means something; with more, edges are soft or JPEG has been at it.
_FEW_VALUES = 16
#: Least difference between walker and background in a file of JPEG, which changes values by some.
_JPEG_CONTRAST = 64
#: Scaled values up to the first are background, from the second on walker, where edges are soft.
_LOW, _HIGH = 38, 217
#: Pixels from the walker at which a faint value is JPEG's noise, no soft edge.
_EDGE = 3
#: Less than this share of the border is a walker who is cut by it.
_LITTLE = 0.15
#: From this share of the pixels on, a frame shows no walker but a wall.
_FULL = 0.98
_LISTED = 6
_JPEG_SUFFIXES = (".jpg", ".jpeg")
_CORNERS = ([0, 0, -1, -1], [0, -1, 0, -1])


@dataclass(frozen=True)
class MaskValues:
    """What the values in a sequence of masks mean.

    Attributes
    ----------
    background, walker : int
        The two values.
    few : bool
        Whether hardly any other values occur, so that every other one is a class of its own.
    """

    background: int
    walker: int
    few: bool

    @property
    def inverted(self) -> bool:
        """Whether the walker is the darker one."""
        return self.walker < self.background


def to_mask(levels: np.ndarray, values: Optional[MaskValues], path: Path) -> np.ndarray:
    """Make a mask of an image's values.

    Parameters
    ----------
    levels : np.ndarray
        Unsigned integers ``[H, W]``, of :func:`read_levels`.
    values : MaskValues, optional
        What they mean, of :func:`mask_values`; ``None`` where every image of the sequence is of one
        value, which makes a mask empty if that is 0, else full.
    path : Path
        The file, for messages.

    Returns
    -------
    np.ndarray
        uint8 ``[H, W]``, 255 where the walker is; soft edges are kept, JPEG's noise is not.

    Raises
    ------
    DataError
        If other values than the two fill regions.
    """
    if values is None:
        return np.full(levels.shape, 255 if levels.min() else 0, np.uint8)
    scale = 255.0 / (values.walker - values.background)
    scaled = np.rint((levels.astype(np.float64) - values.background) * scale)
    mask = np.clip(scaled, 0, 255).astype(np.uint8)
    if values.few:
        between = (levels != values.background) & (levels != values.walker)
    else:
        between = (mask > _LOW) & (mask < _HIGH)
    if _has_regions(between):
        raise DataError(
            f"this is no mask of one walker, its most frequent values are {_most_frequent(levels)}",
            where=str(path),
            fix="make masks with two values, one of the walker and one of all else",
        )
    return _without_noise(mask)


def is_full(mask: np.ndarray) -> bool:
    """Tell whether a mask, uint8 ``[H, W]``, covers all of its frame."""
    return float(np.mean(mask > 127)) > _FULL


def mask_values(paths: Sequence[Path]) -> Optional[MaskValues]:
    """Tell what the values in a sequence of masks mean.

    Parameters
    ----------
    paths : sequence of Path
        The masks of a sequence, in order.

    Returns
    -------
    MaskValues or None
        ``None`` if every mask is of one value: empty or full.

    Raises
    ------
    DataError
        If a file cannot be read, or it cannot be told which value is the walker's.
    """
    sampled = sorted({round(place) for place in np.linspace(0, len(paths) - 1, _SAMPLED)}) if paths else []
    chosen = [paths[place] for place in sampled]
    found = _told_from(chosen)
    return found if found is not None or len(chosen) == len(paths) else _told_from(paths)


def read_levels(path: Path) -> np.ndarray:
    """Read the values of a mask as the file has them.

    Returns
    -------
    np.ndarray
        uint8 or uint16 ``[H, W]``: the alpha channel if it tells anything; the number of the class
        in an image with a palette of colours; else the brightness.

    Raises
    ------
    DataError
        If the file is missing, truncated or no image.
    """
    try:
        with open_image(path) as image:
            image.load()
            return _levels(image)
    except Exception as error:  # damaged files make decoders raise almost anything
        raise DataError(
            f"cannot read the mask ({type(error).__name__}: {error})",
            where=str(path),
            fix="fetch the file again or take it out",
        ) from None


def _levels(image: Image.Image) -> np.ndarray:
    if "A" in image.getbands() or "transparency" in image.info:
        alpha = np.asarray(image.convert("RGBA"))[:, :, 3]
        if np.ptp(alpha):
            return alpha
    if image.mode.startswith("I"):
        return np.asarray(image).astype(np.uint16)
    if image.mode == "P" and np.ptp(np.asarray(image.convert("RGB")).astype(np.int16), axis=2).any():
        return np.asarray(image)
    return np.asarray(image.convert("L"))


def _told_from(paths: Sequence[Path]) -> Optional[MaskValues]:
    # How often each value occurs at all, at the border, and in the corners.
    counts = np.zeros((3, 1 << 16), np.int64)
    for path in paths:
        levels = read_levels(path)
        contrast = int(levels.max()) - int(levels.min())
        if contrast >= (_JPEG_CONTRAST if path.suffix.lower() in _JPEG_SUFFIXES else 1):
            rim = (levels[0], levels[-1], levels[1:-1, 0], levels[1:-1, -1])
            for place, values in zip(counts, (levels.ravel(), np.concatenate(rim), levels[_CORNERS])):
                place += np.bincount(values, minlength=len(place))
    values = np.flatnonzero(counts[0])
    if not len(values):
        return None
    low, high = int(values[0]), int(values[-1])
    bright = counts[:, (low + high) // 2 + 1 :].sum(axis=1) / counts.sum(axis=1)
    inverted = _is_inverted(*bright[1:])
    if inverted is None:
        raise DataError(
            f"it cannot be told whether the walker is dark or bright: {bright[0]:.0%} of all pixels are "
            f"bright, {bright[1]:.0%} of those at the border",
            where=str(paths[0].parent),
            fix="save the masks with a margin around the walker",
        )
    background, walker = (high, low) if inverted else (low, high)
    return MaskValues(background, walker, few=len(values) <= _FEW_VALUES)


def _is_inverted(border: float, corners: float) -> Optional[bool]:
    """Tell from the shares of bright pixels whether the background is bright; ``None`` if unclear.

    A walker may be cut by the border, or fill the image up to it, but hardly up to the corners.
    """
    nearly_all = border < _LITTLE or border > 1 - _LITTLE
    if nearly_all and abs(corners - 0.5) < 0.25:
        return border > 0.5
    return corners > 0.5 if abs(corners - 0.5) >= 0.25 else None


def _has_regions(pixels: np.ndarray) -> bool:
    """Tell whether pixels, bool ``[H, W]``, fill anything thicker than a soft edge."""
    side = max(5, len(pixels) // 40) | 1
    # What lies beyond the image's border counts as no such pixel.
    padded = np.pad(pixels.astype(np.uint8), side)
    return bool(np.any(cv2.erode(padded, np.ones((side, side), np.uint8))))


def _without_noise(mask: np.ndarray) -> np.ndarray:
    """Take out what is not bright if faint values lie too far from the walker for a soft edge."""
    bright = (mask > 127).astype(np.uint8)
    side = 2 * _EDGE + 1
    near = cv2.dilate(bright, np.ones((side, side), np.uint8))
    return mask * bright if ((mask > 0) & (mask <= _LOW) & (near == 0)).any() else mask


def _most_frequent(levels: np.ndarray) -> str:
    counts = np.bincount(levels.ravel())
    frequent = np.sort(np.argsort(-counts, kind="stable")[: min(_LISTED, np.count_nonzero(counts))])
    return ", ".join(map(str, frequent.tolist()))
