"""Viewpoint labels: the table that ``mindreid data views`` writes, and how records get their views.

The table is CSV with one row per image: ``image`` (path below the labelled folder, with forward
slashes), ``angle`` (degrees, see :mod:`mindreid.preprocess.views.view_angles`), ``bin`` (number from 0),
``name`` (of the bin), ``confidence`` (0..1) and ``reason``. Where the view is unknown, ``angle``,
``bin`` and ``name`` are empty and ``reason`` says why; else ``reason`` is empty.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Optional

from mindreid.atomic import PathLike
from mindreid.data.image_tables import (
    change_records,
    malformed,
    read_table,
    require_rows,
    require_table,
    write_table,
)
from mindreid.data.mirrored_views import mirrored_bins
from mindreid.data.records import Dataset
from mindreid.errors import DataError

logger = logging.getLogger(__name__)

COLUMNS = ("image", "angle", "bin", "name", "confidence", "reason")
_KIND = "views"


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
    write_table(path, COLUMNS, (_cells(row) for row in rows), _KIND)


def _cells(row: ViewRow) -> tuple[object, ...]:
    angle = "" if row.angle is None else f"{row.angle:.1f}"
    number = "" if row.bin is None else row.bin
    return row.image, angle, number, row.name, f"{row.confidence:.3f}", row.reason


def read_views(path: PathLike) -> dict[str, ViewRow]:
    """Read a table of views by image.

    Raises
    ------
    DataError
        If the file is missing or is no such table; a wrong row is named by its line.
    """
    rows = (_parsed(row, where) for row, where in read_table(path, COLUMNS, _KIND))
    return {row.image: row for row in rows}


def _parsed(row: Mapping[str, str], where: str) -> ViewRow:
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
        raise malformed(error, _KIND, where) from None
    if (parsed.bin is not None and parsed.bin < 0) or not math.isfinite(parsed.angle or 0.0):
        raise DataError("a bin is a number from 0 and an angle is finite", where=where)
    return parsed


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
        If the table is missing or cannot be read, or lacks training images.
    """
    require_table(path, _KIND, dataset.root, "; evaluation does without: --set dataset.views=null")
    rows = read_views(path)
    views = {image: row.bin for image, row in rows.items()}
    require_rows(dataset.train, dataset.root, views, kind=_KIND, split="training", where=str(path))
    labelled = change_records(dataset, lambda record, image: replace(record, view=views.get(image)))
    known = sum(record.view is not None for record in labelled.train)
    logger.info("%s: %d of %d training images have a known view", path, known, len(labelled.train))
    angles = [(row.angle, row.bin) for row in rows.values() if row.angle is not None and row.bin is not None]
    return replace(labelled, mirrored_views=mirrored_bins(angles))
