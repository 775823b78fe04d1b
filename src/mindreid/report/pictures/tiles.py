"""What pictures of many images are made of: tiles of one size, captions, and the sheet of all rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from mindreid.atomic import atomic_path
from mindreid.data.records import Record
from mindreid.data.sample_loaders import open_frames
from mindreid.errors import InvalidArgumentError

PAPER, INK = 255, 60
_INDENT, _LETTER = 4, 12


def record_tile(record: Record, height: int, width: int) -> np.ndarray:
    """Show a record: its image, or the middle frame of its tracklet or gait sequence.

    Returns
    -------
    np.ndarray
        uint8 ``[height, width, 3]``. An image is stretched, as networks see it; a silhouette keeps
        its shape.

    Raises
    ------
    DataError
        If the file that is shown cannot be read, naming it.
    """
    frames = open_frames(record)
    frame = frames[len(frames) // 2]
    return resize(frame, height, width) if frame.ndim == 3 else _fit(frame, height, width)


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize an image, uint8 ``[H, W, 3]`` or ``[H, W]``."""
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def _fit(silhouette: np.ndarray, height: int, width: int) -> np.ndarray:
    """Put a silhouette, ``[H, W]``, in the middle of a black tile, as large as it fits."""
    scale = min(height / silhouette.shape[0], width / silhouette.shape[1])
    rows, columns = (max(1, round(scale * side)) for side in silhouette.shape)
    top, left = (height - rows) // 2, (width - columns) // 2
    tile = np.zeros((height, width, 3), np.uint8)
    tile[top : top + rows, left : left + columns] = resize(silhouette, rows, columns)[..., None]
    return tile


def blank(height: int, width: int) -> np.ndarray:
    """Paper without anything on it, uint8 ``[height, width, 3]``."""
    return np.full((height, width, 3), PAPER, np.uint8)


def caption(text: str, height: int, width: int) -> np.ndarray:
    """Write ``text`` on paper, uint8 ``[height, width, 3]``; what does not fit is cut off."""
    strip = Image.fromarray(blank(height, width))
    # The font that comes with Pillow has no other letters, and older versions raise an error at them.
    known = text.encode("latin1", "replace").decode("latin1")
    ImageDraw.Draw(strip).text((_INDENT, (height - _LETTER) // 2), known, fill=(INK, INK, INK))
    return np.asarray(strip)


def evenly_spaced(length: int, count: int) -> np.ndarray:
    """Return up to ``count`` distinct positions in a list of ``length``, first and last among them.

    Raises
    ------
    InvalidArgumentError
        If ``count`` is not positive.
    """
    if count < 1:
        raise InvalidArgumentError(f"a picture shows at least one of each, not {count}")
    return np.unique(np.linspace(0, length - 1, count).astype(int))


def stack_rows(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Put rows, each ``[H, W, …]``, one below the other, the shorter ones filled up with paper."""
    width = max(row.shape[1] for row in rows)
    return np.vstack([_widen(row, width) for row in rows])


def _widen(row: np.ndarray, width: int) -> np.ndarray:
    margins = [(0, 0), (0, width - row.shape[1]), *[(0, 0)] * (row.ndim - 2)]
    return np.pad(row, margins, constant_values=PAPER)


def write_picture(path: Path, picture: Image.Image) -> None:
    """Write a picture, whole or not at all.

    Raises
    ------
    InvalidArgumentError
        If the path's ending stands for no kind of picture.
    """
    with atomic_path(path) as temporary:
        try:
            picture.save(temporary, optimize=True)
        except ValueError:
            raise InvalidArgumentError(
                f"no picture can be written to a file ending in {path.suffix!r}",
                where=str(path),
                fix="let its name end in .png",
            ) from None


def write_sheet(path: Path, rows: Sequence[np.ndarray]) -> None:
    """Write rows as :func:`stack_rows` puts them together."""
    write_picture(path, Image.fromarray(stack_rows(rows)))
