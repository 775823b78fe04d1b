"""CCPG as released, two trees of images, to the sequences in pickles that are trained on."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from mindreid.atomic import atomic_folder
from mindreid.data.dataset_files import list_frames, require
from mindreid.data.formats.images import read_image
from mindreid.data.formats.pickles import write_array
from mindreid.data.formats.silhouettes import align_silhouette
from mindreid.errors import DataError
from mindreid.preprocess.gait.left_out import BLANK, FULL, NO_MASK, LeftOut, write_left_out
from mindreid.preprocess.gait.masks import is_full, mask_values, read_levels, to_mask
from mindreid.preprocess.gait.raw_silhouettes import IMAGE_SUFFIXES, TREE, raw_sequences

logger = logging.getLogger(__name__)

#: Height and width of colour frames and of unaligned silhouettes.
_SIZE = (128, 128)
#: Largest difference between the channels of a grey image that JPEG has been at, on average.
_GREY = 2.0


def organize_ccpg(colour: Path, silhouettes: Path, root: Path) -> dict[str, int]:
    """Write CCPG's sequences with all four modalities.

    The released trees are told apart by content, not by their names: OpenGait's script, and
    instructions that follow it, take the masks from the colour tree.

    Parameters
    ----------
    colour : Path
        ``subject/status/view/*.jpg`` in colour, e.g. ``CCPG_D_MASK_FACE_SHOE``; ``~`` is
        expanded.
    silhouettes : Path
        The same folders with masks of the same base names, e.g. ``CCPG_G_SIL``.
    root : Path
        The tree to write, whole or not at all; see :mod:`mindreid.data.datasets.ccpg`.

    Returns
    -------
    dict
        Number of "sequences" and "frames" written, and of "unpaired" frames left out, which have no
        mask, an empty or a full one; a table in ``root`` names them.

    Raises
    ------
    DataError
        If a tree is missing, the colour tree is grey, the silhouette tree is not, a mask is none of
        one walker, or no frame has a mask.
    """
    colour, silhouettes = require(colour, TREE), Path(os.path.expanduser(silhouettes))
    counts, left_out = {"sequences": 0, "frames": 0}, []
    with atomic_folder(root) as folder:
        sequences = list(raw_sequences(colour))
        for number, sequence in enumerate(tqdm(sequences, "sequences", unit="seq", disable=None)):
            pairs = _pairs(colour / sequence, silhouettes / sequence)
            if number == 0:
                _check_content(colour, silhouettes, pairs)
            frames, unpaired = _frames(pairs)
            left_out += unpaired
            if not frames:
                logger.warning("%s has no frame with a mask and is left out", colour / sequence)
                continue
            for modality in frames[0]:
                stacked = np.stack([frame[modality] for frame in frames])
                write_array(folder / sequence / f"{sequence.name}-{modality}.pkl", stacked)
            counts["sequences"] += 1
            counts["frames"] += len(frames)
        if not counts["frames"]:
            raise DataError("no frame has a mask", where=str(silhouettes))
        write_left_out(folder, left_out)
    return {**counts, "unpaired": len(left_out)}


def _pairs(colour: Path, silhouettes: Path) -> list[tuple[Path, Path]]:
    names = list_frames(colour, IMAGE_SUFFIXES)
    return [(colour / name, silhouettes / Path(name).with_suffix(".png")) for name in names]


def _check_content(colour: Path, silhouettes: Path, pairs: list[tuple[Path, Path]]) -> None:
    """Look at one image of each tree: one must be coloured, and the other a mask."""
    image, mask = pairs[len(pairs) // 2]
    if not mask.is_file():
        raise DataError(
            "there is no mask of this frame",
            where=str(mask),
            fix=f"pass the tree of masks beside {colour} as the silhouettes",
        )
    looks_grey = {path: _looks_grey(read_image(path)) for path in (image, mask)}
    if looks_grey[image] or not looks_grey[mask]:
        raise DataError(
            "the trees are interchanged, or the same one twice: "
            f"{image} is {'grey' if looks_grey[image] else 'coloured'}, "
            f"{mask} is {'grey' if looks_grey[mask] else 'coloured'}",
            fix=f"pass the coloured tree as the colour and not {colour}, and masks as the silhouettes"
            if looks_grey[image]
            else f"pass masks as the silhouettes, not {silhouettes}",
        )


def _looks_grey(image: np.ndarray) -> bool:
    return float(np.ptp(image.astype(np.int16), axis=2).mean()) < _GREY


def _frames(pairs: list[tuple[Path, Path]]) -> tuple[list[dict[str, np.ndarray]], list[LeftOut]]:
    values = mask_values([mask for _, mask in pairs if mask.is_file()])
    frames, left_out = [], []
    for image, path in pairs:
        if not path.is_file():
            left_out.append(LeftOut(image, NO_MASK))
            continue
        mask = to_mask(read_levels(path), values, path)
        aligned = None if is_full(mask) else align_silhouette(mask, least_sum=0, interpolation="area")
        if aligned is None:
            left_out.append(LeftOut(path, FULL if is_full(mask) else BLANK))
        else:
            frames.append(_modalities(read_image(image), mask, aligned))
    return frames, left_out


def _modalities(image: np.ndarray, mask: np.ndarray, aligned: np.ndarray) -> dict[str, np.ndarray]:
    size = _SIZE[::-1]
    return {
        "aligned-sils": aligned,
        "ratios": np.array(image.shape[1] / image.shape[0]),
        "rgbs": cv2.resize(image, size).transpose(2, 0, 1),
        "sils": cv2.resize(mask, size),
    }
