"""A picture of the clusters among single persons' images: one person after another, a row per cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mindreid.atomic import atomic_path
from mindreid.data.records import Record
from mindreid.errors import InvalidArgumentError
from mindreid.metrics import PersonClusters

CELL_HEIGHT, CELL_WIDTH = 96, 48
_CAPTION, _MARGIN = 16, 4
_INK, _PAPER = (40, 40, 40), (255, 255, 255)


def draw_person_clusters(
    records: Sequence[Record],
    clusters: PersonClusters,
    path: Path,
    *,
    persons: int = 4,
    rows: int = 6,
    columns: int = 12,
) -> None:
    """Draw evenly spaced persons, their largest clusters first.

    Parameters
    ----------
    records : sequence of Record
        The images.
    clusters : PersonClusters
        Found among them, in the same order.
    path : Path
        The PNG to write.
    persons : int
        How many persons.
    rows, columns : int
        At most so many clusters of each, and images of each cluster; captions tell the full numbers.

    Raises
    ------
    InvalidArgumentError
        If a number is not positive.
    """
    if min(persons, rows, columns) < 1:
        raise InvalidArgumentError("the picture has at least one person, one row and one column")
    known = np.unique(clusters.pids)
    chosen = known[np.unique(np.linspace(0, len(known) - 1, persons).astype(int))]
    width = columns * CELL_WIDTH
    parts: list[np.ndarray] = []
    for pid in chosen:
        own = np.flatnonzero(clusters.pids == pid)
        sizes = np.bincount(clusters.labels, minlength=len(clusters.pids))[own]
        order = own[np.argsort(-sizes, kind="stable")][:rows]
        parts.append(_caption(f"person {pid}: {sizes.sum()} images in {len(own)} clusters", width))
        for label in order:
            members = np.flatnonzero(clusters.labels == label)
            parts.append(_row([records[index] for index in _spread(members, columns)], width))
            parts.append(np.full((_MARGIN, width, 3), _PAPER, np.uint8))
    with atomic_path(path) as temporary:
        Image.fromarray(np.vstack(parts)).save(temporary, optimize=True)


def _spread(members: np.ndarray, count: int) -> np.ndarray:
    """Pick up to ``count`` evenly spaced members."""
    return members[np.unique(np.linspace(0, len(members) - 1, count).astype(int))]


def _row(records: list[Record], width: int) -> np.ndarray:
    row = np.full((CELL_HEIGHT, width, 3), _PAPER, np.uint8)
    for column, record in enumerate(records):
        with Image.open(record.path) as image:
            cell = image.convert("RGB").resize((CELL_WIDTH, CELL_HEIGHT), Image.Resampling.BILINEAR)
        row[:, column * CELL_WIDTH : (column + 1) * CELL_WIDTH] = np.asarray(cell)
    return row


def _caption(text: str, width: int) -> np.ndarray:
    strip = Image.new("RGB", (width, _CAPTION), _PAPER)
    ImageDraw.Draw(strip).text((_MARGIN, 2), text, fill=_INK)
    return np.asarray(strip)
