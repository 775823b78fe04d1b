"""Ranks of the matches in a block of distances, counted instead of sorted.

A match's rank is one more than the number of gallery items closer than it. Counting them for every
match separately costs matches × gallery, sorting costs gallery × log(gallery). Here each row's range
of distances between its nearest and its farthest match is cut into buckets of equal width: one
histogram tells how many items lie in nearer buckets, and only the few items that share a bucket with
a match are sorted. The cost per gallery item is constant.
"""

from __future__ import annotations

import numpy as np

from mindreid.metrics.junk_rules import Pairs

# Distances handled at once: with their int64 bucket numbers about 1.5 MB, which stays in the cache.
_CHUNK_ELEMENTS = 2**17
# Mean gallery items per bucket: fewer make the histogram outgrow the cache, more make sorting costly.
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
    num_columns = distances.shape[1]
    buckets, num_buckets = _number_buckets(distances, present, starts, matches)
    flat_matches = rows * num_columns + matches.columns
    population = np.bincount(buckets, minlength=num_buckets)

    shared = np.zeros(num_buckets, bool)
    shared[buckets[flat_matches]] = True
    rivals = np.flatnonzero(shared[buckets])
    rival_rows, rival_columns = np.divmod(rivals, num_columns)
    rival_buckets = buckets[rivals]
    # lexsort is stable and rivals are in gallery order: that settles ties.
    order = np.lexsort((distances[present[rival_rows], rival_columns], rival_buckets))

    sorted_buckets = rival_buckets[order]
    within = np.arange(len(order)) - np.searchsorted(sorted_buckets, sorted_buckets)
    # Buckets are numbered through all rows, and each earlier row put its whole gallery in them.
    nearer = (np.cumsum(population) - population)[rival_buckets] - rival_rows * num_columns
    ranks = nearer + 1
    ranks[order] += within
    return ranks[np.searchsorted(rivals, flat_matches)]


def _number_buckets(
    distances: np.ndarray, present: np.ndarray, starts: np.ndarray, matches: Pairs
) -> tuple[np.ndarray, int]:
    """Return each item's bucket number, flat ``[len(present) * G]``, and how many numbers there are.

    A row has one bucket for all that is nearer than its first match, some for the range of its matches,
    and one for all that is farther than the last. Subtraction, multiplication, clipping and
    truncation are monotone in floating point too: a nearer item never gets a higher number.
    """
    scaled = distances[present]
    of_matches = distances[matches.rows, matches.columns]
    if np.abs(of_matches).max() > np.finfo(scaled.dtype).max / 4:
        # A difference of such numbers may leave the range of their type; a quarter of it does not.
        scaled *= scaled.dtype.type(0.25)
        of_matches = of_matches * scaled.dtype.type(0.25)
    nearest = np.minimum.reduceat(of_matches, starts)[:, None]
    farthest = np.maximum.reduceat(of_matches, starts)[:, None]
    inner = max(_MIN_BUCKETS, distances.shape[1] // _ITEMS_PER_BUCKET)
    # Narrower than the spacing of floats makes no sense, and keeps the width of one match's range off 0.
    tiny = np.finfo(scaled.dtype).tiny
    width = np.maximum((farthest - nearest) / inner, np.maximum(np.spacing(farthest), tiny))
    with np.errstate(over="ignore"):
        scaled -= nearest
        scaled /= width
    np.maximum(scaled, -1, out=scaled)
    np.minimum(scaled, inner + 1, out=scaled)
    scaled += 1
    numbers = scaled.astype(np.int64)
    per_row = inner + 3
    numbers += np.arange(len(present))[:, None] * per_row
    return numbers.ravel(), per_row * len(present)
