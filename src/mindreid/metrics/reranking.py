r"""k-reciprocal re-ranking (Zhong et al., CVPR 2017), sparse and in blocks.

Two items are k-reciprocal neighbours if each is among the k nearest of the other. An item's set of
such neighbours, grown by the sets of its closest neighbours, is encoded as a sparse row of weights
:math:`V`; the Jaccard distance of two rows replaces most of the original distance. The steps are
functions of their own, each taking what the one before returns:

neighbours → :func:`k_reciprocal_sets` → :func:`encode_sets` → :func:`expand_encoding` →
:func:`jaccard_distances`

:mod:`mindreid.metrics.person_clusters` takes the same steps among the images of one person.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from mindreid.errors import InvalidArgumentError
from mindreid.metrics.distances import block_rows, distance_blocks, l2_normalize, row_blocks
from mindreid.metrics.embedding_checks import check_feature_pair
from mindreid.metrics.neighbours import nearest_neighbours
from mindreid.option_checks import is_positive_integer

# Elements of a temporary array (gathered embeddings, pairs of sparse entries): a few MB are fastest.
_MAX_ELEMENTS = 2**19
# Single precision rounds unit vectors to some 1e-7: squared distances under this are nothing but that.
_MIN_FARTHEST = 1e-12


def rerank_k_reciprocal(
    query_features: ArrayLike,
    gallery_features: ArrayLike,
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
) -> np.ndarray:
    r"""Re-rank a gallery by k-reciprocal encoding.

    :math:`d^* = (1 - \lambda) d_J + \lambda d`, with the Jaccard distance :math:`d_J` of the encodings
    and the squared Euclidean distance :math:`d` of the L2-normalised embeddings, divided by the
    query's largest distance to any item of query and gallery together.

    Parameters
    ----------
    query_features : array_like
        ``[Q, D]``, finite; normalised here.
    gallery_features : array_like
        ``[G, D]``.
    k1 : int
        Length of the neighbour lists, not counting the item itself.
    k2 : int
        How many neighbours, itself included, an encoding is averaged over; 1 leaves it as it is.
    lambda_value : float
        Weight of the original distance, in [0, 1].

    Returns
    -------
    np.ndarray
        float32 ``[Q, G]``, in [0, 1]; the only array of that size.

    Raises
    ------
    InvalidArgumentError
        If the features are not finite matrices of the same width, a row is all zeros, or a parameter is
        out of range.

    Examples
    --------
    >>> query, gallery = np.array([[1.0, 0.0]]), np.array([[0.9, 0.1], [0.0, 1.0]])
    >>> rerank_k_reciprocal(query, gallery, k1=1, k2=1, lambda_value=0.0).round(3)
    array([[0.006, 1.   ]], dtype=float32)
    """
    if not (is_positive_integer(k1) and is_positive_integer(k2)):
        raise InvalidArgumentError(f"k1 and k2 must be at least 1 and integers, got k1={k1!r}, k2={k2!r}")
    if not 0 <= lambda_value <= 1:
        raise InvalidArgumentError(f"lambda_value must lie in [0, 1], got {lambda_value}")
    query, gallery = check_feature_pair(query_features, gallery_features)
    # Normalised first: single precision has no room for what double may hold.
    features = l2_normalize(np.concatenate([query, gallery])).astype(np.float32, copy=False)
    neighbours, farthest = nearest_neighbours(features, max(k1 + 1, k2))
    # Where all items are one and the same, nothing but rounding is left to divide by.
    farthest = np.maximum(farthest, _MIN_FARTHEST)
    encoding = encode_sets(features, k_reciprocal_sets(neighbours, k1), farthest)
    encoding = expand_encoding(encoding, neighbours, k2)
    num_query = len(query)
    result = jaccard_distances(encoding[:num_query], encoding[num_query:])
    result *= 1 - lambda_value
    _add_original(result, features, farthest[:num_query], lambda_value)
    return result


def k_reciprocal_sets(neighbours: np.ndarray, k1: int) -> sparse.csr_matrix:
    """Return each item's expanded k-reciprocal set R*(i, k1) as the pattern of a sparse matrix.

    R*(i, k1) is R(i, k1) together with every R(j, k1 / 2) of a member j that has more than two
    thirds of its items in R(i, k1) (equation 5 of the paper).

    Parameters
    ----------
    neighbours : np.ndarray
        int64 ``[N, >= 1]``, nearest first, itself included. ``k1 + 1`` columns are looked at, or
        as many as there are.
    k1 : int
        See :func:`rerank_k_reciprocal`.

    Returns
    -------
    scipy.sparse.csr_matrix
        ``[N, N]``, positive at the members of each row's set.

    Examples
    --------
    >>> k_reciprocal_sets(np.array([[0, 1], [1, 0], [2, 1]]), k1=1).toarray() > 0
    array([[ True,  True, False],
           [ True,  True, False],
           [False, False,  True]])
    """
    full = _mutual(neighbours[:, : k1 + 1])
    half = _mutual(neighbours[:, : round(k1 / 2) + 1])
    # Entry (i, j): how many items of j's half set lie in i's set; only members j of i's set matter.
    overlap = (full @ half.T).multiply(full).tocsr()
    enough = 3 * overlap.data > 2 * half.getnnz(axis=1)[overlap.indices]
    admitted = sparse.csr_matrix((enough.astype(np.int32), overlap.indices, overlap.indptr), overlap.shape)
    expanded = full + admitted @ half
    expanded.eliminate_zeros()
    return expanded


def encode_sets(
    features: np.ndarray, sets: sparse.csr_matrix, scale: np.ndarray | float = 1.0
) -> sparse.csr_matrix:
    r"""Weigh the members of each set by their distance.

    :math:`V_{ij} \propto \exp(-\lVert x_i - x_j \rVert^2 / s_i)` on the set of row i, with sum 1
    (equation 7 of the paper; Gaussian instead of 0/1 membership).

    Parameters
    ----------
    features : np.ndarray
        ``[N, D]``, of unit length.
    sets : scipy.sparse.csr_matrix
        ``[N, N]``, its pattern.
    scale : np.ndarray or float
        :math:`s_i`, ``[N]`` or one for all.

    Returns
    -------
    scipy.sparse.csr_matrix
        float32 ``[N, N]``.

    Examples
    --------
    >>> sets = sparse.csr_matrix(np.ones((2, 2)))
    >>> encode_sets(np.eye(2), sets, scale=2.0).toarray().round(3)
    array([[0.731, 0.269],
           [0.269, 0.731]], dtype=float32)
    """
    rows = np.repeat(np.arange(len(features)), np.diff(sets.indptr))
    squared = np.empty(len(rows), np.float32)
    for part in row_blocks(len(rows), max(1, _MAX_ELEMENTS // features.shape[1])):
        # Not 2 - 2 cos, which is rounding where all embeddings are alike.
        differences = features[rows[part]] - features[sets.indices[part]]
        squared[part] = np.einsum("nd,nd->n", differences, differences)
    return weigh_members(sets, squared, scale)


def weigh_members(
    sets: sparse.csr_matrix, squared: np.ndarray, scale: np.ndarray | float = 1.0
) -> sparse.csr_matrix:
    """Weigh the members of each set by distances that are known already.

    Parameters
    ----------
    sets : scipy.sparse.csr_matrix
        ``[N, N]``, its pattern.
    squared : np.ndarray
        ``[nnz]``, squared distance of each row to its member, in the order of ``sets.indices``.
    scale : np.ndarray or float
        See :func:`encode_sets`.

    Returns
    -------
    scipy.sparse.csr_matrix
        float32 ``[N, N]``.
    """
    num_rows = sets.shape[0]
    rows = np.repeat(np.arange(num_rows), np.diff(sets.indptr))
    weights = np.exp(-np.maximum(squared, 0) / np.broadcast_to(scale, num_rows)[rows])
    sums = np.bincount(rows, weights, minlength=num_rows)
    weights = (weights / sums[rows]).astype(np.float32)
    return sparse.csr_matrix((weights, sets.indices, sets.indptr), sets.shape)


def expand_encoding(encoding: sparse.csr_matrix, neighbours: np.ndarray, k2: int) -> sparse.csr_matrix:
    """Replace each row by the mean of the rows of its ``k2`` nearest neighbours, itself included.

    Parameters
    ----------
    encoding : scipy.sparse.csr_matrix
        ``[N, N]``.
    neighbours : np.ndarray
        int64 ``[N, >= 1]``; ``k2`` columns are looked at, or as many as there are.
    k2 : int
        1 returns ``encoding`` as it is.

    Returns
    -------
    scipy.sparse.csr_matrix
        ``[N, N]`` (equation 11 of the paper, local query expansion).
    """
    nearest = neighbours[:, :k2]
    if nearest.shape[1] == 1:
        return encoding
    mean = _lists_to_matrix(nearest, np.float32(1 / nearest.shape[1]))
    return (mean @ encoding).tocsr()


def jaccard_distances(query_encoding: sparse.csr_matrix, gallery_encoding: sparse.csr_matrix) -> np.ndarray:
    r"""Compute the Jaccard distances between two sets of encodings whose rows sum to 1.

    :math:`d_J = 1 - m / (2 - m)` with :math:`m = \sum_k \min(V_{qk}, V_{gk})`; the sum of the maxima is
    :math:`2 - m` (equation 10 of the paper).

    Parameters
    ----------
    query_encoding, gallery_encoding : scipy.sparse.csr_matrix
        ``[Q, N]`` and ``[G, N]``.

    Returns
    -------
    np.ndarray
        float32 ``[Q, G]``, in [0, 1].

    Examples
    --------
    >>> rows = sparse.csr_matrix([[1.0, 0.0], [0.5, 0.5]])
    >>> jaccard_distances(rows, rows).round(3)
    array([[0.   , 0.667],
           [0.667, 0.   ]], dtype=float32)
    """
    num_gallery = gallery_encoding.shape[0]
    holders = gallery_encoding.T.tocsr()
    distances = np.empty((query_encoding.shape[0], num_gallery), np.float32)
    for rows in _blocks_of_pairs(query_encoding, holders):
        minima = _sums_of_minima(query_encoding[rows], holders)
        np.subtract(1, minima / (2 - minima), out=minima)
        distances[rows] = np.maximum(minima, 0, out=minima)
    return distances


def _blocks_of_pairs(query_encoding: sparse.csr_matrix, holders: sparse.csr_matrix) -> Iterator[slice]:
    """Cut the queries so that a block's overlapping entries and its dense rows stay bounded."""
    holder_counts = np.diff(holders.indptr).astype(np.int64)
    before = np.concatenate([[0], np.cumsum(holder_counts[query_encoding.indices])])
    work = before[query_encoding.indptr] + np.arange(len(query_encoding.indptr)) * holders.shape[1]
    edges = np.flatnonzero(np.diff(work // _MAX_ELEMENTS)) + 1
    starts = np.unique(np.concatenate([[0], edges, [query_encoding.shape[0]]]))
    return (slice(start, stop) for start, stop in zip(starts[:-1], starts[1:]))


def _sums_of_minima(query_encoding: sparse.csr_matrix, holders: sparse.csr_matrix) -> np.ndarray:
    """Return the sum over k of min(query[q, k], holders[k, g]), float64 ``[q, g]``."""
    num_query, num_gallery = query_encoding.shape[0], holders.shape[1]
    rows = np.repeat(np.arange(num_query), np.diff(query_encoding.indptr))
    starts = holders.indptr[query_encoding.indices]
    counts = holders.indptr[query_encoding.indices + 1] - starts
    ends = np.cumsum(counts)
    positions = np.arange(counts.sum()) + np.repeat(starts - (ends - counts), counts)
    minima = np.minimum(np.repeat(query_encoding.data, counts), holders.data[positions])
    targets = np.repeat(rows * num_gallery, counts) + holders.indices[positions]
    sums = np.bincount(targets, minima, minlength=num_query * num_gallery)
    # Without any pair, bincount forgets that it was given weights and returns integers.
    return sums.astype(np.float64, copy=False).reshape(num_query, num_gallery)


def _mutual(lists: np.ndarray) -> sparse.csr_matrix:
    """Return the pairs that stand in each other's list, int32 ``[N, N]`` of ones."""
    forward = _lists_to_matrix(lists, np.int32(1))
    return forward.multiply(forward.T).tocsr()


def _lists_to_matrix(lists: np.ndarray, value: np.generic) -> sparse.csr_matrix:
    count, length = lists.shape
    values = np.full(lists.size, value)
    return sparse.csr_matrix((values, lists.ravel(), np.arange(count + 1) * length), shape=(count, count))


def _add_original(
    result: np.ndarray, features: np.ndarray, farthest: np.ndarray, lambda_value: float
) -> None:
    """Add the weighted, scaled squared distances of the first rows of ``features`` to the others."""
    num_query = len(result)
    blocks = distance_blocks(features[:num_query], features[num_query:], "cosine")
    weights = (2 * lambda_value / farthest).astype(np.float32)
    for rows in row_blocks(num_query, block_rows(result.shape[1])):
        distances = blocks(rows)
        distances *= weights[rows, None]
        # Rounding may take the farthest a little beyond its place.
        result[rows] += np.clip(distances, 0, lambda_value, out=distances)
