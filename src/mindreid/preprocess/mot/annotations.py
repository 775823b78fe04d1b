"""Reading the boxes of tracked persons from MOTChallenge's text format and its relatives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mindreid.errors import DataError
from mindreid.preprocess.mot.annotation_lines import FORMAT, Row, is_header, parse_row, split_line
from mindreid.preprocess.mot.boxes import Box, estimate_visibility
from mindreid.preprocess.mot.person_class import keep_persons
from mindreid.preprocess.mot.rules import Reading
from mindreid.text_files import read_text_file


def read_annotations(path: Path, reading: Reading = Reading(), *, detections: bool = False) -> list[Box]:
    """Read a ``gt.txt``, or what a tracker wrote in its manner.

    A line is ``frame,id,left,top,width,height,confidence,…`` with a 1-based left and top; semicolons,
    tabs or spaces may take the place of commas, a header may come first, and lines that begin with
    ``#`` are comments. Eight columns go on with a class, nine with class and visibility (MOT16 and
    later); ten with a 3D position (2D MOT 2015), which is not used. Only persons are kept. Without
    annotated visibility it is estimated from the other boxes of the frame.

    Parameters
    ----------
    path : Path
        UTF-8, or UTF-16 with a byte order mark.
    reading : Reading
        Says what a person is where column 8 does not.
    detections : bool
        Whether a file is taken in which all identities are -1.

    Raises
    ------
    DataError
        If the file is missing or has no person, a line is malformed (named by number and column), an
        identity is twice in a frame, or boxes have no identity.
    """
    rows = _read_rows(path)
    if not rows:
        raise DataError(
            "there is no box of a person in the annotations", where=str(path), fix=f"a line is {FORMAT}"
        )
    persons = keep_persons(rows, reading.person_class, path)
    # What is marked as nobody's and excluded at once is a region that annotators left alone.
    persons = [row for row in persons if row.person != -1 or row.confidence != 0]
    if not detections or any(row.person != -1 for row in persons):
        _refuse_detections(persons, path)
        _refuse_repeated(persons, path)
    boxes = [_box_of(row) for row in persons]
    return [
        estimated if row.visibility is None else box
        for row, box, estimated in zip(persons, boxes, _estimate(persons, boxes))
    ]


def _read_rows(path: Path) -> list[Row]:
    rows, first = [], True
    for number, line in enumerate(read_text_file(path).split("\n"), 1):
        columns = () if line.lstrip().startswith("#") else split_line(line)
        if not columns:
            continue
        where = f"{path}:{number}"
        if not (first and is_header(columns, where)):
            rows.append(parse_row(columns, number, where))
        first = False
    return rows


def _box_of(row: Row) -> Box:
    return Box(
        row.frame,
        row.person,
        row.left - 1,
        row.top - 1,
        row.width,
        row.height,
        row.confidence,
        1.0 if row.visibility is None else row.visibility,
        row.line,
    )


def _estimate(rows: Sequence[Row], boxes: Sequence[Box]) -> Sequence[Box]:
    return estimate_visibility(boxes) if any(row.visibility is None for row in rows) else boxes


def _refuse_detections(rows: Sequence[Row], path: Path) -> None:
    nobody = [row for row in rows if row.person == -1]
    if not nobody:
        return
    if len(nobody) == len(rows):
        what = "all identities are -1: these are detections, which no tracker has joined"
    else:
        what = f"column 2 (id) is -1, a box of nobody in particular, as in {len(nobody)} of {len(rows)} lines"
    raise DataError(
        what,
        where=f"{path}:{nobody[0].line}",
        fix="pass a gt.txt or a tracker's result, or remove them",
    )


def _refuse_repeated(rows: Sequence[Row], path: Path) -> None:
    first_line: dict[tuple[int, int], int] = {}
    for row in rows:
        before = first_line.setdefault((row.frame, row.person), row.line)
        if before != row.line:
            raise DataError(
                f"identity {row.person} is already in frame {row.frame}, in line {before}",
                where=f"{path}:{row.line}",
                fix="remove one of them, or give one a number of its own",
            )
