"""Viewpoint labels: the table that ``mindreid data views`` writes, and how records get their views.

The table is CSV with one row per image: ``image`` (path below the labelled folder, with forward
slashes), ``angle`` (degrees, see :mod:`mindreid.preprocess.views.view_angles`), ``bin`` (number from 0),
``name`` (of the bin), ``confidence`` (0..1) and ``reason``. Where the view is unknown, ``angle``,
``bin`` and ``name`` are empty and ``reason`` says why; else ``reason`` is empty.
"""

from __future__ import annotations

import csv
import io
import logging
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from mindreid.atomic import PathLike, atomic_path
from mindreid.data.records import Dataset, Protocol, Record, Records
from mindreid.errors import DataError
from mindreid.text_files import read_text_file

logger = logging.getLogger(__name__)

COLUMNS = ("image", "angle", "bin", "name", "confidence", "reason")
_LISTED = 3


@dataclass(frozen=True)
class ViewRow:
    """One row of the table.

    Attributes
    ----------
    image : str
        Path below the labelled folder, with forward slashes.
    angle : float, optional
        Facing angle in degrees, in (-180, 180]; ``None`` if unknown.
    bin : int, optional
        Number of the bin, from 0.
    name : str
        Name of the bin, empty if unknown.
    confidence : float
        0..1.
    reason : str
        Why the view is unknown, else empty.
    """

    image: str
    angle: Optional[float] = None
    bin: Optional[int] = None
    name: str = ""
    confidence: float = 0.0
    reason: str = ""


def write_views(path: PathLike, rows: Iterable[ViewRow]) -> None:
    """Write a table of views, whole or not at all.

    Raises
    ------
    DataError
        If an image's name is no text.
    """
    rows = list(rows)
    for row in rows:
        _require_text(row.image)
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            angle = "" if row.angle is None else f"{row.angle:.1f}"
            number = "" if row.bin is None else row.bin
            writer.writerow([row.image, angle, number, row.name, f"{row.confidence:.3f}", row.reason])


def _require_text(image: str) -> None:
    try:
        image.encode()
    except UnicodeEncodeError:
        raise DataError(
            "the table of views can't hold a file name that is no UTF-8", where=ascii(image), fix="rename it"
        ) from None


def read_views(path: PathLike) -> dict[str, ViewRow]:
    """Read a table of views by image.

    Raises
    ------
    DataError
        If the file is missing or is no such table; a wrong row is named by its line.
    """
    text = read_text_file(os.path.expanduser(path))
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: dict[str, ViewRow] = {}
    try:
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise DataError(
                f"this is no table of views, it lacks the column {missing[0]!r}",
                where=str(path),
                fix="make one with `mindreid data views`",
            )
        for row in reader:
            _add_row(rows, row, f"{path}, line {reader.line_num}")
    except csv.Error as error:
        raise DataError(f"cannot read the table of views ({error})", where=str(path)) from None
    return rows


def _add_row(rows: dict[str, ViewRow], row: Mapping[str, str], where: str) -> None:
    try:
        parsed = ViewRow(
            image=row["image"],
            angle=float(row["angle"]) if row["angle"] else None,
            bin=int(row["bin"]) if row["bin"] else None,
            name=row["name"],
            confidence=float(row["confidence"]),
            reason=row["reason"],
        )
    except (TypeError, ValueError) as error:
        raise DataError(f"this row of the table of views is malformed ({error})", where=where) from None
    if (parsed.bin is not None and parsed.bin < 0) or not math.isfinite(parsed.angle or 0.0):
        raise DataError("a bin is a number from 0 and an angle is finite", where=where)
    if parsed.image in rows:
        raise DataError(f"the image {parsed.image!r} has two rows", where=where)
    rows[parsed.image] = parsed


def attach_views(dataset: Dataset, path: PathLike) -> Dataset:
    """Give the records of a dataset the view bins of a table.

    Every training image needs a row, be it an unknown one; query and gallery images without a row,
    and records of several images, keep ``view=None``. Rows of other images are passed over, so that
    one table may serve several variants of a dataset.

    Parameters
    ----------
    dataset : Dataset
        Its records' paths are looked up relative to ``dataset.root``.
    path : path
        The table.

    Raises
    ------
    DataError
        If the table cannot be read, or lacks training images.
    """
    rows = read_views(path)
    views = {image: row.bin for image, row in rows.items()}
    root = dataset.root
    _require_all(dataset, views, str(path))
    labelled = replace(
        dataset,
        train=_with_views(dataset.train, views, root),
        query=_with_views(dataset.query, views, root),
        gallery=_with_views(dataset.gallery, views, root),
        protocols={
            name: _protocol_with_views(protocol, views, root) for name, protocol in dataset.protocols.items()
        },
    )
    known = sum(record.view is not None for record in labelled.train)
    logger.info("%s: %d of %d training images have a known view", path, known, len(labelled.train))
    return labelled


def _protocol_with_views(protocol: Protocol, views: Mapping[str, Optional[int]], root: Path) -> Protocol:
    return replace(
        protocol,
        query=_with_views(protocol.query, views, root),
        gallery=_with_views(protocol.gallery, views, root),
        query_pool=_with_views(protocol.query_pool, views, root),
    )


def _with_views(records: Records, views: Mapping[str, Optional[int]], root: Path) -> Records:
    return tuple(
        replace(record, view=views.get(_key(record, root))) if len(record.paths) == 1 else record
        for record in records
    )


def _require_all(dataset: Dataset, views: Mapping[str, Optional[int]], where: str) -> None:
    keys = [_key(record, dataset.root) for record in dataset.train if len(record.paths) == 1]
    missing = [key for key in keys if key not in views]
    if missing:
        more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
        raise DataError(
            f"{len(missing)} of {len(keys)} training images have no row in the table of views: "
            f"{', '.join(missing[:_LISTED])}{more}",
            where=where,
            fix=f"make the table with `mindreid data views --images {dataset.root}`, the dataset's root",
        )


def _key(record: Record, root: Path) -> str:
    return Path(os.path.relpath(record.path, root)).as_posix()
