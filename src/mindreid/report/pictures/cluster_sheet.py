"""A picture of the clusters among single persons' images: one person after another, a row per cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mindreid.data.records import Record
from mindreid.errors import InvalidArgumentError
from mindreid.metrics import PersonClusters
from mindreid.report.pictures.tiles import blank, caption, evenly_spaced, record_tile, write_sheet

CELL_HEIGHT, CELL_WIDTH = 96, 48
_CAPTION, _MARGIN = 16, 4


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
    DataError
        If an image that is drawn cannot be read.
    """
    if min(persons, rows, columns) < 1:
        raise InvalidArgumentError("the picture has at least one person, one row and one column")
    known = np.unique(clusters.pids)
    width = columns * CELL_WIDTH
    parts: list[np.ndarray] = []
    for pid in known[evenly_spaced(len(known), persons)]:
        own = np.flatnonzero(clusters.pids == pid)
        sizes = np.bincount(clusters.labels, minlength=len(clusters.pids))[own]
        order = own[np.argsort(-sizes, kind="stable")][:rows]
        title = f"person {pid}: {sizes.sum()} images in {len(own)} clusters"
        parts.append(caption(title, _CAPTION, width))
        for label in order:
            members = np.flatnonzero(clusters.labels == label)
            shown = members[evenly_spaced(len(members), columns)]
            parts.append(np.hstack([record_tile(records[index], CELL_HEIGHT, CELL_WIDTH) for index in shown]))
            parts.append(blank(_MARGIN, width))
    write_sheet(path, parts)
