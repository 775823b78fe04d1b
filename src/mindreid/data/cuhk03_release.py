"""Images out of CUHK03's first release, the MATLAB file ``cuhk-03.mat``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py
import numpy as np
from PIL import Image
from tqdm import tqdm

from mindreid.atomic import atomic_path
from mindreid.data.dataset_files import parse_name
from mindreid.errors import DataError

_NAME = re.compile(r"(?P<pair>[1-5])_(?P<person>\d{3})_(?P<view>[12])_(?P<image>\d{2})\.png$")


class Release:
    """The file ``cuhk-03.mat``, open for reading.

    It holds, under "detected" and "labeled", a cell for each of five pairs of cameras; in it a
    matrix of cells, persons × 10; in each an image or nothing. MATLAB stores columns first, so that
    every array appears transposed.
    """

    def __init__(self, file: h5py.File, variant: str) -> None:
        self._file = file
        self._pairs = [file[pair][()] for pair in file[variant][()].ravel()]

    def image(self, name: str) -> np.ndarray:
        """Return one image.

        Parameters
        ----------
        name : str
            ``{pair 1-5}_{person 3 digits}_{view 1-2}_{image 01-10}.png``, all from 1.

        Returns
        -------
        np.ndarray
            uint8 RGB ``[H, W, 3]``.

        Raises
        ------
        DataError
            If the name is malformed, or the file has no such image.
        """
        match = parse_name(_NAME, name, str(self._file.filename))
        pair, person, image = (int(match[group]) - 1 for group in ("pair", "person", "image"))
        try:
            pixels = self._file[self._pairs[pair][image, person]][()].T
        except IndexError:
            pixels = np.empty(0)
        # MATLAB stores an empty cell as a vector with its dimensions.
        if pixels.ndim != 3 or pixels.dtype != np.uint8:
            raise DataError(f"the file holds no image {name!r}", where=str(self._file.filename))
        return pixels


def extract_images(release: Callable[[], Path], variant: str, names: Sequence[str], folder: Path) -> None:
    """Write those of ``names`` to ``folder`` that are not there yet, each whole or not at all.

    An interrupted extraction goes on where it stopped.

    Parameters
    ----------
    release : callable
        Returns the path of ``cuhk-03.mat``; called only if an image is missing.
    variant : str
        "detected" or "labeled".
    names : sequence of str
        Image names, see :meth:`Release.image`.
    folder : Path
        Where they go.

    Raises
    ------
    DataError
        If the file is damaged, lacks an image, or the folder cannot be written to.
    """
    present = set(os.listdir(folder)) if folder.is_dir() else set()
    missing = [name for name in names if name not in present]
    if not missing:
        return
    source = release()
    try:
        with h5py.File(source, "r") as file:
            images = Release(file, variant)
            for name in tqdm(missing, f"extracting {variant} images", unit="image", disable=None):
                with atomic_path(folder / name) as path:
                    Image.fromarray(images.image(name)).save(path)
    except DataError:
        raise
    except (OSError, KeyError, ValueError) as error:
        raise DataError(
            f"cannot extract the images to {folder} ({error})",
            where=str(source),
            fix="check that the folder can be written to and that the file is whole",
        ) from error
