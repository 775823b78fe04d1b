"""Anybody's own data: three CSV files that list images.

Each file has a header and one line per image, with the columns

- ``path``: the image, relative to the root (or absolute);
- ``pid``: the person, an integer from 0. Query and gallery share numbers, training has its own;
- ``camid``: the camera, an integer from 0. Optional: without it every image counts as taken by a
  camera of its own, so that nothing is junk and an image from right after the query counts as a
  match. Query and gallery both have it or both lack it;
- ``clothes_id``: the outfit, any word or number; the same one may be used for several persons.
  Optional, too.

A person of the gallery whom no query shows is a distractor. Other columns are refused, since a
misspelt ``camid`` would silently change what is measured.

Protocols: *standard*, junk is what has the query's person and camera. If query and gallery have
outfits, also *clothes_changing* (what has the query's person and outfit is junk, too) and
*same_clothes* (what has the query's person in another outfit is).
"""

from __future__ import annotations

import csv
import io
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from mindreid.atomic import PathLike, write_text
from mindreid.data.dataset_assembly import assemble, clothes_protocols
from mindreid.data.dataset_files import first_missing, read_list, require
from mindreid.data.layouts import Layout, Shot
from mindreid.data.records import Dataset, Record, Records, with_shared_outfits
from mindreid.errors import DataError
from mindreid.zoo import DATASETS, DatasetEntry, nearest

TREE = """\
<root>/
  train.csv     header "path,pid[,camid][,clothes_id]", one line per image
  query.csv     the same
  gallery.csv   the same
  …             the images, where the column path says"""

NO_CAMERAS = "without camid every image counts as a camera of its own, so that nothing is junk"

_COLUMNS = ("path", "pid", "camid", "clothes_id")
_REQUIRED = ("path", "pid")


def load(
    root: PathLike,
    *,
    train: str = "train.csv",
    query: str = "query.csv",
    gallery: str = "gallery.csv",
) -> Dataset:
    """Load lists of images.

    Parameters
    ----------
    root : path
        The folder that the paths in the lists are relative to.
    train, query, gallery : str
        The lists, relative to ``root`` (or absolute).

    Returns
    -------
    Dataset
        With clothes labels where the lists have them.

    Raises
    ------
    DataError
        If a list or a listed image is missing, a column is missing or unknown, a value is
        malformed, or query and gallery do not have the same columns.
    """
    root = require(root, TREE, (train, query, gallery))
    train_list, query_list, gallery_list = (_read_list(root, name) for name in (train, query, gallery))
    if query_list.columns != gallery_list.columns:
        raise DataError(
            f"query and gallery must have the same columns, not {', '.join(sorted(query_list.columns))} "
            f"and {', '.join(sorted(gallery_list.columns))}",
            where=str(root),
        )
    (train_records,) = _records(train_list.rows)
    query_records, gallery_records = _records(query_list.rows, gallery_list.rows)
    has_clothes = "clothes_id" in query_list.columns
    return assemble(
        "csv_list",
        root,
        train_records,
        query_records,
        gallery_records,
        protocols=clothes_protocols(query_records, gallery_records) if has_clothes else (),
        statistics={},
        variant="" if "camid" in query_list.columns else NO_CAMERAS,
    )


@dataclass(frozen=True)
class _Row:
    path: str
    pid: int
    camid: Optional[int]
    outfit: Optional[str]


@dataclass(frozen=True)
class _List:
    columns: frozenset[str]
    rows: tuple[_Row, ...]


def _records(*lists: Sequence[_Row]) -> tuple[Records, ...]:
    """Make records of lists that share one numbering of outfits, and of cameras where none are given."""
    numbers = itertools.count()
    parts = [
        (
            [Record((row.path,), row.pid, next(numbers) if row.camid is None else row.camid) for row in rows],
            [row.outfit for row in rows],
        )
        for rows in lists
    ]
    return with_shared_outfits(*parts)


def _read_list(root: Path, name: str) -> _List:
    file = root / name
    reader = csv.DictReader(io.StringIO(read_list(file), newline=""))
    rows, where_of = [], {}
    try:
        columns = _check_columns(reader.fieldnames or (), file)
        for cells in reader:
            where = f"{file}:{reader.line_num}"
            rows.append(_parse_row(cells, root, where))
            where_of[rows[-1].path] = where
    except csv.Error as error:
        raise DataError(f"this is no CSV ({error})", where=f"{file}:{reader.line_num}") from None
    absent = first_missing(root, where_of)
    if absent is not None:
        raise DataError(f"there is no file {absent!r}", where=where_of[absent])
    return _List(columns, tuple(rows))


def _check_columns(columns: Sequence[str], file: Path) -> frozenset[str]:
    for column in columns:
        if column not in _COLUMNS:
            raise DataError(
                f"unknown column {column!r}{nearest(column, list(_COLUMNS))}",
                where=f"{file}:1",
                fix=f"the columns are {', '.join(_COLUMNS)}, the last two optional",
            )
    for column in _REQUIRED:
        if column not in columns:
            raise DataError(f"the column {column!r} is missing", where=f"{file}:1")
    return frozenset(columns)


def _parse_row(cells: dict[str, str], root: Path, where: str) -> _Row:
    if None in cells or None in cells.values() or "" in cells.values():
        raise DataError("the line has not one value for each column", where=where)
    return _Row(
        os.path.join(root, cells["path"]),
        _integer(cells, "pid", where),
        _integer(cells, "camid", where) if "camid" in cells else None,
        cells.get("clothes_id"),
    )


def _integer(cells: dict[str, str], column: str, where: str) -> int:
    if not cells[column].strip().isdecimal():
        raise DataError(f"{column} is an integer from 0, not {cells[column]!r}", where=where)
    return int(cells[column])


class CsvLayout(Layout):
    """Images in one folder per split, listed with all four columns."""

    max_cameras = 10**6
    usual_outfits = 2

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        name = f"{shot.pid:04d}_{self.camera_number(shot):02d}_{shot.outfit}_{shot.sequence}_{shot.frame:05d}"
        return f"{shot.split}/{name}{self.suffix}"

    def write_lists(self, root: Path, shots: Sequence[Shot]) -> None:
        """Write ``train.csv``, ``query.csv`` and ``gallery.csv``."""
        for split in ("train", "query", "gallery"):
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(_COLUMNS)
            writer.writerows(
                (self.relative_path(shot), shot.pid, shot.camid, shot.outfit)
                for shot in shots
                if shot.split == split
            )
            write_text(root / f"{split}.csv", text.getvalue())


DATASETS.register("csv_list", DatasetEntry(load, TREE, CsvLayout(), notes=(NO_CAMERAS,)))
