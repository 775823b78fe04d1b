"""Clusters among each person's own images: k-reciprocal Jaccard distances, then DBSCAN.

What a person wears and from where they are seen splits their images into groups that no label names;
Wang et al., "Exploring Fine-Grained Representation and Recomposition for Cloth-Changing Person
Re-Identification", TIFS 2024, arXiv 2308.10692, section III-B, learns from them.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple, Optional

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from threadpoolctl import threadpool_limits

from mindreid.errors import InvalidArgumentError
from mindreid.metrics.distances import distance_blocks, l2_normalize
from mindreid.metrics.embedding_checks import check_features
from mindreid.metrics.neighbours import smallest
from mindreid.metrics.reranking import (
    expand_encoding,
    jaccard_distances,
    k_reciprocal_sets,
    weigh_members,
)
from mindreid.option_checks import is_positive_integer

_NOISE = -1


class PersonClusters(NamedTuple):
    """Classes of images, none shared by two persons.

    Attributes
    ----------
    labels : np.ndarray
        int64 ``[N]``, class of every image, 0..C-1: person after person in the order of their pids.
    pids : np.ndarray
        int64 ``[C]``, person of every class, ascending.
    centres : np.ndarray
        float32 ``[C, D]``, mean of the normalised features of every class; not normalised again.
    num_outliers : int
        Images that DBSCAN put into no cluster; each is a class of its own, after the person's clusters.
    """

    labels: np.ndarray
    pids: np.ndarray
    centres: np.ndarray
    num_outliers: int


def cluster_persons(
    features: ArrayLike,
    pids: ArrayLike,
    *,
    k1: int = 20,
    k2: int = 6,
    eps: float = 0.4,
    min_samples: int = 1,
    threads: Optional[int] = None,
) -> PersonClusters:
    """Cluster the images of every person.

    Parameters
    ----------
    features : array_like
        ``[N, D]``, finite; normalised here. Of ``[N, D, parts]`` (gait) each part is normalised, then
        they are joined.
    pids : array_like
        int ``[N]``.
    k1, k2 : int
        See :func:`person_distances`.
    eps, min_samples : float, int
        DBSCAN's neighbourhood and the number of images that make it dense.
    threads : int, optional
        How many persons are clustered at once; by default one per processor. Makes no difference to
        the result.

    Raises
    ------
    InvalidArgumentError
        If the features are no finite matrix, a row is all zeros, there is not one pid for each, or a
        parameter is out of range.

    Examples
    --------
    >>> left, right = [1.0, 0.0], [0.0, 1.0]
    >>> cluster_persons([left] * 6 + [right] * 6 + [left] * 6, [7] * 12 + [3] * 6, k1=5, k2=2).labels
    array([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0])
    """
    _check_parameters(k1, k2, eps, min_samples)
    rows = check_features(features, "features", parts=True, directions=True)
    if rows.ndim == 3:
        rows = l2_normalize(rows).reshape(len(rows), -1)
    persons, positions = _positions_by_person(pids, len(rows))
    cluster = partial(_cluster_person, k1=k1, k2=k2, eps=eps, min_samples=min_samples)
    # Threads of the matrix products' own would only stand in the way of those that share the persons.
    with threadpool_limits(1), ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        found = list(pool.map(lambda own: cluster(rows[own]), positions))
    labels = np.empty(len(rows), np.int64)
    counts = np.array([len(person.centres) for person in found])
    for own, person, begin in zip(positions, found, np.cumsum(counts) - counts):
        labels[own] = begin + person.labels
    return PersonClusters(
        labels,
        np.repeat(persons, counts),
        np.concatenate([person.centres for person in found]),
        sum(person.num_outliers for person in found),
    )


def person_distances(features: np.ndarray, k1: int = 20, k2: int = 6) -> np.ndarray:
    """Compute the k-reciprocal Jaccard distances among one person's images.

    The steps are those of :mod:`mindreid.metrics.reranking`. Where they differ from re-ranking, they
    follow the authors' code: neighbour lists hold ``k1`` entries including the image itself, and the
    lists of fewer than ``k1`` images are filled up with the last image. That image then has twice its
    weight in the sums, so that rows of the encoding add up to less than 1 and an image is not at
    distance 0 from itself: of at most three images, every one is farther than 0.4 from all.

    Parameters
    ----------
    features : np.ndarray
        float32 ``[n, D]``, of unit length.
    k1, k2 : int
        Lengths of the neighbour lists for the sets and for the expansion.

    Returns
    -------
    np.ndarray
        float32 ``[n, n]``, in [0, 1].

    Examples
    --------
    >>> person_distances(np.float32([[1, 0]] * 4), k1=4, k2=1).tolist()[0]
    [0.0, 0.0, 0.0, 0.0]
    >>> person_distances(np.float32([[1, 0]] * 3), k1=4, k2=1).tolist()[0]
    [0.4000000059604645, 0.4000000059604645, 0.4000000059604645]
    """
    count = len(features)
    squared = 2 * distance_blocks(features, features, "cosine")(slice(None))
    neighbours = smallest(squared, min(k1, count))
    if count >= k1:
        encoding = _encode(k_reciprocal_sets(neighbours, k1), squared)
    else:
        encoding = _encode(sparse.csr_matrix(np.ones((count, count), np.int32)), squared)
        encoding = encoding.multiply(1 / (1 + encoding[:, -1].toarray())).tocsr()
        neighbours = np.pad(neighbours, ((0, 0), (0, k1 - count)), constant_values=count - 1)
    encoding = expand_encoding(encoding, neighbours, k2)
    return jaccard_distances(encoding, encoding)


def _encode(sets: sparse.csr_matrix, squared: np.ndarray) -> sparse.csr_matrix:
    rows = np.repeat(np.arange(len(squared)), np.diff(sets.indptr))
    return weigh_members(sets, squared[rows, sets.indices])


class _Clusters(NamedTuple):
    """Classes of one person's images: labels ``[n]`` from 0, centres ``[c, D]``."""

    labels: np.ndarray
    centres: np.ndarray
    num_outliers: int


