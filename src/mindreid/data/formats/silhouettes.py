"""Silhouettes: from a mask of any size to the aligned one that gait networks take, and stored ones read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Optional

import cv2
import numpy as np

from mindreid.errors import DataError, InvalidArgumentError

#: Height and width of aligned silhouettes.
ALIGNED_SIZE = 64
#: A mask whose pixels (0..255) sum up to no more shows nothing, as OpenGait's preparation has it.
LEAST_PIXEL_SUM = 10_000
#: A stored sequence whose largest value lies between 1 and this one is none of white walkers.
_LEAST_WHITE = 64
_INTERPOLATIONS = {"cubic": cv2.INTER_CUBIC, "area": cv2.INTER_AREA}


def align_silhouette(
    mask: np.ndarray,
    *,
    least_sum: int = LEAST_PIXEL_SUM,
    interpolation: Literal["cubic", "area"] = "cubic",
) -> Optional[np.ndarray]:
    """Crop a silhouette to its rows, scale it to a height of 64, centre it sideways.

    The steps of OpenGait's preparation, so that its data and ours can be mixed: the rows with
    foreground are scaled with the aspect ratio kept; the centre is the column at which the
    foreground, summed from the left, passes one half; 64 columns around it are cut out, with zeros
    where the mask has ended.

    Parameters
    ----------
    mask : np.ndarray
        uint8 ``[H, W]``, 255 where the walker is.
    least_sum : int
        A mask whose pixels sum up to no more shows nothing.
    interpolation : "cubic" or "area"
        Of the scaling; OpenGait takes "cubic" for CASIA-B and others, "area" for CCPG.

    Returns
    -------
    np.ndarray or None
        uint8 ``[64, 64]``; ``None`` for a mask that shows nothing.

    Raises
    ------
    InvalidArgumentError
        If the mask is not uint8 ``[H, W]``.
    """
    if mask.dtype != np.uint8 or mask.ndim != 2:
        raise InvalidArgumentError(f"a silhouette is uint8 [H, W], not {mask.dtype} {list(mask.shape)}")
    if mask.sum(dtype=np.int64) <= least_sum:
        return None
    size, rows = ALIGNED_SIZE, np.flatnonzero(mask.any(axis=1))
    figure = mask[rows[0] : rows[-1] + 1]
    width = max(int(figure.shape[1] * size / figure.shape[0]), 1)
    scaled = cv2.resize(figure, (width, size), interpolation=_INTERPOLATIONS[interpolation])
    mass = scaled.sum(axis=0, dtype=np.int64).cumsum()
    centre = int(np.searchsorted(mass, mass[-1] / 2, side="right"))
    padded = np.pad(scaled, ((0, 0), (size // 2, size // 2)))
    return np.ascontiguousarray(padded[:, centre : centre + size])


def align_sequence(masks: Iterable[np.ndarray]) -> np.ndarray:
    """Align the silhouettes of a walk, leaving out the masks that show nothing.

    Returns
    -------
    np.ndarray
        uint8 ``[frames, 64, 64]``, with no frames if all masks are empty.
    """
    aligned = [silhouette for mask in masks if (silhouette := align_silhouette(mask)) is not None]
    return np.stack(aligned) if aligned else np.zeros((0, ALIGNED_SIZE, ALIGNED_SIZE), np.uint8)


def stored_silhouettes(array: np.ndarray, where: str) -> np.ndarray:
    """Bring a stored sequence of silhouettes to values of 0..255.

    Parameters
    ----------
    array : np.ndarray
        ``[T, H, W]``, ``[T, 1, H, W]`` or ``[T, H, W, 1]``: truth values, floating-point numbers in
        0..1, or numbers in 0..255, of which integers that are all 0 or 1 stand for black and white.
    where : str
        The file, for messages.

    Returns
    -------
    np.ndarray
        uint8 ``[T, H, W]``; ``array`` itself if it is that already.

    Raises
    ------
    DataError
        If it has another shape or other values, which are named.
    """
    frames = array
    for axis in (1, 3):
        if frames.ndim == 4 and frames.shape[axis] == 1:
            frames = frames.squeeze(axis)
    if frames.ndim != 3:
        raise DataError(
            f"frames are uint8 [T, H, W] or [T, 3, H, W], not {array.dtype} {list(array.shape)}", where=where
        )
    if not frames.size:
        return frames.astype(np.uint8)
    low, high = float(frames.min()), float(frames.max())
    # A not-a-number fails every comparison.
    if not (low >= 0 and high <= 255) or 1 < high < _LEAST_WHITE:
        raise DataError(
            f"silhouettes have values from 0 to 255, or from 0 to 1, these have {low:g} to {high:g}",
            where=where,
            fix="write 255 where the walker is, and 0 elsewhere",
        )
    if high <= 1:
        return np.rint(frames * np.float32(255)).astype(np.uint8)
    return frames if frames.dtype == np.uint8 else np.rint(frames).astype(np.uint8)
