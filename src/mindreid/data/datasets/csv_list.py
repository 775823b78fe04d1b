"""Anybody's own data: three lists of images, as tables of text.

Each file has a header and one line per image, separated by commas, semicolons or tabs, with the
columns

- ``path``: the image, relative to the root (or absolute);
- ``pid``: the person, by name or by a number from 0; ``7``, ``007`` and ``7.0`` are the same number.
  Query and gallery share persons, training has its own; whoever is in both is warned of. -1 is nobody:
  junk, left out;
- ``camid``: the camera, likewise. Optional: without it every image counts as taken by a
  camera of its own, so that nothing is junk but the query itself, should the gallery list it too, and
  an image from right after the query counts as a match. Query and gallery both have it or both lack it;
- ``clothes_id``: the outfit, likewise; the same one may be used for several persons. Optional, too.

A person of the gallery whom no query shows is a distractor. Other columns are refused, since a
misspelt ``camid`` would silently change what is measured; so is a file with two different lines.

Protocols: *standard*, junk is what has the query's person and camera. If query and gallery have
outfits, also *clothes_changing* (what has the query's person and outfit is junk, too) and
*same_clothes* (what has the query's person in another outfit is).
"""

from __future__ import annotations

import csv
import io
import logging
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from mindreid.atomic import PathLike, write_text
from mindreid.data.dataset_assembly import assemble, clothes_protocols
from mindreid.data.dataset_files import ListedFiles, require
from mindreid.data.layouts import Layout, Shot
from mindreid.data.list_labels import NOBODY, Label, number_labels, parse_label, warn_of_spellings
from mindreid.data.list_tables import Columns, Table, TableRow, read_table
from mindreid.data.records import Dataset, Record, Records, with_shared_outfits
from mindreid.errors import DataError
from mindreid.zoo import DATASETS, DatasetEntry

logger = logging.getLogger(__name__)

TREE = """\
<root>/
  train.csv     header "path,pid[,camid][,clothes_id]", one line per image
  query.csv     the same
  gallery.csv   the same
  …             the images, where the column path says
made of images in a folder for each person by: mindreid data list --images <images> --root <root>"""

NO_CAMERAS = (
    "without camid every image counts as a camera of its own, so that nothing is junk but the query itself"
)

