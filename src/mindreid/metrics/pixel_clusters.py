"""Clusters of the pixels of one person's images: foreground first, then its parts from top to bottom.

The cascaded clustering of Zhu et al., "Identity-Guided Human Semantic Parsing for Person
Re-Identification", ECCV 2020, arXiv 2007.13467, section 3.1: no label of a pixel is needed, since what
belongs to a person looks alike in that person's images.
"""

from __future__ import annotations

import warnings
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from mindreid.errors import InvalidArgumentError
from mindreid.metrics.distances import l2_normalize

ITERATIONS = 20
BACKGROUND = 0


def cluster_pixels(
    maps: ArrayLike,
    parts: int,
    *,
    sharpened: bool = True,
    foreground_start: Optional[np.ndarray] = None,
    part_start: Optional[np.ndarray] = None,
) -> np.ndarray:
    """Label the pixels of one person's images.

    A pixel is foreground if its vector is long: k-means with two centres on the lengths, divided by the
    greatest one of the image. The foreground's vectors of unit length are then clustered into parts, whose
    numbers ascend with their mean row.

    Parameters
    ----------
    maps : array_like
        ``[N, C, H, W]``, finite: a person's images as a network sees them.
    parts : int
        Number of parts of the foreground.
    sharpened : bool
        Whether a sigmoid draws the lengths apart, ``1 / (1 + exp(-5 (2 a - 1) - 3))``.
    foreground_start, part_start : np.ndarray, optional
        int ``[2]`` and ``[parts]``: which rows k-means begins with, counted image by image, row by row;
        for the parts among the foreground's pixels. By default drawn, always the same.

    Returns
    -------
    np.ndarray
        uint8 ``[N, H, W]``: 0 for the background, 1..parts for the parts from top to bottom; fewer than
        ``parts`` where the foreground has fewer different pixels.

    Raises
    ------
    InvalidArgumentError
        If the maps are none, or not finite, or there is not at least one part and at most 255.

    Examples
    --------
    >>> body = np.zeros((1, 2, 4, 2))
    >>> body[0, 0, 1, 1], body[0, 1, 2, 1] = 5, 5
    >>> cluster_pixels(body, parts=2)[0].tolist()
    [[0, 0], [0, 1], [0, 2], [0, 0]]
    """
    vectors, shape = _pixels(maps)
    if not 1 <= parts <= np.iinfo(np.uint8).max:
        raise InvalidArgumentError(f"the foreground has at least one part and at most 255, not {parts}")
    foreground = _foreground(vectors, shape, sharpened, foreground_start)
    rows = np.flatnonzero(foreground) // shape[2] % shape[1]
    labels = np.full(len(vectors), BACKGROUND, np.uint8)
    found = _k_means(l2_normalize(vectors[foreground]).astype(np.float32, copy=False), parts, part_start)
    labels[foreground] = 1 + _ranks(rows, found)[found]
    return labels.reshape(shape)


def _pixels(maps: ArrayLike) -> tuple[np.ndarray, tuple[int, int, int]]:
    """All pixels' vectors ``[N H W, C]``, float32, image by image, row by row; and (N, H, W)."""
    array = np.asarray(maps, np.float32)
    if array.ndim != 4 or 0 in array.shape:
        raise InvalidArgumentError(f"maps are an array [images, channels, height, width], not {array.shape}")
    if not np.isfinite(array).all():
        raise InvalidArgumentError("the maps have values that are not finite", fix="train with a lower rate")
    count, channels, height, width = array.shape
    return array.transpose(0, 2, 3, 1).reshape(-1, channels), (count, height, width)


def _foreground(
    vectors: np.ndarray, shape: tuple[int, int, int], sharpened: bool, start: Optional[np.ndarray]
) -> np.ndarray:
    """Whether each pixel's vector is a long one, bool ``[N H W]``."""
    lengths = np.linalg.norm(vectors, axis=1).reshape(shape[0], -1)
    greatest = lengths.max(axis=1, keepdims=True)
    share = np.divide(lengths, greatest, out=np.zeros_like(lengths), where=greatest > 0).reshape(-1, 1)
    if sharpened:
        share = 1 / (1 + np.exp(-5 * (2 * share - 1) - 3))
    found = _k_means(share, 2, start)
    sums = np.bincount(found, share[:, 0], minlength=2)
    counts = np.bincount(found, minlength=2)
    longer = int(np.argmax(np.where(counts > 0, sums / np.maximum(counts, 1), -1)))
    return (found == longer) & (lengths.reshape(-1) > 0)


def _ranks(rows: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Rank of each cluster by the mean row of its pixels; those without pixels come last."""
    counts = np.bincount(found)
    means = np.divide(np.bincount(found, rows), counts, out=np.full(len(counts), np.inf), where=counts > 0)
    return np.argsort(np.argsort(means, kind="stable"), kind="stable")


def _k_means(rows: np.ndarray, count: int, start: Optional[np.ndarray]) -> np.ndarray:
    """Cluster ``[n, D]`` by Lloyd's algorithm; return the cluster of every row, fewer if rows are few."""
    # Imported here: it takes longer than everything else that the metrics need.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    count = min(count, len(rows))
    if count < 1:
        return np.zeros(len(rows), np.int64)
    if start is None:
        start = np.random.default_rng(0).choice(len(rows), count, replace=False)
    means = KMeans(count, init=rows[start], n_init=1, max_iter=ITERATIONS, tol=0, algorithm="lloyd")
    with warnings.catch_warnings():
        # Fewer different rows than clusters: those left over stay empty.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return means.fit_predict(rows).astype(np.int64)
