"""Tables with one row per image, in CSV: how they are read, and how records find their rows."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

from mindreid.atomic import PathLike, atomic_path
from mindreid.data.records import Dataset, Record, Records
from mindreid.errors import DataError
from mindreid.text_files import read_text_file

_LISTED = 3


def write_table(path: PathLike, columns: Sequence[str], rows: Iterable[Sequence[object]], kind: str) -> None:
    """Write a table whose first column is the image, whole or not at all.

    Parameters
    ----------
    path : path
        The CSV.
    columns : sequence of str
        The header.
    rows : iterable of sequence
        The cells.
    kind : str
        What the table is of, for messages: "views".

    Raises
    ------
    DataError
        If an image's name is no text.
    """
    rows = list(rows)
    for row in rows:
        _require_text(str(row[0]), kind)
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _require_text(image: str, kind: str) -> None:
    try:
        image.encode()
    except UnicodeEncodeError:
        raise DataError(
            f"the table of {kind} can't hold a file name that is no UTF-8",
            where=ascii(image),
            fix="rename it",
        ) from None


def read_table(path: PathLike, columns: Sequence[str], kind: str) -> Iterator[tuple[Mapping[str, str], str]]:
    """Read a table row by row, each with the place that messages name.

    Raises
    ------
    DataError
        If the file is missing, is no such table, a row is too long or too short, or an image has two.
    """
    reader = csv.DictReader(io.StringIO(read_text_file(os.path.expanduser(path)), newline=""), strict=True)
    images = set()
    try:
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise DataError(
                f"this is no table of {kind}, it lacks the column {missing[0]!r}",
                where=str(path),
                fix=f"make one with `mindreid data {kind}`",
            )
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if None in row or None in row.values():
                raise malformed("it has more or fewer cells than the header", kind, where)
            yield row, where
            if row[columns[0]] in images:
                raise DataError(f"the image {row[columns[0]]!r} has two rows", where=where)
            images.add(row[columns[0]])
    except csv.Error as error:
        raise DataError(f"cannot read the table of {kind} ({error})", where=str(path)) from None


def require_table(path: PathLike, kind: str, root: PathLike, otherwise: str = "") -> None:
    """Refuse a table that is not there.

    Parameters
    ----------
    path : path
        Where it should be.
    kind : str
        What it is of, as the command and the recipe's key call it: "views".
    root : path
        The dataset's folder.
    otherwise : str, optional
        What can be done without the table.

    Raises
    ------
    DataError
        Naming the command that makes it, and the recipe's key.
    """
    if not os.path.exists(os.path.expanduser(path)):
        raise DataError(
            f"there is no table of {kind}",
            where=str(path),
            fix=f"make it with `mindreid data {kind} --images {root} --output {path}`, or name another one "
            f"with --set dataset.{kind}=FILE{otherwise}",
        )


def change_records(dataset: Dataset, change: Callable[[Record, str], Record]) -> Dataset:
    """Change every record of one image; those of several images stay.

    Parameters
    ----------
    dataset : Dataset
        All of its splits and protocols are changed alike.
    change : callable
        ``change(record, image)``: ``image`` is the path below the dataset's root, with forward slashes.
    """

    def changed(records: Records) -> Records:
        return tuple(
            change(record, image_key(record, dataset.root)) if len(record.paths) == 1 else record
            for record in records
        )

    protocols = {
        name: replace(
            protocol,
            query=changed(protocol.query),
            gallery=changed(protocol.gallery),
            query_pool=changed(protocol.query_pool),
            trials=tuple(changed(trial) for trial in protocol.trials),
        )
        for name, protocol in dataset.protocols.items()
    }
    return replace(
        dataset,
        train=changed(dataset.train),
        query=changed(dataset.query),
        gallery=changed(dataset.gallery),
        protocols=protocols,
    )


def require_rows(
    records: Sequence[Record], root: Path, rows: Collection[str], *, kind: str, split: str, where: str
) -> None:
    """Refuse a table that lacks images of a split.

    Raises
    ------
    DataError
        Naming the first of them.
    """
    keys = [image_key(record, root) for record in records if len(record.paths) == 1]
    missing = [key for key in keys if key not in rows]
    if missing:
        more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
        raise DataError(
            f"{len(missing)} of {len(keys)} {split} images have no row in the table of {kind}: "
            f"{', '.join(missing[:_LISTED])}{more}",
            where=where,
            fix=f"make the table with `mindreid data {kind} --images {root}`, the dataset's root",
        )


def image_key(record: Record, root: Path) -> str:
    """Path of a record's first image below the root, with forward slashes."""
    return Path(os.path.relpath(record.path, root)).as_posix()


def malformed(error: Any, kind: str, where: str) -> DataError:
    """Make the error of a row that can't be read."""
    return DataError(f"this row of the table of {kind} is malformed ({error})", where=where)
