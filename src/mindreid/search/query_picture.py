"""Who is looked for in a picture: the one person in it, or who fills it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from mindreid.data.formats.images import read_image
from mindreid.errors import InvalidArgumentError
from mindreid.search.ingest.crop_choice import crop_of
from mindreid.search.ingest.detectors import Detector, within

#: A picture that is cut out around a person is higher than this many times its width, and has no more
#: columns: an upright photo of a phone may have the same shape, and is larger.
_CUT_OUT_SHAPE, _CUT_OUT_WIDTH = 1.5, 480
#: In such a picture a person of this share of its height is whom it was cut out around.
_CUT_OUT_SHARE = 0.5
#: Pixels; nobody is to be known in what is lower.
_LEAST_HEIGHT = 32
#: Persons that an error lists.
_LISTED = 8
_SAY_WHERE = "say with --box LEFT,TOP,WIDTH,HEIGHT where the person is"


@dataclass(frozen=True)
class QueryPicture:
    """The picture of the person who is looked for.

    Attributes
    ----------
    crop : np.ndarray
        uint8 RGB ``[h, w, 3]``.
    box : tuple of float or None
        Left, top, width and height in the file's picture; ``None``: all of it.
    told : str
        How it was chosen, for users; empty where they have said so themselves.
    """

    crop: np.ndarray
    box: Optional[tuple[float, ...]]
    told: str = ""


def boxed_person(path: Path, box: Sequence[float]) -> QueryPicture:
    """Take whom a user points at.

    Parameters
    ----------
    path : Path
        An image file.
    box : sequence of float
        Left, top, width and height in pixels.

    Raises
    ------
    DataError
        If it can't be read.
    InvalidArgumentError
        If the box lies outside of it.
    """
    image = read_image(path)
    height, width = image.shape[:2]
    inside = within(np.array([[*box, 1.0]], np.float32), height, width)
    if not len(inside):
        raise InvalidArgumentError(
            f"the box {list(box)} lies outside of the picture of {width} × {height} pixels", where=str(path)
        )
    return QueryPicture(crop_of(image, inside[0]), tuple(box))


def whole_picture(path: Path) -> QueryPicture:
    """Take a picture that shows one person from edge to edge.

    Raises
    ------
    DataError
        If it can't be read.
    """
    return QueryPicture(read_image(path), None)


def person_in_picture(path: Path, detector: Detector) -> QueryPicture:
    """Look for the one person in a picture; one that is cut out around a person is taken whole.

    Parameters
    ----------
    path : Path
        An image file.
    detector : Detector
        Finds persons in it.

    Raises
    ------
    DataError
        If it can't be read.
    InvalidArgumentError
        If there are several persons, or nobody is found and it has not the shape of a person.
    """
    image = read_image(path)
    height, width = image.shape[:2]
    boxes = [box.round() for box in detector(image) if box[3] >= _LEAST_HEIGHT]
    if _is_cut_out(height, width) and (not boxes or max(box[3] for box in boxes) >= _CUT_OUT_SHARE * height):
        return QueryPicture(image, None, f"{path}: taken as cut out around one person, from edge to edge")
    if len(boxes) == 1:
        (box,) = boxes
        return QueryPicture(
            crop_of(image, box),
            tuple(box[:4].tolist()),
            f"{path}: looking for the one person who is found in it, {_option(box)}; --whole takes all of it",
        )
    size = f"{width} × {height} pixels"
    if boxes:
        listed = "; ".join(map(_option, boxes[:_LISTED]))
        raise InvalidArgumentError(
            f"{len(boxes)} persons are found in this picture of {size}: {listed}",
            where=str(path),
            fix="pass one of these boxes",
        )
    raise InvalidArgumentError(
        f"nobody is found in this picture of {size}",
        where=str(path),
        fix=f"{_SAY_WHERE}, or with --whole that it shows one person from edge to edge",
    )


def _is_cut_out(height: int, width: int) -> bool:
    return height > _CUT_OUT_SHAPE * width and width <= _CUT_OUT_WIDTH


def _option(box: np.ndarray) -> str:
    return "--box " + ",".join(f"{side:.0f}" for side in box[:4])
