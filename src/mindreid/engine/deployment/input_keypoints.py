"""Keypoints of the images that an exported file is run on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from mindreid.config import InputConfig
from mindreid.data.formats.regular_files import file_checksum
from mindreid.data.keypoint_table import read_keypoints
from mindreid.errors import DataError, InvalidArgumentError

_MAKE = "make the table with `mindreid data keypoints --images`, the folder of --input"


@dataclass(frozen=True)
class InputKeypoints:
    """A table of keypoints beside the images of a folder or list.

    Attributes
    ----------
    table : Path
        The table.
    folder : Path
        What its images' paths are relative to.
    sha256 : str
        Its checksum: embeddings made with another table are others.
    poses : mapping
        Keypoints ``[26, 3]``, or ``None``, by the image's path below the folder.
    """

    table: Path
    folder: Path
    sha256: str
    poses: Mapping[str, Optional[np.ndarray]]

    @classmethod
    def read(cls, table: Path, source: Path) -> InputKeypoints:
        """Read the table for images that are listed from ``source``, a folder or a list of paths."""
        folder = source if source.is_dir() else source.parent
        return cls(table, folder, file_checksum(table), read_keypoints(table))

    def of(self, path: Path) -> Optional[np.ndarray]:
        """Return the keypoints of an image, ``None`` if nobody was found in it.

        Raises
        ------
        DataError
            If the table does not have the image.
        """
        image = Path(os.path.relpath(path, self.folder)).as_posix()
        if image not in self.poses:
            what = f"the table of keypoints has no row of {image!r}"
            raise DataError(what, where=str(self.table), fix=_MAKE)
        return self.poses[image]


def input_keypoints(inputs: InputConfig, table: Optional[Path], source: Path) -> Optional[InputKeypoints]:
    """Read the table if the network takes keypoints.

    Raises
    ------
    InvalidArgumentError
        If it takes keypoints and there is no table, or the other way round.
    """
    if inputs.kind != "posed_image":
        if table is not None:
            raise InvalidArgumentError("this network takes no keypoints", fix="leave out --keypoints")
        return None
    if table is None:
        raise InvalidArgumentError(
            "this network takes keypoints of every image", fix=f"pass --keypoints FILE.csv; {_MAKE}"
        )
    return InputKeypoints.read(table, source)
