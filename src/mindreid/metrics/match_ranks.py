"""Ranks of the matches in a block of distances, counted instead of sorted.

A match's rank is one more than the number of gallery items closer than it. What is farther than a row's
last match counts for nothing, and is left out in one comparison. Counting the rest for every match
separately costs matches × items, sorting costs items × log(items). Here each row's range of distances
between its nearest and its farthest match is cut into buckets of equal width: one histogram tells how
many items lie in nearer buckets, and only the few items that share a bucket with a match are sorted. The
cost per gallery item is constant.
"""

from __future__ import annotations

import numpy as np

from mindreid.metrics.junk_rules import Pairs

# Distances compared at once: 1 MB in single precision, which stays in the cache.
_CHUNK_ELEMENTS = 2**18
# Mean items per bucket: fewer make the histogram outgrow the cache, more make sorting costly.
_ITEMS_PER_BUCKET = 4
_MIN_BUCKETS = 256


def match_ranks(distances: np.ndarray, matches: Pairs) -> np.ndarray:
    """Return the rank of every match among the gallery items of its row.

    Parameters
    ----------
    distances : np.ndarray
        ``[rows, G]``, floating. Finite, but for junk: an infinite distance takes an item out of the
        ranking, since nothing is ranked behind it.
    matches : Pairs
        Positions in ``distances`` of the matches, all finite.

    Returns
    -------
    np.ndarray
        int64 ``[matches]``, from 1. Of items at exactly the same distance the one that comes first in
        the gallery ranks first, as in a stable sort.

    Examples
    --------
    >>> distances = np.array([[0.3, 0.1, np.inf, 0.2]])
    >>> match_ranks(distances, Pairs(rows=np.array([0, 0]), columns=np.array([0, 3])))
    array([3, 2])
    """
    step = max(1, _CHUNK_ELEMENTS // distances.shape[1])
    cuts = np.searchsorted(matches.rows, np.arange(0, len(distances) + step, step))
    ranks = [
        _chunk_ranks(distances, Pairs(matches.rows[start:stop], matches.columns[start:stop]))
        for start, stop in zip(cuts[:-1], cuts[1:])
        if stop > start
    ]
    return np.concatenate(ranks) if ranks else np.empty(0, np.int64)


def _chunk_ranks(distances: np.ndarray, matches: Pairs) -> np.ndarray:
    present, starts, rows = np.unique(matches.rows, return_index=True, return_inverse=True)
    num_rows, num_columns = len(present), distances.shape[1]
    of_matches = distances[matches.rows, matches.columns]
    nearest, farthest = np.minimum.reduceat(of_matches, starts), np.maximum.reduceat(of_matches, starts)
    chunk = _rows(distances, present)
    # Ascending, so in gallery order within a row.
    items = np.flatnonzero(chunk <= farthest[:, None])
    values = chunk.ravel()[items]
    begins = np.searchsorted(items, np.arange(num_rows + 1) * num_columns)
    buckets, per_row = _number_buckets(values, np.diff(begins), nearest, farthest)
    population = np.bincount(buckets, minlength=per_row * num_rows)

    places = np.searchsorted(items, rows * num_columns + matches.columns)
    shared = np.zeros(per_row * num_rows, bool)
    shared[buckets[places]] = True
    rivals = np.flatnonzero(shared[buckets])
    rival_buckets = buckets[rivals]
    # lexsort is stable and rivals are in gallery order: that settles ties.
    order = np.lexsort((values[rivals], rival_buckets))

    sorted_buckets = rival_buckets[order]
    within = np.arange(len(order)) - np.searchsorted(sorted_buckets, sorted_buckets)
    # Buckets are numbered through all rows, and the items of earlier rows are in earlier ones.
    nearer = (np.cumsum(population) - population)[rival_buckets] - begins[rival_buckets // per_row]
    ranks = nearer + 1
    ranks[order] += within
    return ranks[np.searchsorted(rivals, places)]


def _rows(distances: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return some rows; without a copy if they follow each other."""
    first, last = chosen[0], chosen[-1]
    return distances[first : last + 1] if last - first + 1 == len(chosen) else distances[chosen]


def _number_buckets(
    values: np.ndarray, counts: np.ndarray, nearest: np.ndarray, farthest: np.ndarray
) -> tuple[np.ndarray, int]:
    """Return the bucket number of each item, ``[items]``, and how many numbers a row has.

    ``counts`` says how many items each row has, ``nearest`` and ``farthest`` where its matches begin and
    end. A row has one bucket for all that is nearer than its first match, and some for the range of its
    matches. Subtraction, multiplication, clipping and truncation are monotone in floating point too: a
    nearer item never gets a higher number.
    """
    info = np.finfo(values.dtype)
    if max(np.abs(nearest).max(), np.abs(farthest).max()) > info.max / 4:
        # A difference of such numbers may leave the range of their type; a quarter of it does not.
        quarter = values.dtype.type(0.25)
        values, nearest, farthest = values * quarter, nearest * quarter, farthest * quarter
    inner = max(_MIN_BUCKETS, len(values) // len(counts) // _ITEMS_PER_BUCKET)
    # Narrower than the spacing of floats makes no sense, and keeps the width of one match's range off 0.
    width = np.maximum((farthest - nearest) / inner, np.maximum(np.spacing(farthest), info.tiny))
    with np.errstate(over="ignore"):
        scaled = values - np.repeat(nearest, counts)
        scaled /= np.repeat(width, counts)
    np.maximum(scaled, -1, out=scaled)
    scaled += 1
    per_row = inner + 2
    numbers = scaled.astype(np.int64)
    numbers += np.repeat(np.arange(len(counts)) * per_row, counts)
    return numbers, per_row
