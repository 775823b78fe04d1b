"""Query embeddings against a gallery's: the nearest of each, as a table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mindreid.atomic import atomic_path
from mindreid.engine.deployment.inference import Embedded
from mindreid.errors import InvalidArgumentError
from mindreid.metrics import pairwise_distances

#: Distances in memory at once.
_BLOCK = 2**24


def search(
    query: Embedded, gallery: Embedded, metric: str, top: int
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield each query's number, its ``top`` nearest gallery rows, nearest first, and their distances.

    Raises
    ------
    InvalidArgumentError
        If the embeddings are not of the same kind.
    """
    if query.rows.shape[1:] != gallery.rows.shape[1:]:
        raise InvalidArgumentError(
            f"query and gallery are embeddings of different models: {query.rows.shape[1:]} and "
            f"{gallery.rows.shape[1:]} values"
        )
    top = min(top, len(gallery.rows))
    block = max(1, _BLOCK // len(gallery.rows))
    for begin in range(0, len(query.rows), block):
        distances = pairwise_distances(query.rows[begin : begin + block], gallery.rows, metric)
        for row, values in enumerate(distances):
            candidates = np.argpartition(values, top - 1)[:top]
            # Among equals the gallery's order decides, so that the table is the same everywhere.
            nearest = candidates[np.lexsort((candidates, values[candidates]))]
            yield begin + row, nearest, values[nearest]


def write_ranking(query: Embedded, gallery: Embedded, path: Path, *, metric: str, top: int = 10) -> None:
    """Write a CSV with the columns query, rank (from 1), gallery and distance."""
    with (
        atomic_path(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(("query", "rank", "gallery", "distance"))
        for number, nearest, distances in search(query, gallery, metric, top):
            for rank, (found, distance) in enumerate(zip(nearest, distances), start=1):
                writer.writerow((query.paths[number], rank, gallery.paths[found], f"{distance:.6f}"))
