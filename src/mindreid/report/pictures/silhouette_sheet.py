"""Sheets of silhouette sequences: what a dataset holds, and what augmentation makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mindreid.data.formats.silhouettes import align_sequence
from mindreid.data.records import Record
from mindreid.data.sample_loaders import open_frames
from mindreid.data.transforms.silhouette_augmentations import SILHOUETTE_AUGMENTATIONS, cut_sides
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.report.pictures.tiles import PAPER, caption, evenly_spaced, write_sheet
from mindreid.walkers import Walk, render_walk

_SCALE, _CAPTION, _GAP = 2, 150, 2
_RIM = 90
#: Height and width that networks take.
_INPUT = (64, 44)


def draw_sequences(path: Path, rows: Sequence[tuple[str, np.ndarray]], *, frames: int = 10) -> None:
    """Draw each sequence as a row of silhouettes behind its caption.

    Parameters
    ----------
    path : Path
        The PNG to write.
    rows : sequence of tuple
        Caption and silhouettes, uint8 ``[T, H, W]``, all of one height and width.
    frames : int
        How many frames of each, evenly spread; a shorter sequence is drawn whole.

    Raises
    ------
    InvalidArgumentError
        If there is no row, a row has no frames, or ``frames`` is not positive.
    """
    if frames < 1 or not rows or not all(len(silhouettes) for _, silhouettes in rows):
        raise InvalidArgumentError("a sheet has at least one sequence of at least one frame")
    write_sheet(path, [_strip(title, _spread(silhouettes, frames)) for title, silhouettes in rows])


def draw_records(path: Path, records: Sequence[Record], *, rows: int = 12, frames: int = 10) -> None:
    """Draw sequences of a dataset of silhouettes, evenly spread over ``records``; see :func:`draw_sequences`.

    Raises
    ------
    DataError
        If a sequence cannot be read or is none of silhouettes.
    """
    chosen = [records[index] for index in evenly_spaced(len(records), rows)]
    captions = [f"{record.pid}  {record.condition}  {record.camera}" for record in chosen]
    draw_sequences(path, list(zip(captions, map(_silhouettes, chosen))), frames=frames)


def draw_augmentations(path: Path, *, seed: int = 1, sequence: str = "", frames: int = 10) -> None:
    """Draw a sequence as it is, and below it as each augmentation of silhouettes changes it.

    Parameters
    ----------
    path : Path
        The PNG to write.
    seed : int
        Of the augmentation, and of the generated walker that is drawn without a ``sequence``.
    sequence : str
        A pickled sequence of aligned silhouettes.
    frames : int
        How many frames are drawn.

    Raises
    ------
    DataError
        If the sequence cannot be read or is none of silhouettes.
    """
    aligned = _silhouettes(Record((sequence,), 0, 0)) if sequence else _walker(seed, frames)
    silhouettes = cut_sides(*_INPUT)(aligned, np.random.default_rng(seed))
    rows = [("as it is", silhouettes)]
    for step in SILHOUETTE_AUGMENTATIONS:
        changed = step(probability=1.0)(silhouettes, np.random.default_rng(seed))
        rows.append((step.__name__.removeprefix("silhouette_"), changed))
    draw_sequences(path, rows, frames=frames)


def _silhouettes(record: Record) -> np.ndarray:
    frames = open_frames(record)
    if not isinstance(frames, np.ndarray) or frames.ndim != 3:
        raise DataError(
            "this is no sequence of silhouettes",
            where=record.path,
            fix="a .pkl file with uint8 [frames, height, width] is one",
        )
    return frames


def _walker(seed: int, frames: int) -> np.ndarray:
    walk = render_walk(seed, Walk(1), frames, frame_rate=10.0, occlusion=0.0, azimuth=-70.0)
    return align_sequence(frame.silhouette for frame in walk)


def _spread(silhouettes: np.ndarray, frames: int) -> np.ndarray:
    return silhouettes[evenly_spaced(len(silhouettes), frames)]


def _strip(title: str, silhouettes: np.ndarray) -> np.ndarray:
    # A rim of the image's colour would hide where a silhouette is cut off.
    framed = np.pad(silhouettes, ((0, 0), (1, 1), (1, 1)), constant_values=_RIM)
    pixels = np.hstack([np.pad(frame, ((0, 0), (0, 1)), constant_values=PAPER) for frame in framed])
    pixels = pixels.repeat(_SCALE, axis=0).repeat(_SCALE, axis=1)
    strip = np.hstack([caption(title, len(pixels), _CAPTION)[..., 0], pixels])
    return np.pad(strip, ((0, _GAP), (0, 0)), constant_values=PAPER)
