"""One line of a MOT annotation file: from text to a row of checked values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from mindreid.errors import DataError

FORMAT = "frame,id,left,top,width,height,…"
_COLUMNS = ("frame", "id", "left", "top", "width", "height", "confidence", "class", "visibility")
_MIN_COLUMNS = 6
#: Of MOT16 and later, with class and visibility; and of 2D MOT 2015, with a 3D position.
_WITH_VISIBILITY, _WITH_POSITION = 9, 10
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
#: No sequence and no picture is as long or as large.
_LARGEST_FRAME, _LARGEST_PIXEL = 10**9, 10**6
#: Beyond it, two identities that are written as 1e16 could become one.
_LARGEST_ID = 2**53 - 1
#: What a header calls a column, as lower-case letters and digits.
_HEADER = (
    r"(frame|image|img)(no|nr|num|number|id|idx|index)?|fn|f",
    r"(track|target|object|obj|person|ped|pedestrian)(id|no|nr|num|idx|index)?|id|identity",
    r"(bb|bbox|box)?(left|x|x1|xmin|xleft|l|tlx|xtl)",
    r"(bb|bbox|box)?(top|y|y1|ymin|ytop|t|tly|ytl)",
    r"(bb|bbox|box)?(width|w)",
    r"(bb|bbox|box)?(height|h)",
    r"conf|confidence|score|prob|probability|flag|active|valid|considered|mark|notignored",
    r"cls|class|classid|classname|category|categoryid|label|type|x|x3d|xworld",
    r"vis|visibility|visratio|visibilityratio|y|y3d|yworld",
)


@dataclass(frozen=True)
class Row:
    """What a line says, before anything is concluded from other lines.

    Attributes
    ----------
    line : int
        Its number, from 1.
    frame, person : int
        As annotated; a person of -1 is nobody in particular.
    left, top, width, height : float
        Pixels, left and top from 1.
    confidence : float
        1 where none is given.
    label : str, optional
        Column 8 as it is written, ``None`` if it is missing or -1. A class, or with ten columns
        perhaps a position.
    visibility : float, optional
        Visible share, ``None`` if it is missing or -1.
    columns : tuple of str
        All of them.
    """

    line: int
    frame: int
    person: int
    left: float
    top: float
    width: float
    height: float
    confidence: float
    label: Optional[str]
    visibility: Optional[float]
    columns: tuple[str, ...]

    @property
    def may_be_position(self) -> bool:
        """Whether columns 8 to 10 may be a 3D position."""
        return len(self.columns) >= _WITH_POSITION


def split_line(text: str) -> tuple[str, ...]:
    """Split a line at commas, semicolons, tabs or spaces; empty columns at its end don't count."""
    separator = next((mark for mark in ";,\t" if mark in text), None)
    columns = [column.strip().strip("\"'").strip() for column in text.split(separator)]
    while columns and not columns[-1]:
        columns.pop()
    return tuple(columns)


def is_number(text: str) -> bool:
    """Whether ``text`` is a finite decimal number."""
    return _NUMBER.fullmatch(text) is not None and abs(float(text)) < float("inf")


def is_header(columns: tuple[str, ...], where: str) -> bool:
    """Tell a header from a line of values.

    Raises
    ------
    DataError
        If it names other columns than those that are read.
    """
    if not columns or is_number(columns[0]) or columns[0].lower().lstrip("+-") in ("nan", "inf", ""):
        return False
    for index, (name, known) in enumerate(zip(columns, _HEADER)):
        if not re.fullmatch(known, re.sub(r"[^a-z0-9]", "", name.lower())):
            raise _refused(index, name, f"and the header of {FORMAT} has the {_COLUMNS[index]} there", where)
    if len(columns) < _MIN_COLUMNS:
        raise DataError(f"this is no line of {FORMAT}", where=where, fix=_fix())
    return True


def parse_row(columns: tuple[str, ...], line: int, where: str) -> Row:
    """Check a line's columns.

    Parameters
    ----------
    columns : tuple of str
        See :func:`split_line`.
    line : int
        Its number, from 1.
    where : str
        File and line, for errors.

    Raises
    ------
    DataError
        If there are too few or too many columns, or one of them is empty, no finite number, or out
        of range.
    """
    if not _MIN_COLUMNS <= len(columns) <= _WITH_POSITION:
        raise DataError(
            f"there are {len(columns)} columns, not {_MIN_COLUMNS} to {_WITH_POSITION} as in {FORMAT}",
            where=where,
            fix=_fix(),
        )
    count = len(columns)
    frame = _integer(columns, 0, where, 0, _LARGEST_FRAME)
    person = _integer(columns, 1, where, -1, _LARGEST_ID)
    left, top, width, height = (_pixels(columns, index, where) for index in range(2, 6))
    return Row(
        line,
        frame,
        person,
        left,
        top,
        width,
        height,
        confidence=_unless_missing(_number(columns, 6, where) if count > _MIN_COLUMNS else -1.0, 1.0),
        label=None if count <= 7 or _is_minus_one(columns[7]) else _label(columns, where),
        visibility=_visibility(columns, where) if count == _WITH_VISIBILITY else None,
        columns=columns,
    )


def _unless_missing(value: float, otherwise: float) -> float:
    # MOTChallenge's own files write -1 for what is not there.
    return otherwise if value == -1 else value


def _is_minus_one(text: str) -> bool:
    return is_number(text) and float(text) == -1


def _number(columns: tuple[str, ...], index: int, where: str) -> float:
    text = columns[index]
    if not is_number(text):
        raise _refused(index, text, "which is no finite number" if text else "which is empty", where)
    return float(text)


def _integer(columns: tuple[str, ...], index: int, where: str, least: int, most: int) -> int:
    value = _number(columns, index, where)
    if not value.is_integer():
        raise _refused(index, columns[index], "which is no whole number", where)
    if not least <= value <= most:
        raise _refused(index, columns[index], f"which is not in {least} to {most}", where)
    return int(value)


def _pixels(columns: tuple[str, ...], index: int, where: str) -> float:
    value = _number(columns, index, where)
    if abs(value) > _LARGEST_PIXEL:
        raise _refused(index, columns[index], "which is beyond any picture", where)
    if _COLUMNS[index] in ("width", "height") and value <= 0:
        raise _refused(index, columns[index], "which leaves nothing of the box", where)
    return value


def _visibility(columns: tuple[str, ...], where: str) -> Optional[float]:
    value = _number(columns, 8, where)
    if value != -1 and not 0 <= value <= 1:
        raise _refused(8, columns[8], "which is no share from 0 to 1", where)
    return None if value == -1 else value


def _label(columns: tuple[str, ...], where: str) -> str:
    text = columns[7]
    if not text or text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        raise _refused(7, text, "which is no class", where)
    return text


def _refused(index: int, text: str, why: str, where: str) -> DataError:
    shown = text if len(text) <= 30 else text[:29] + "…"
    return DataError(f"column {index + 1} ({_COLUMNS[index]}) is {shown!r}, {why}", where=where, fix=_fix())


def _fix() -> str:
    return f"mend or remove the line; a line is {FORMAT} as in a gt.txt of the MOTChallenge"
