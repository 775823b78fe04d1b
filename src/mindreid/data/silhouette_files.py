"""Silhouettes of training images: masks in a folder that mirrors the dataset's own.

The silhouette of ``train/a.jpg`` is ``train/a.png`` below that folder: a greyscale picture of the
image's shape, in which 255 (or 1, if nothing is brighter) is the person and 0 is not.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from mindreid.atomic import PathLike
from mindreid.data.formats.images import read_image
from mindreid.data.image_tables import image_key
from mindreid.data.records import Dataset, Record
from mindreid.errors import DataError

logger = logging.getLogger(__name__)

_LISTED = 3


def attach_silhouettes(dataset: Dataset, folder: PathLike) -> Dataset:
    """Give the training images of a dataset their silhouettes' files.

    Parameters
    ----------
    dataset : Dataset
        Its records' paths are looked up relative to ``dataset.root``.
    folder : path
        Mirrors the dataset's folder.

    Raises
    ------
    DataError
        If the folder is missing, or an image has none.
    """
    root = Path(os.path.expanduser(folder))
    if not root.is_dir():
        raise DataError(
            "there is no such folder of silhouettes",
            where=str(folder),
            fix="save the mask of every training image there, as PNG, under the image's path, or name "
            "another folder with --set dataset.silhouettes=FOLDER; evaluation does without: "
            "--set dataset.silhouettes=null",
        )
    files = [root / Path(image_key(record, dataset.root)).with_suffix(".png") for record in dataset.train]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
        raise DataError(
            f"{len(missing)} of {len(files)} training images have no silhouette: "
            f"{', '.join(missing[:_LISTED])}{more}",
            where=str(folder),
            fix="save the mask of every training image there, as PNG, under the image's path",
        )
    logger.info("%s: all %d training images have silhouettes", folder, len(files))
    train = tuple(replace(record, silhouette=str(file)) for record, file in zip(dataset.train, files))
    return replace(dataset, train=train)


def training_silhouettes(records: Sequence[Record], height: int, width: int) -> np.ndarray:
    """Read the silhouettes of training images.

    Parameters
    ----------
    records : sequence of Record
        With ``silhouette``.
    height, width : int
        Size in pixels that they are brought to.

    Returns
    -------
    np.ndarray
        uint8 ``[N, height, width]``, 255 is person.

    Raises
    ------
    DataError
        If a record has no silhouette, one is unreadable, or all of them show nobody. Of few that do, as
        segmentations of somebody behind something are, a warning says how many.
    """
    if any(record.silhouette is None for record in records):
        raise DataError(
            "this method trains with the silhouette of every training image, and the recipe names no folder",
            where="dataset.silhouettes",
            fix="pass --set dataset.silhouettes=FOLDER, which mirrors the dataset's own",
        )
    silhouettes = np.stack([read_silhouette(str(record.silhouette), height, width) for record in records])
    _warn_of_nobody(records, silhouettes)
    return silhouettes


def read_silhouette(path: PathLike, height: int, width: int) -> np.ndarray:
    """Read one silhouette: uint8 ``[height, width]``, 255 is person.

    Raises
    ------
    DataError
        If the file is unreadable.
    """
    mask = read_image(path)[..., 0]
    if mask.max() == 1:
        mask = mask * np.uint8(255)
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)


def _warn_of_nobody(records: Sequence[Record], silhouettes: np.ndarray) -> None:
    empty = [str(record.silhouette) for record, own in zip(records, silhouettes) if not own.any()]
    if not empty:
        return
    height, width = silhouettes.shape[1:]
    share = f"{len(empty)} of {len(records)} training images' silhouettes"
    what = f"{share} show nobody at {height}×{width} pixels"
    if len(empty) == len(records):
        raise DataError(what, where=empty[0], fix="255 or 1 is the person, 0 everything else")
    more = ", …" if len(empty) > _LISTED else ""
    logger.warning("%s (%s%s)", what, ", ".join(empty[:_LISTED]), more)
