"""Folders of silhouette images, as gait datasets are released, to aligned sequences in pickles."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mindreid.atomic import atomic_folder
from mindreid.data.dataset_files import NoImagesError, list_frames, require
from mindreid.data.formats.pickles import write_array
from mindreid.data.formats.silhouettes import align_silhouette
from mindreid.data.gait_tree import GaitTree, folder_names, sequence_folders
from mindreid.errors import DataError
from mindreid.preprocess.gait.left_out import BLANK, FULL, LeftOut, write_left_out
from mindreid.preprocess.gait.masks import is_full, mask_values, read_levels, to_mask

logger = logging.getLogger(__name__)

TREE = """\
<root>/
  {subject}/{condition}/{view}/   001/nm-01/090/
    *.png                         one silhouette a frame, of two values, in the order of its number"""

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
_FEW_FRAMES = 5


@dataclass
class _Sequence:
    """What became of the masks of a sequence."""

    silhouettes: list[np.ndarray] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    inverted: bool = False
    largest: int = 0


def align_raw_silhouettes(
    source: Path, root: Path, *, modality: str = "", reader_threads: int = 4
) -> dict[str, int]:
    """Write the aligned sequences of a tree of silhouette images.

    Frames that show nothing, or are full, are left out, as are sequences without any other frame; a
    table in ``root`` names them. See :func:`~mindreid.preprocess.gait.masks.mask_values` for the values
    that masks may have, and :func:`mindreid.data.formats.silhouettes.align_silhouette` for the alignment.

    Parameters
    ----------
    source : Path
        ``subject/condition/view/*.png``, as CASIA-B is released; ``~`` is expanded.
    root : Path
        The tree to write, whole or not at all: ``subject/condition/view/{view}.pkl``.
    modality : str
        Ending of the files' names, as in :class:`~mindreid.data.gait_tree.GaitTree`.
    reader_threads : int
        Threads that read and align.

    Returns
    -------
    dict
        Number of "sequences" and "frames" written, of "empty" sequences left out and, if there are
        any, of "inverted" sequences, whose walkers are dark, and of "blank frames" and "full frames"
        left out.

    Raises
    ------
    DataError
        If the source is missing, holds no such folder, a folder or an image is unreadable, an image no
        mask of one walker, no sequence shows anything, or ``root`` is not an empty folder.
    """
    source = require(source, TREE)
    sequences = list(raw_sequences(source))
    if not sequences:
        raise DataError("there is no sequence", where=str(source), fix=f"expected is\n{TREE}")
    counts, left_out = {"sequences": 0, "frames": 0, "empty": 0, "inverted": 0}, []
    with atomic_folder(root) as folder, ThreadPoolExecutor(reader_threads) as pool:
        aligned = pool.map(lambda sequence: _align(source / sequence), sequences)
        progress = tqdm(zip(sequences, aligned), "sequences", len(sequences), unit="seq", disable=None)
        for name, sequence in progress:
            left_out += sequence.left_out
            frames = len(sequence.silhouettes)
            if not frames:
                _warn_of_empty(source / name, sequence)
                counts["empty"] += 1
                continue
            if frames < _FEW_FRAMES:
                logger.warning("%s has %d frames only", source / name, frames)
            path = folder / name / GaitTree(folder, TREE, modality).file_name(name.name)
            write_array(path, np.stack(sequence.silhouettes))
            counts["sequences"] += 1
            counts["frames"] += frames
            counts["inverted"] += sequence.inverted
        if not counts["frames"]:
            raise DataError("no mask shows a walker", where=str(source), fix=f"expected is\n{TREE}")
        counts.update(write_left_out(folder, left_out))
    return {what: count for what, count in counts.items() if count or what != "inverted"}


def _warn_of_empty(folder: Path, sequence: _Sequence) -> None:
    images = len(sequence.left_out)
    why = f" (largest value of its {images} images: {sequence.largest})" if images else " (it has no image)"
    logger.warning("%s shows nothing%s and is left out", folder, why)


def raw_sequences(source: Path) -> Iterator[Path]:
    """Yield ``subject/condition/view`` of each sequence below ``source``, sorted."""
    for subject in folder_names(source):
        for condition, view in sequence_folders(source / subject):
            yield Path(subject, condition, view)


def _align(folder: Path) -> _Sequence:
    try:
        paths = [folder / name for name in list_frames(folder, IMAGE_SUFFIXES)]
    except NoImagesError:
        # The released CASIA-B has folders without any image.
        paths = []
    sequence, values = _Sequence(), mask_values(paths)
    sequence.inverted = values is not None and values.inverted
    for path in paths:
        levels = read_levels(path)
        sequence.largest = max(sequence.largest, int(levels.max()))
        mask = to_mask(levels, values, path)
        silhouette = None if is_full(mask) else align_silhouette(mask)
        if silhouette is None:
            sequence.left_out.append(LeftOut(path, FULL if is_full(mask) else BLANK))
        else:
            sequence.silhouettes.append(silhouette)
    return sequence