def _cluster_person(features: np.ndarray, *, k1: int, k2: int, eps: float, min_samples: int) -> _Clusters:
    # Imported here: it takes longer than everything else that the metrics need.
    from sklearn.cluster import DBSCAN

    features = l2_normalize(features).astype(np.float32, copy=False)
    distances = person_distances(features, k1, k2)
    labels = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit_predict(distances)
    outliers = np.flatnonzero(labels == _NOISE)
    labels[outliers] = labels.max() + 1 + np.arange(len(outliers))
    counts = np.bincount(labels)
    members = sparse.csr_matrix((np.ones(len(labels), np.float32), (labels, np.arange(len(labels)))))
    return _Clusters(labels, (members @ features) / counts[:, None].astype(np.float32), len(outliers))


def _positions_by_person(pids: ArrayLike, count: int) -> tuple[np.ndarray, list[np.ndarray]]:
    labels = np.asarray(pids)
    if labels.shape != (count,):
        raise InvalidArgumentError(f"{count} features need as many pids, not an array {labels.shape}")
    persons, counts = np.unique(labels, return_counts=True)
    return persons, np.split(np.argsort(labels, kind="stable"), np.cumsum(counts)[:-1])


def _check_parameters(k1: int, k2: int, eps: float, min_samples: int) -> None:
    if not all(is_positive_integer(value) for value in (k1, k2, min_samples)):
        raise InvalidArgumentError(
            "k1, k2 and min_samples must be at least 1 and integers, "
            f"got k1={k1!r}, k2={k2!r}, min_samples={min_samples!r}"
        )
    if not 0 < eps < float("inf"):
        raise InvalidArgumentError(f"DBSCAN's eps must be a positive number, got {eps}")
