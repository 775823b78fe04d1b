"""Boxes of tracked persons in MOTChallenge's text format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from mindreid.errors import DataError

_PEDESTRIAN = 1
_MIN_COLUMNS = 6
#: Columns of 2D MOT 2015 with 3D positions, and of MOT16/17/20 with class and visibility.
_COLUMNS_2016 = 9


@dataclass(frozen=True)
class Box:
    """One person in one frame.

    Attributes
    ----------
    frame : int
        From 1, as annotated.
    person : int
        Annotated identity.
    left, top, width, height : float
        Pixels; left and top from 0.
    confidence : float
        0 marks boxes that the annotators exclude.
    visibility : float
        Visible share in 0..1; see :func:`estimate_visibility` where it is not annotated.
    """

    frame: int
    person: int
    left: float
    top: float
    width: float
    height: float
    confidence: float = 1.0
    visibility: float = 1.0

    @property
    def bottom(self) -> float:
        """The lower edge in pixels."""
        return self.top + self.height

    def covered_by(self, other: Box) -> float:
        """Share of this box's area that ``other`` covers."""
        width = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0) / (self.width * self.height)


def read_annotations(path: Path) -> list[Box]:
    """Read a ``gt.txt``.

    A line is ``frame,id,left,top,width,height,confidence,…`` with a 1-based left and top. Nine
    columns go on with class and visibility (MOT16 and later), of which only pedestrians are
    kept; ten with a 3D position (2D MOT 2015), which is not used. Without annotated visibility it
    is estimated from the other boxes of the frame.

    Raises
    ------
    DataError
        If the file is missing or empty, or a line is malformed; it is named by number.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"can't read the annotations ({error})", where=str(path)) from None
    boxes, annotated = [], False
    for number, line in enumerate(lines, 1):
        if line.strip():
            box, with_visibility = _parse(line, f"{path}:{number}")
            annotated = annotated or with_visibility
            if box is not None:
                boxes.append(box)
    if not boxes:
        raise DataError("there is no box of a person in the annotations", where=str(path))
    return boxes if annotated else estimate_visibility(boxes)


def estimate_visibility(boxes: Sequence[Box]) -> list[Box]:
    """Set each box's visibility to what the most covering box in front of it leaves.

    Of two persons before a camera that looks down on them, the one whose feet are lower in the
    image is in front.
    """
    by_frame: dict[int, list[Box]] = {}
    for box in boxes:
        by_frame.setdefault(box.frame, []).append(box)
    return [
        replace(
            box,
            visibility=1.0
            - max((box.covered_by(o) for o in by_frame[box.frame] if o.bottom > box.bottom), default=0.0),
        )
        for box in boxes
    ]


def _parse(line: str, where: str) -> tuple[Optional[Box], bool]:
    columns = line.split(",")
    try:
        values = [float(column) for column in columns]
    except ValueError:
        values = []
    if len(values) < _MIN_COLUMNS or values[0] < 1 or min(values[4:6]) <= 0:
        raise DataError(
            "this is no line of frame,id,left,top,width,height,…",
            where=where,
            fix="pass a gt.txt of the MOTChallenge",
        )
    frame, person, left, top, width, height = values[:_MIN_COLUMNS]
    with_visibility = len(values) == _COLUMNS_2016
    box = Box(
        int(frame),
        int(person),
        left - 1,
        top - 1,
        width,
        height,
        confidence=values[6] if len(values) > _MIN_COLUMNS else 1.0,
        visibility=values[8] if with_visibility else 1.0,
    )
    if with_visibility and int(values[7]) != _PEDESTRIAN:
        return None, True
    return box, with_visibility
