"""Query embeddings against a gallery's: the nearest of each, as a table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mindreid.atomic import atomic_path
from mindreid.engine.deployment.inference import Embedded
from mindreid.errors import InvalidArgumentError
from mindreid.metrics.distances import DistanceBlocks, block_rows, distance_blocks, row_blocks
from mindreid.metrics.embedding_checks import check_feature_pair
from mindreid.metrics.neighbours import smallest
from mindreid.option_checks import check_positive_integers


def search(
    query: Embedded, gallery: Embedded, metric: str, top: int
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Return an iterator over each query's number, its ``top`` nearest gallery rows, and their distances.

    The nearest comes first, and of equally distant ones the first of the gallery.

    Parameters
    ----------
    query, gallery : Embedded
        Both by the same model.
    metric : {"cosine", "euclidean"}
        See :func:`mindreid.metrics.pairwise_distances`.
    top : int
        At least 1; a smaller gallery is listed whole.

    Raises
    ------
    InvalidArgumentError
        If ``top`` is not a positive integer, the embeddings are not of the same kind, or a row has no
        place in a ranking: NaN, infinite, or all zeros where directions are compared.
    """
    check_positive_integers("the number of gallery rows of a query", top, where="top")
    if query.rows.shape[1:] != gallery.rows.shape[1:]:
        raise InvalidArgumentError(
            f"query and gallery are embeddings of different models: {query.rows.shape[1:]} and "
            f"{gallery.rows.shape[1:]} values"
        )
    sides = check_feature_pair(query.rows, gallery.rows, parts=True, metric=metric)
    blocks = distance_blocks(*sides, metric)
    return _nearest(blocks, len(query.rows), len(gallery.rows), top)


def _nearest(
    blocks: DistanceBlocks, num_query: int, num_gallery: int, top: int
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    for rows in row_blocks(num_query, block_rows(num_gallery)):
        distances = blocks(rows)
        nearest = smallest(distances, min(top, num_gallery))
        found = np.take_along_axis(distances, nearest, axis=1).astype(np.float64)
        yield from zip(range(rows.start, rows.stop), nearest, np.ldexp(found, blocks.exponent))


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
                writer.writerow((query.paths[number], rank, gallery.paths[found], f"{distance:.6g}"))
