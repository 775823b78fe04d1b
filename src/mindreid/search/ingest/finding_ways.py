"""What finds persons, in words and numbers that stay the same: for notes, and to compare with them."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from mindreid.data.formats.regular_files import file_checksum
from mindreid.search.ingest.given_boxes import GivenBoxes
from mindreid.search.ingest.video_addition import VideoRules

#: How much of a checksum is told.
_LETTERS = 16


def photo_way(detector: Optional[Path], person_class: int = 0, *, whole: bool = False) -> str:
    """Tell what finds persons in photos.

    Parameters
    ----------
    detector : Path, optional
        An ONNX file; by default it is OpenCV's detector.
    person_class : int
        Its class of persons.
    whole : bool
        Whether every photo shows one person from edge to edge.

    Examples
    --------
    >>> photo_way(None)
    "OpenCV's people detector"
    """
    if whole:
        return "taking every photo as one person (--whole)"
    return "OpenCV's people detector" if detector is None else _network(detector, person_class)


def video_way(
    given: Optional[GivenBoxes], detector: Optional[Path], person_class: int, rules: VideoRules
) -> str:
    """Tell what finds persons in videos, in which frames, and how many pictures of each are kept.

    Parameters
    ----------
    given : GivenBoxes, optional
        Boxes that somebody else has found; they are of whatever frames they are of.
    detector : Path, optional
        An ONNX file; by default it is OpenCV's detector where something moves.
    person_class : int
        Its class of persons.
    rules : VideoRules
        How frames become tracklets.
    """
    pictures = f"up to {rules.crops} pictures of each (--crops)"
    if given is not None:
        return f"given boxes ({given.digest()[:_LETTERS]}), {pictures}"
    finder = "OpenCV's detector where something moves"
    if detector is not None:
        finder = _network(detector, person_class)
    return f"{finder}, in {rules.rate:g} frames a second (--rate), {pictures}"


def _network(detector: Path, person_class: int) -> str:
    return f"the detector {file_checksum(detector)[:_LETTERS]}, class {person_class}"
