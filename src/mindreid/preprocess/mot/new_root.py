"""Whether a dataset can be written where the user wants it, before long work is done for it."""

from __future__ import annotations

import os
from pathlib import Path

from mindreid.errors import DataError


def check_new_root(root: Path, source: Path) -> None:
    """Refuse an unusable place for a dataset.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    source : Path
        The video or the folder of frames that it is made of.

    Raises
    ------
    DataError
        If ``root`` is a file or not empty, lies in the folder of frames, or can't be made.
    """
    target = Path(os.path.realpath(root))
    frames = Path(os.path.realpath(source))
    if (target.is_dir() and any(target.iterdir())) or target.is_file():
        raise DataError("this is not an empty folder", where=str(root), fix="name a new folder or delete it")
    if frames in target.parents:
        raise DataError(
            f"the dataset would lie in the folder of frames {source}",
            where=str(root),
            fix="name another --root",
        )
    present = next(parent for parent in target.parents if parent.exists())
    if not present.is_dir() or not os.access(present, os.W_OK | os.X_OK):
        raise DataError(f"can't make a folder in {present}", where=str(root), fix="name another --root")
