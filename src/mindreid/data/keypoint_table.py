"""Keypoints of images: the table that ``mindreid data keypoints`` writes, and how records get theirs.

The table is CSV with one row per image: ``image`` (path below the dataset's root, with forward
slashes), then x, y in pixels of the image and confidence (0..1) of every keypoint of
:data:`mindreid.data.keypoints.KEYPOINT_NAMES`. An image without a person has empty cells.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Optional

import numpy as np

from mindreid.atomic import PathLike
from mindreid.data.image_tables import (
    change_records,
    image_key,
    malformed,
    read_table,
    require_rows,
    require_table,
    write_table,
)
from mindreid.data.keypoints import KEYPOINT_NAMES
from mindreid.data.records import Dataset
from mindreid.errors import DataError

logger = logging.getLogger(__name__)

_KIND = "keypoints"
_NUMBERS = tuple(f"{name}_{value}" for name in KEYPOINT_NAMES for value in ("x", "y", "confidence"))
COLUMNS = ("image", *_NUMBERS)


def write_keypoints(path: PathLike, poses: Iterable[tuple[str, Optional[np.ndarray]]]) -> None:
    """Write a table of keypoints, whole or not at all.

    Parameters
    ----------
    path : path
        The CSV.
    poses : iterable of tuple
        Images, each with its keypoints ``[26, 3]`` or ``None``.

    Raises
    ------
    DataError
        If an image's name is no text.
    """
    empty = ("",) * len(_NUMBERS)
    rows = (
        (image, *(empty if points is None else (f"{number:.4g}" for number in np.ravel(points))))
        for image, points in poses
    )
    write_table(path, COLUMNS, rows, _KIND)


def read_keypoints(path: PathLike) -> dict[str, Optional[np.ndarray]]:
    """Read a table of keypoints by image: float32 ``[26, 3]``, or ``None`` without a person.

    Raises
    ------
    DataError
        If the file is missing or is no such table; a wrong row is named by its line.
    """
    return {row["image"]: _points(row, where) for row, where in read_table(path, COLUMNS, _KIND)}


def _points(row: Mapping[str, str], where: str) -> Optional[np.ndarray]:
    cells = [row[column] for column in _NUMBERS]
    if not any(cells):
        return None
    try:
        points = np.array(cells, np.float32).reshape(-1, 3)
    except (TypeError, ValueError) as error:
        raise malformed(error, _KIND, where) from None
    if not np.isfinite(points).all() or points[:, 2].min() < 0 or points[:, 2].max() > 1:
        raise DataError("places are finite and confidences between 0 and 1", where=where)
    return points


def attach_keypoints(dataset: Dataset, path: PathLike) -> Dataset:
    """Give the records of a dataset the keypoints of a table.

    Every image needs a row, be it one without a person. Rows of other images are passed over.

    Parameters
    ----------
    dataset : Dataset
        Its records' paths are looked up relative to ``dataset.root``.
    path : path
        The table.

    Raises
    ------
    DataError
        If the table is missing or cannot be read, or lacks images.
    """
    require_table(path, _KIND, dataset.root)
    poses = read_keypoints(path)
    shown = {"training": dataset.train, "query": dataset.query, "gallery": dataset.gallery}
    for name, protocol in dataset.protocols.items():
        shown[f"{name} protocol's"] = (*protocol.query, *protocol.gallery, *protocol.query_pool)
    for split, records in shown.items():
        require_rows(records, dataset.root, poses, kind=_KIND, split=split, where=str(path))
    every = {record.path: image_key(record, dataset.root) for records in shown.values() for record in records}
    found = sum(poses.get(image) is not None for image in every.values())
    logger.info("%s: %d of %d images have keypoints", path, found, len(every))
    return change_records(dataset, lambda record, image: replace(record, keypoints=poses.get(image)))
