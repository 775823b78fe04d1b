"""Multiple query: several images of a person in one camera pooled into one query."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from mindreid.errors import InvalidArgumentError
from mindreid.metrics.distances import l2_normalize
from mindreid.metrics.embedding_checks import check_features
from mindreid.metrics.junk_rules import Labels, check_labels, check_same_kind


def pool_multi_query(
    pool_features: ArrayLike,
    pool_pids: ArrayLike,
    pool_camids: ArrayLike,
    query_pids: ArrayLike,
    query_camids: ArrayLike,
    *,
    normalize: bool = True,
) -> np.ndarray:
    """Average, for each query, the embeddings of the pool's images with its pid and camera.

    This is Market-1501's multiple query (Zheng et al., ICCV 2015): every query image is still ranked
    once, with the same junk rule.

    Parameters
    ----------
    pool_features : array_like
        ``[N, D]``, embeddings of all images that may be pooled, the queries' own among them.
    pool_pids, pool_camids : array_like
        ``[N]``.
    query_pids, query_camids : array_like
        ``[Q]``.
    normalize : bool
        Average unit vectors, as for the cosine distance. Without it, the embeddings as they are, to be
        compared by the Euclidean distance to a gallery that is not normalised either.

    Returns
    -------
    np.ndarray
        ``[Q, D]``, the mean, not normalised again.

    Raises
    ------
    InvalidArgumentError
        If shapes do not fit, features hold NaN, a row to be normalised is all zeros, or a query has no
        image in the pool.

    Examples
    --------
    >>> pool_multi_query([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [5, 5, 5], [0, 0, 1], [5], [0])
    array([[0.5, 0.5]])
    """
    features = check_features(pool_features, "pool_features", directions=normalize)
    pool = check_labels("pool", len(features), pool_pids, pool_camids, None, "standard")
    query = check_labels("query", len(np.atleast_1d(query_pids)), query_pids, query_camids, None, "standard")
    check_same_kind(query, pool)
    pool_groups, query_groups, num_groups = _number_groups(pool, query)
    counts = np.bincount(pool_groups, minlength=num_groups)
    empty = counts[query_groups] == 0
    if empty.any():
        first = int(np.argmax(empty))
        raise InvalidArgumentError(
            f"the pool has no image of {np.count_nonzero(empty)} queries, first of query {first} "
            f"(pid {query.pids[first]}, camera {query.camids[first]})"
        )
    # Shares, not a sum that is divided: it may leave the range of its type where the mean does not.
    shares = (1 / counts[pool_groups]).astype(features.dtype)
    members = sparse.csr_matrix(
        (shares, (pool_groups, np.arange(len(features)))), shape=(num_groups, len(features))
    )
    means = members @ (l2_normalize(features) if normalize else features)
    return means[query_groups]


def _number_groups(pool: Labels, query: Labels) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the numbers of the (pid, camera) groups of both sides, and how many groups there are."""
    pids = np.unique(np.concatenate([pool.pids, query.pids]), return_inverse=True)[1]
    cameras, camids = np.unique(np.concatenate([pool.camids, query.camids]), return_inverse=True)
    groups = pids * len(cameras) + camids
    numbers, groups = np.unique(groups, return_inverse=True)
    return groups[: len(pool)], groups[len(pool) :], len(numbers)
