"""Vectors in a plain file of float32, and exact search through it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Optional

import numpy as np

#: Rows of a block in one product; 65,536 rows of 512 values are 128 MiB.
_BLOCK_ROWS = 65_536
#: Below this share of the rows they are copied together, above it all are gone through.
_FEW = 0.25
#: Scores in float32 may be off by so much; what is that near to the last place is computed again.
_ROUNDING = 1e-5


class VectorFile:
    """Rows of float32 in a file, without a header.

    Parameters
    ----------
    path : Path
        The file.
    dimension : int
        Values of a row.
    """

    def __init__(self, path: Path, dimension: int) -> None:
        self.path, self.dimension = path, dimension

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return 4 * self.dimension

    def append(self, at: int, rows: np.ndarray) -> None:
        """Write rows from row ``at`` on, in place of what a killed process may have left there."""
        with self.path.open("r+b" if self.path.exists() else "w+b") as stream:
            stream.truncate(at * self.row_bytes)
            stream.seek(0, os.SEEK_END)
            stream.write(np.ascontiguousarray(rows, "<f4").tobytes())
            stream.flush()
            os.fsync(stream.fileno())

    def truncate(self, rows: int) -> None:
        """Cut what is behind the first ``rows`` rows."""
        if self.path.exists():
            os.truncate(self.path, rows * self.row_bytes)

    def rows(self, count: int) -> np.ndarray:
        """Return the first ``count`` rows, mapped from the file: float32 ``[count, dimension]``."""
        if count == 0:
            return np.zeros((0, self.dimension), np.float32)
        return np.memmap(self.path, "<f4", "r", shape=(count, self.dimension))


def write_rows(path: Path, blocks: Iterable[np.ndarray]) -> None:
    """Write blocks of rows to a new file and have the disk keep them."""
    with path.open("wb") as stream:
        for block in blocks:
            stream.write(np.ascontiguousarray(block, "<f4").tobytes())
        stream.flush()
        os.fsync(stream.fileno())


def nearest_rows(
    rows: np.ndarray, vector: np.ndarray, top: int, allowed: Optional[np.ndarray] = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the greatest products with a vector, and those products.

    Parameters
    ----------
    rows : np.ndarray
        float32 ``[N, D]``, of unit length.
    vector : np.ndarray
        float32 ``[D]``, of unit length.
    top : int
        How many; more come where several are as good as the last one.
    allowed : np.ndarray, optional
        int64, rising: the rows that are looked at; by default all.

    Returns
    -------
    tuple of np.ndarray
        Row numbers, and float64 products, which do not depend on where a row stands; the greatest
        first.
    """
    if allowed is None:
        scores = _products(rows, vector)
    elif len(allowed) < _FEW * len(rows):
        scores = _products_of_few(rows, vector, allowed)
    else:
        scores = _products(rows, vector)[allowed]
    near = np.arange(len(scores))
    if len(scores) > top:
        last = np.partition(scores, len(scores) - top)[len(scores) - top]
        near = np.flatnonzero(scores >= last - _ROUNDING)
    near = near if allowed is None else allowed[near]
    # A sum along a row alone is the same wherever the row is, which the product of a matrix is not.
    exact = (rows[near].astype(np.float64) * vector.astype(np.float64)).sum(axis=1)
    order = np.argsort(-exact, kind="stable")
    near, exact = near[order], exact[order]
    kept = exact >= exact[min(top, len(exact)) - 1] if len(exact) else slice(0)
    return near[kept], exact[kept]


def _products_of_few(rows: np.ndarray, vector: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    blocks = [numbers[begin : begin + _BLOCK_ROWS] for begin in range(0, len(numbers), _BLOCK_ROWS)]
    return np.concatenate([rows[block] @ vector for block in blocks] or [np.zeros(0, np.float32)])


def _products(rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    scores = np.empty(len(rows), np.float32)
    for begin in range(0, len(rows), _BLOCK_ROWS):
        block = rows[begin : begin + _BLOCK_ROWS]
        np.dot(block, vector, out=scores[begin : begin + len(block)])
    return scores
