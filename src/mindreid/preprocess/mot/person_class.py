"""Which lines of a MOT annotation file are persons: what column 8 means."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from mindreid.errors import DataError
from mindreid.preprocess.mot.annotation_lines import Row, is_number

logger = logging.getLogger(__name__)

_PERSON_NAMES = ("person", "pedestrian")
_MOT_PEDESTRIAN, _COCO_PERSON = "1", "0"
#: Beyond it, three whole numbers are no class and its flags, but a position.
_LARGEST_CLASS = 100


def keep_persons(rows: Sequence[Row], person_class: Optional[str], path: Path) -> list[Row]:
    """Keep the lines that are persons, and say how many are not.

    Parameters
    ----------
    rows : sequence of Row
        All lines.
    person_class : str, optional
        What column 8 says of a person. By default a name "person" or "pedestrian"; of numbers
        MOTChallenge's 1, or 0 if there is no other, as COCO counts. Without column 8, with -1 or a 3D
        position in it, everything is a person.
    path : Path
        The file, for errors.

    Raises
    ------
    DataError
        If it is not clear what a person is, or there is none.
    """
    classes = [_class_of(row) for row in rows]
    if person_class is None:
        positions = _are_positions(rows, path)
        classes = [None if position else label for label, position in zip(classes, positions)]
    persons = {_normal(person_class)} if person_class is not None else _default_persons(classes, rows, path)
    _refuse_partly_classed(classes, persons, rows, path)
    kept = [row for row, label in zip(rows, classes) if label is None or label in persons]
    if not kept or (person_class is not None and not any(classes)):
        raise DataError(
            f"there is no box of a person, column 8 says {_listed(classes)}",
            where=str(path),
            fix="say with --person-class what it says of a person",
        )
    if len(kept) < len(rows):
        others = Counter(label for label in classes if label is not None and label not in persons)
        logger.info("%d boxes are no persons: %s", len(rows) - len(kept), _listed(others.elements()))
    return kept


def _normal(label: str) -> str:
    label = label.strip()
    return f"{float(label):.12g}" if is_number(label) else label.casefold()


def _class_of(row: Row) -> Optional[str]:
    return None if row.label is None else _normal(row.label)


def _are_positions(rows: Sequence[Row], path: Path) -> list[bool]:
    positions = [row.may_be_position and (row.label is None or is_number(row.label)) for row in rows]
    ten = [row for row, position in zip(rows, positions) if position and row.label is not None]
    labels = {_class_of(row) for row in ten}
    # The same 0 or 1 in every line tells nobody apart.
    tells = labels not in (set(), {_COCO_PERSON}, {_MOT_PEDESTRIAN})
    if tells and all(_looks_like_class(row) for row in ten):
        raise DataError(
            f"column 8 is a class or a position, it says {_listed(labels)}",
            where=f"{path}:{ten[0].line}",
            fix="say with --person-class what it says of a person; cut off columns 8 to 10 if a position",
        )
    return positions


def _looks_like_class(row: Row) -> bool:
    """Whether the last three of ten columns are small whole numbers, as class, truncation, occlusion."""
    values = [float(text) if is_number(text) else -1.0 for text in row.columns[7:]]
    return all(value.is_integer() and 0 <= value <= _LARGEST_CLASS for value in values)


def _default_persons(classes: Sequence[Optional[str]], rows: Sequence[Row], path: Path) -> set[str]:
    found = {label for label in classes if label is not None}
    numbers = {label for label in found if is_number(label)}
    if numbers and numbers != found:
        raise DataError(
            f"column 8 has names and numbers: {_listed(found)}",
            where=str(path),
            fix="write one or the other, or say with --person-class what it says of a person",
        )
    if not numbers:
        return set(_PERSON_NAMES)
    if any(not float(label).is_integer() for label in numbers):
        odd = next(row for row, label in zip(rows, classes) if label and not float(label).is_integer())
        raise DataError(f"column 8 (class) is {odd.columns[7]!r}", where=f"{path}:{odd.line}", fix="mend it")
    if _COCO_PERSON in numbers and len(numbers) > 1:
        first = next(row for row, label in zip(rows, classes) if label == _COCO_PERSON)
        raise DataError(
            "column 8 has a class 0 beside others: COCO calls a person 0, MOTChallenge 1",
            where=f"{path}:{first.line}",
            fix="pass --person-class 0 or --person-class 1",
        )
    return {_COCO_PERSON} if numbers == {_COCO_PERSON} else {_MOT_PEDESTRIAN}


def _refuse_partly_classed(
    classes: Sequence[Optional[str]], persons: set[str], rows: Sequence[Row], path: Path
) -> None:
    unclear = next((row for row, label in zip(rows, classes) if label is None), None)
    other = next((row for row, label in zip(rows, classes) if label not in persons and label), None)
    if unclear is not None and other is not None:
        raise DataError(
            f"this line has no class in column 8, but line {other.line} has {other.columns[7]!r}",
            where=f"{path}:{unclear.line}",
            fix="give every line a class, or none",
        )


def _listed(labels: object) -> str:
    names = sorted({str(label) for label in labels if label is not None})  # type: ignore[attr-defined]
    shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return shown or "nothing"
