"""Boxes against the picture: what lies inside it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from mindreid.errors import DataError
from mindreid.preprocess.mot.boxes import Box

logger = logging.getLogger(__name__)

#: Some trackers follow a person for a frame or two after it left. More than this share is no slip.
_MOST_OUTSIDE = 0.01


def clip_box(box: Box, size: tuple[int, int], min_inside: float) -> Optional[tuple[slice, slice]]:
    """Return the rows and columns of a box within a picture.

    Parameters
    ----------
    box : Box
        Anywhere.
    size : tuple of int
        Height and width of the picture.
    min_inside : float
        Smallest share of the box within.

    Returns
    -------
    tuple of slice or None
        ``None`` if less lies within.
    """
    height, width = size
    left, right = max(round(box.left), 0), min(round(box.left + box.width), width)
    top, bottom = max(round(box.top), 0), min(round(box.bottom), height)
    if right <= left or bottom <= top:
        return None
    if (right - left) * (bottom - top) < min_inside * box.width * box.height:
        return None
    return slice(top, bottom), slice(left, right)


def leave_out_outside(boxes: Sequence[Box], size: tuple[int, int], annotations: Path) -> list[Box]:
    """Leave out boxes that lie wholly outside of the picture, and say so.

    Parameters
    ----------
    boxes : sequence of Box
        With their lines in ``annotations``.
    size : tuple of int
        Height and width of the picture.
    annotations : Path
        For errors.

    Raises
    ------
    DataError
        If there are so many that the annotations are those of another picture.
    """
    height, width = size
    outside = [
        box
        for box in boxes
        if not (box.left < width and box.top < height and box.left + box.width > 0 and box.bottom > 0)
    ]
    if not outside:
        return list(boxes)
    first = outside[0]
    where = f"{annotations}:{first.line}"
    what = (
        f"identity {first.person} in frame {first.frame} lies wholly outside of the picture of "
        f"{width} × {height}, as {len(outside)} of {len(boxes)} boxes do"
    )
    if len(outside) > max(_MOST_OUTSIDE * len(boxes), 1):
        raise DataError(what, where=where, fix="pass the frames that were annotated, in that size")
    logger.warning("%s: %s; left out", what, where)
    left_out = set(map(id, outside))
    return [box for box in boxes if id(box) not in left_out]
