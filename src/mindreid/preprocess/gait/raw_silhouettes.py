"""Folders of silhouette images, as gait datasets are released, to aligned sequences in pickles."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mindreid.atomic import atomic_folder
from mindreid.data.dataset_files import list_images, require
from mindreid.data.formats.images import read_image
from mindreid.data.formats.pickles import write_array
from mindreid.data.formats.silhouettes import align_sequence
from mindreid.data.gait_tree import GaitTree, folder_names, sequence_folders
from mindreid.errors import DataError

logger = logging.getLogger(__name__)

TREE = """\
<root>/
  {subject}/{condition}/{view}/   001/nm-01/090/
    *.png                         one silhouette a frame, white on black, sorted by name"""

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
_FEW_FRAMES = 5


def align_raw_silhouettes(
    source: Path, root: Path, *, modality: str = "", reader_threads: int = 4
) -> dict[str, int]:
    """Write the aligned sequences of a tree of silhouette images.

    Frames that show nothing are left out, as are sequences without any other frame. See
    :func:`mindreid.data.formats.silhouettes.align_silhouette` for the alignment.

    Parameters
    ----------
    source : Path
        ``subject/condition/view/*.png``, as CASIA-B is released.
    root : Path
        The tree to write, whole or not at all: ``subject/condition/view/{view}.pkl``.
    modality : str
        Ending of the files' names, as in :class:`~mindreid.data.gait_tree.GaitTree`.
    reader_threads : int
        Threads that read and align.

    Returns
    -------
    dict
        Number of "sequences" and "frames" written, and of "empty" sequences left out.

    Raises
    ------
    DataError
        If the source is missing, holds no such folder, an image is unreadable, or ``root`` is not
        an empty folder.
    """
    sequences = list(raw_sequences(source))
    if not sequences:
        raise DataError("there is no sequence", where=str(source), fix=f"expected is\n{TREE}")
    counts = {"sequences": 0, "frames": 0, "empty": 0}
    with atomic_folder(root) as folder, ThreadPoolExecutor(reader_threads) as pool:
        aligned = pool.map(lambda sequence: _align(source / sequence), sequences)
        progress = tqdm(zip(sequences, aligned), "sequences", len(sequences), unit="seq", disable=None)
        for sequence, silhouettes in progress:
            if not len(silhouettes):
                logger.warning("%s shows nothing and is left out", source / sequence)
                counts["empty"] += 1
                continue
            if len(silhouettes) < _FEW_FRAMES:
                logger.warning("%s has %d frames only", source / sequence, len(silhouettes))
            name = GaitTree(folder, TREE, modality).file_name(sequence.name)
            write_array(folder / sequence / name, silhouettes)
            counts["sequences"] += 1
            counts["frames"] += len(silhouettes)
    return counts


def raw_sequences(source: Path) -> Iterator[Path]:
    """Yield ``subject/condition/view`` of each sequence below ``source``, sorted."""
    for subject in folder_names(require(source, TREE)):
        for condition, view in sequence_folders(source / subject):
            yield Path(subject, condition, view)


def read_mask(path: Path) -> np.ndarray:
    """Read a silhouette image, uint8 ``[H, W]``; of a coloured one, each pixel's brightest channel."""
    return read_image(path).max(axis=2)


def _align(folder: Path) -> np.ndarray:
    try:
        names = list_images(folder, IMAGE_SUFFIXES)
    except DataError:
        # The released CASIA-B has folders without any image.
        names = []
    return align_sequence(read_mask(folder / name) for name in names)
