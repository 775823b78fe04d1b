"""Exact nearest neighbours of every row of a distance matrix that is never held whole."""

from __future__ import annotations

from typing import NamedTuple, Optional

import numpy as np

from mindreid.metrics.close_pairs import CloseDistances
from mindreid.metrics.distances import block_rows, distance_blocks, row_blocks
from mindreid.metrics.junk_rules import Pairs
from mindreid.option_checks import check_positive_integers

# Columns folded into one minimum while the threshold of a row is searched.
_FOLD = 32


class Neighbours(NamedTuple):
    """Neighbour lists of a set of items among themselves.

    Attributes
    ----------
    indices : np.ndarray
        int64 ``[N, k]``, the nearest first; an item is commonly its own first neighbour. Of equally
        distant items the one with the smaller index comes first.
    farthest : np.ndarray
        ``[N]``, squared Euclidean distance of each item to the farthest one.
    """

    indices: np.ndarray
    farthest: np.ndarray


def nearest_neighbours(features: np.ndarray, k: int) -> Neighbours:
    """Find each item's ``k`` nearest neighbours, itself included.

    Parameters
    ----------
    features : np.ndarray
        ``[N, D]``, of unit length, for which the squared Euclidean distance is 2 - 2 cos.
    k : int
        Length of the lists, cut to ``N``.

    Raises
    ------
    InvalidArgumentError
        If ``k`` is not a positive integer.

    Examples
    --------
    >>> nearest_neighbours(np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]), k=2).indices
    array([[0, 2],
           [1, 2],
           [2, 1]])
    """
    check_positive_integers("the length of a list of neighbours", k)
    blocks = distance_blocks(features, features, "cosine")
    indices, farthest = [], []
    for rows in row_blocks(len(features), block_rows(len(features))):
        distances = blocks.rough(rows)
        indices.append(_nearest(distances, blocks.close, rows, min(k, len(features))))
        farthest.append(2 * distances.max(axis=1))
    return Neighbours(np.concatenate(indices), np.concatenate(farthest))


def _nearest(distances: np.ndarray, close: Optional[CloseDistances], rows: slice, k: int) -> np.ndarray:
    """Return each row's nearest items; only what may be among them is measured again if it is close."""
    found = smallest(distances, k)
    if close is None:
        return found
    queries = np.arange(len(close.row_limits))[rows]
    farthest_found = np.take_along_axis(distances, found[:, -1:], axis=1)[:, 0]
    # Where all that was found is close, what was not may be closer.
    crowded = np.flatnonzero(farthest_found < close.row_limits[queries] + close.column_limits.max())
    if len(crowded):
        whole = distances[crowded]
        close.measure_again(whole, queries[crowded])
        found[crowded] = smallest(whole, k)
    near = np.take_along_axis(distances, found, axis=1)
    limits = np.broadcast_to(close.column_limits, distances.shape[1])
    is_close = near < close.row_limits[queries, None] + limits[found]
    near[is_close] = close.exact(Pairs(np.repeat(queries, is_close.sum(axis=1)), found[is_close]))
    return np.take_along_axis(found, np.lexsort((found, near), axis=1), axis=1)


def smallest(distances: np.ndarray, k: int) -> np.ndarray:
    """Return the columns of each row's ``k`` smallest values in ascending order.

    The k-th smallest of the minima of disjoint groups of columns bounds the k-th smallest value from
    above, and hardly more than ``k`` values lie under it: only those are sorted.

    Parameters
    ----------
    distances : np.ndarray
        ``[rows, N]`` without NaN.
    k : int
        1..N.

    Returns
    -------
    np.ndarray
        int64 ``[rows, k]``; equal values in the order of their columns.

    Examples
    --------
    >>> smallest(np.array([[0.3, 0.1, 0.3, 0.2]]), k=3)
    array([[1, 3, 0]])
    """
    num_rows, num_columns = distances.shape
    groups = num_columns // _FOLD
    if groups > k:
        folded = distances[:, : groups * _FOLD].reshape(num_rows, _FOLD, groups).min(axis=1)
    else:
        folded = distances
    bound = np.partition(folded, k - 1, axis=1)[:, k - 1, None]
    candidates = np.flatnonzero(distances <= bound)
    rows, columns = np.divmod(candidates, num_columns)
    order = np.lexsort((distances.ravel()[candidates], rows))
    starts = np.searchsorted(rows, np.arange(num_rows))
    return columns[order[starts[:, None] + np.arange(k)]]
