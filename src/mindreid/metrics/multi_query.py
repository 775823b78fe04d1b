"""Multiple query: several images of a person in one camera pooled into one query."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from mindreid.errors import InvalidArgumentError
from mindreid.metrics.distances import check_features, l2_normalize
from mindreid.metrics.junk_rules import Labels, check_labels


def pool_multi_query(
    pool_features: ArrayLike,
    pool_pids: ArrayLike,
    pool_camids: ArrayLike,
    query_pids: ArrayLike,
    query_camids: ArrayLike,
) -> np.ndarray:
    """Average, for each query, the normalised embeddings of the pool's images with its pid and camera.

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

    Returns
    -------
    np.ndarray
        ``[Q, D]``, the mean of unit vectors, not normalised again.

    Raises
    ------
    InvalidArgumentError
        If shapes do not fit, features hold NaN, or a query has no image in the pool.

    Examples
    --------
    >>> pool_multi_query([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [5, 5, 5], [0, 0, 1], [5], [0])
    array([[0.5, 0.5]])
    """
    features = check_features(pool_features, "pool_features")
    pool = check_labels("pool", len(features), pool_pids, pool_camids, None, "standard")
    query = check_labels("query", len(np.atleast_1d(query_pids)), query_pids, query_camids, None, "standard")
    pool_groups, query_groups, num_groups = _number_groups(pool, query)
    counts = np.bincount(pool_groups, minlength=num_groups)
    empty = counts[query_groups] == 0
    if empty.any():
        first = int(np.argmax(empty))
        raise InvalidArgumentError(
            f"the pool has no image of {np.count_nonzero(empty)} queries, first of query {first} "
            f"(pid {query.pids[first]}, camera {query.camids[first]})"
        )
    members = sparse.csr_matrix(
        (np.ones(len(features), features.dtype), (pool_groups, np.arange(len(features)))),
        shape=(num_groups, len(features)),
    )
    sums = members @ l2_normalize(features)
    return sums[query_groups] / counts[query_groups, None].astype(features.dtype)


def _number_groups(pool: Labels, query: Labels) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the numbers of the (pid, camera) groups of both sides, and how many groups there are."""
    pids = np.unique(np.concatenate([pool.pids, query.pids]), return_inverse=True)[1]
    cameras, camids = np.unique(np.concatenate([pool.camids, query.camids]), return_inverse=True)
    groups = pids * len(cameras) + camids
    numbers, groups = np.unique(groups, return_inverse=True)
    return groups[: len(pool)], groups[len(pool) :], len(numbers)
