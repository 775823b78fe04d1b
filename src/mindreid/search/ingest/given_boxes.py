"""Boxes that somebody else's detector or tracker found: MOT text, or JSON.

JSON is a list of ``{"frame": 0, "box": [left, top, width, height], "id": 3, "score": 0.9}``: frames
from 0, pixels of the upright frame from 0, ``id`` and ``score`` optional. With ids the boxes are
tracks; without any they are tracked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.errors import DataError
from mindreid.preprocess.mot.annotations import read_annotations
from mindreid.preprocess.mot.rules import Reading
from mindreid.text_files import read_text_file

_LINE = '{"frame": 0, "box": [left, top, width, height], "id": 3, "score": 0.9}'


@dataclass(frozen=True)
class GivenBoxes:
    """Boxes of a recording.

    Attributes
    ----------
    path : Path
        Where they stand.
    by_frame : dict
        By the number of the frame, from 0: float32 ``[persons, 5]``, left, top, width, height, score.
    ids : dict or None
        By frame: the person of each box. ``None``: nobody has joined the boxes to tracks.
    """

    path: Path
    by_frame: dict[int, np.ndarray]
    ids: Optional[dict[int, list[int]]]

    def of_frame(self, number: int) -> np.ndarray:
        """Return the boxes of a frame."""
        return self.by_frame.get(number, np.zeros((0, 5), np.float32))

    @property
    def step(self) -> int:
        """Frames from one with boxes to the next one, usually; a detector may have looked at few."""
        return int(np.median(np.diff(sorted(self.by_frame)))) if len(self.by_frame) > 1 else 1

    def is_due(self, number: int) -> bool:
        """Whether the detector has looked at a frame, whatever it has found."""
        return number in self.by_frame or (number - min(self.by_frame)) % self.step == 0

    def digest(self) -> str:
        """Return a SHA-256 of all boxes and ids, wherever and in whatever form they stand."""
        digest = hashlib.sha256()
        for frame in sorted(self.by_frame):
            ids = None if self.ids is None else self.ids[frame]
            digest.update(repr((frame, ids, self.by_frame[frame].tolist())).encode())
        return digest.hexdigest()

    @property
    def last(self) -> int:
        """The last frame with a box."""
        return max(self.by_frame)


def read_boxes(path: Path, reading: Reading = Reading()) -> GivenBoxes:
    """Read the boxes of persons.

    Parameters
    ----------
    path : Path
        ``.json``, else MOT text as :func:`mindreid.preprocess.mot.annotations.read_annotations` takes it;
        identities that are all -1 are detections.
    reading : Reading
        How MOT text is understood; its first frame is 1, or 0 if that is annotated.

    Raises
    ------
    DataError
        If the file can't be read, has no box, or a box is malformed, is twice in a frame, or has no id
        where others have.
    """
    if path.suffix.lower() == ".json":
        rows = _json_rows(path)
    else:
        boxes = read_annotations(path, reading, detections=True)
        first = reading.first_frame
        first = min(1, min(box.frame for box in boxes)) if first is None else first
        rows = [
            (
                box.frame - first,
                box.person,
                (box.left, box.top, box.width, box.height, _score(box.confidence)),
            )
            for box in boxes
            if box.confidence != 0
        ]
    if not rows:
        raise DataError("there is no box of a person in this file", where=str(path))
    if rows[0][0] < 0 or min(row[0] for row in rows) < 0:
        raise DataError("a frame lies before the first one", where=str(path), fix="pass --first-frame")
    return GivenBoxes(path, *_by_frame(rows, path))


def _by_frame(
    rows: Sequence[tuple[int, int, tuple[float, ...]]], path: Path
) -> tuple[dict[int, np.ndarray], Optional[dict[int, list[int]]]]:
    boxes: dict[int, list[tuple[float, ...]]] = {}
    ids: dict[int, list[int]] = {}
    for frame, person, box in rows:
        if person != -1 and person in ids.get(frame, ()):
            raise DataError(f"person {person} is in frame {frame} twice", where=str(path))
        boxes.setdefault(frame, []).append(box)
        ids.setdefault(frame, []).append(person)
    arrays = {frame: np.array(found, np.float32) for frame, found in boxes.items()}
    without = sum(person == -1 for found in ids.values() for person in found)
    if without not in (0, len(rows)):
        raise DataError(
            f"{without} of {len(rows)} boxes have no id", where=str(path), fix="give all an id, or none"
        )
    return arrays, None if without else ids


def _json_rows(path: Path) -> list[tuple[int, int, tuple[float, ...]]]:
    try:
        content = json.loads(read_text_file(path))
    except ValueError as error:
        raise DataError(f"this is no JSON ({error})", where=str(path)) from None
    if not isinstance(content, list):
        raise DataError("this is no list of boxes", where=str(path), fix=f"an entry is {_LINE}")
    return [_json_row(entry, f"{path}, entry {number}") for number, entry in enumerate(content)]


def _json_row(entry: Any, where: str) -> tuple[int, int, tuple[float, ...]]:
    fields: dict[str, Any] = entry if isinstance(entry, dict) else {}
    frame, person, score = fields.get("frame", -1), fields.get("id", -1), fields.get("score", 1.0)
    box = fields.get("box") if isinstance(fields.get("box"), list) else []
    numbers = [*box, score] if isinstance(box, list) else []
    is_good = (
        set(fields) <= {"frame", "box", "id", "score"}
        and _is_count(frame)
        and (person == -1 or _is_count(person))
        and len(numbers) == 5
        and all(_is_number(value) for value in numbers)
        and min(numbers[2:4]) > 0
        and 0 <= score <= 1
    )
    if not is_good:
        raise DataError(f"this is no box: {str(entry)[:80]}", where=where, fix=f"an entry is {_LINE}")
    return int(frame), int(person), tuple(map(float, numbers))


def _score(confidence: float) -> float:
    # Detectors write whatever they compute with, beyond 1 and below 0.
    return min(max(confidence, 0.0), 1.0)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