COLUMNS = Columns(
    required=("path", "pid"),
    optional=("camid", "clothes_id"),
    synonyms={
        **dict.fromkeys(
            ("file", "filename", "file_name", "filepath", "image", "image_path", "img", "photo"), "path"
        ),
        **dict.fromkeys(("person", "person_id", "personid", "id", "identity", "name", "label"), "pid"),
        **dict.fromkeys(("camera", "camera_id", "cam", "cam_id", "cameraid"), "camid"),
        **dict.fromkeys(("clothes", "cloth", "clothing", "cloth_id", "clothesid", "outfit"), "clothes_id"),
    },
)
_LISTED = 3
_LABELS = ("pid", "camid", "clothes_id")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")


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
        With clothes labels where the lists have them. Names have numbers, see
        :func:`mindreid.data.list_labels.number_labels`.

    Raises
    ------
    DataError
        If a list or a listed image is missing, a column is missing or unknown, a value is
        malformed, an image has different labels in two lines, or query and gallery do not have the
        same columns. It names file, line and column.
    """
    root = require(root, TREE, (train, query, gallery))
    files = ListedFiles(root)
    train_list, query_list, gallery_list = (_read_list(root, name, files) for name in (train, query, gallery))
    if query_list.columns != gallery_list.columns:
        raise DataError(
            f"query and gallery must have the same columns, not {', '.join(sorted(query_list.columns))} "
            f"and {', '.join(sorted(gallery_list.columns))}",
            where=str(root),
        )
    _refuse_contradictions((*query_list.entries, *gallery_list.entries))
    _warn_of_spellings(str(root / train), train_list)
    _warn_of_spellings(str(root), query_list, gallery_list)
    (train_records,) = _records(root, train_list)
    query_records, gallery_records = _records(root, query_list, gallery_list)
    has_clothes = "clothes_id" in query_list.columns
    dataset = assemble(
        "csv_list",
        root,
        train_records,
        query_records,
        gallery_records,
        protocols=clothes_protocols(query_records, gallery_records) if has_clothes else (),
        statistics={},
        variant="" if "camid" in query_list.columns else NO_CAMERAS,
    )
    return replace(dataset, warnings=tuple(_shared_persons(train_list, query_list, gallery_list)))


@dataclass(frozen=True)
class _Entry:
    """A line of a list: its image, as listed by the folder, its labels by column, and its place."""

    path: str
    labels: Mapping[str, Label]
    where: str


@dataclass(frozen=True)
class _List:
    """A list as it stands, and what of it is used."""

    table: Table
    entries: tuple[_Entry, ...]

    @property
    def columns(self) -> frozenset[str]:
        return self.table.columns


def _read_list(root: Path, name: str, files: ListedFiles) -> _List:
    file = root / name
    table = read_table(file, COLUMNS)
    entries = [_parse_row(row, files) for row in table.rows]
    _refuse_contradictions(entries)
    persons = [entry for entry in entries if entry.labels["pid"] != NOBODY]
    _report_left_out(file, len(entries) - len(persons), "show nobody (pid -1)")
    distinct = {os.path.normpath(entry.path): entry for entry in persons}
    _report_left_out(file, len(persons) - len(distinct), "are listed twice")
    return _List(table, tuple(distinct.values()))


def _warn_of_spellings(where: str, *lists: _List) -> None:
    rows = [row for part in lists for row in part.table.rows]
    for column in _LABELS:
        warn_of_spellings(column, (row.cells[column] for row in rows if column in row.cells), where)


def _shared_persons(train: _List, *tested: _List) -> Iterator[str]:
    """Say who is trained on and tested on: records do not, since training persons are numbered anew."""
    trained = {entry.labels["pid"] for entry in train.entries}
    shared = trained & {entry.labels["pid"] for part in tested for entry in part.entries}
    if shared:
        names = sorted(map(str, shared))
        listed = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
        yield (
            f"{len(shared):,} of {len(trained):,} training persons ({listed}) are tested on, too, which "
            "makes figures too good; who is somebody else there needs another pid"
        )


def _report_left_out(file: Path, count: int, why: str) -> None:
    if count:
        logger.warning("%s: %d lines are left out: their images %s", file, count, why)


def _parse_row(row: TableRow, files: ListedFiles) -> _Entry:
    given = [column for column in _LABELS if column in row.cells]
    labels = {column: parse_label(row.cells[column], column, row.where) for column in given}
    for column, label in labels.items():
        if isinstance(label, int) and label < 0 and (column, label) != ("pid", NOBODY):
            raise DataError(
                f"{column} is a number from 0 or a name, not {label}",
                where=row.where,
                fix="only a pid may be -1, for nobody",
            )
    path = next((path for path in _readings(row.cells["path"]) if path in files), None)
    if path is None:
        raise _no_file(row.cells["path"], files, row.where)
    return _Entry(path, labels, row.where)


def _readings(path: str) -> Iterator[str]:
    """Yield ``path``, and what it may stand for if it came from another system."""
    for base in (path, path.strip(), path.strip().replace("\\", "/")):
        yield base
        yield unicodedata.normalize("NFC", base)
        yield unicodedata.normalize("NFD", base)


def _no_file(path: str, files: ListedFiles, where: str) -> DataError:
    similar = files.similar(path.strip().replace("\\", "/"))
    fix = "paths count from the folder that is passed as the root"
    if _URL.match(path.strip()):
        fix = "this is an address: fetch the image and name the file"
    elif _DRIVE.match(path.strip()):
        fix = f"this is a path on another computer; {fix}"
    elif similar is not None:
        fix = f"write {similar!r}: upper and lower case count"
    return DataError(f"path: there is no file {path!r}", where=where, fix=fix)


def _refuse_contradictions(entries: Iterable[_Entry]) -> None:
    """Refuse a file that two lines give different labels."""
    first: dict[str, _Entry] = {}
    for entry in entries:
        before = first.setdefault(os.path.normpath(entry.path), entry)
        for column, label in entry.labels.items():
            if label != before.labels[column]:
                raise DataError(
                    f"the image {entry.path!r} has the {column} {label!r} here and {before.labels[column]!r} "
                    f"in {before.where}",
                    where=entry.where,
                    fix="correct or delete one of the two lines",
                )


def _records(root: Path, *lists: _List) -> tuple[Records, ...]:
    """Make records of lists that share their persons, outfits and cameras."""
    entries = [entry for part in lists for entry in part.entries]
    pids = number_labels(entry.labels["pid"] for entry in entries)
    cameras = number_labels(entry.labels["camid"] for entry in entries if "camid" in entry.labels)
    own_cameras: dict[str, int] = {}

    def record(entry: _Entry) -> Record:
        path = os.path.join(root, entry.path)
        if "camid" in entry.labels:
            camid = cameras[entry.labels["camid"]]
        else:
            camid = own_cameras.setdefault(os.path.realpath(path), len(own_cameras))
        return Record((path,), pids[entry.labels["pid"]], camid)

    return with_shared_outfits(
        *(
            ([record(entry) for entry in part.entries], [_outfit(entry) for entry in part.entries])
            for part in lists
        )
    )


def _outfit(entry: _Entry) -> Optional[str]:
    return str(entry.labels["clothes_id"]) if "clothes_id" in entry.labels else None


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
            writer.writerow(COLUMNS.names)
            writer.writerows(
                (self.relative_path(shot), shot.pid, shot.camid, shot.outfit)
                for shot in shots
                if shot.split == split
            )
            write_text(root / f"{split}.csv", text.getvalue())


DATASETS.register("csv_list", DatasetEntry(load, TREE, CsvLayout()))
