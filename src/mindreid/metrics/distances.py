"""Distances between embeddings, a block of queries at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from mindreid.errors import InvalidArgumentError

METRICS = ("cosine", "euclidean")

DistanceBlocks = Callable[[slice], np.ndarray]
"""From a slice of queries to a new, writable ``[rows, G]`` array of their distances."""

BLOCK_ELEMENTS = 2**25
_MAX_BLOCK_ROWS = 256


def block_rows(num_columns: int) -> int:
    """Return how many rows of ``num_columns`` distances make a block.

    A matrix product needs some hundred rows to run at full speed; beyond 130,000 columns fewer are
    taken, so that a float32 block stays under 128 MiB.
    """
    return max(1, min(_MAX_BLOCK_ROWS, BLOCK_ELEMENTS // max(1, num_columns)))


def row_blocks(num_rows: int, block_size: int) -> list[slice]:
    """Cut ``range(num_rows)`` into slices of ``block_size`` rows; the last one may be shorter."""
    return [slice(start, min(start + block_size, num_rows)) for start in range(0, num_rows, block_size)]


def check_features(features: ArrayLike, name: str) -> np.ndarray:
    """Return ``features`` as a finite, floating ``[N, D]`` array (half precision becomes single).

    Raises
    ------
    InvalidArgumentError
        If it is not a non-empty matrix of finite real numbers.
    """
    array = np.asarray(features)
    if array.ndim != 2 or 0 in array.shape:
        raise InvalidArgumentError(f"expected a matrix [items, dimensions], got shape {array.shape}", name)
    if array.dtype.kind not in "fiu":
        raise InvalidArgumentError(f"expected real numbers, got dtype {array.dtype}", name)
    array = array.astype(np.result_type(array.dtype, np.float32), copy=False)
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        raise InvalidArgumentError(
            f"{np.count_nonzero(~finite)} of {len(array)} rows hold NaN or infinity, first in row "
            f"{int(np.argmin(finite))}",
            name,
            fix="look for an unreadable image or a diverged network",
        )
    return array


def check_feature_pair(
    query_features: ArrayLike, gallery_features: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Validate both sides with :func:`check_features` and that they have the same width."""
    query = check_features(query_features, "query_features")
    gallery = check_features(gallery_features, "gallery_features")
    if query.shape[1] != gallery.shape[1]:
        raise InvalidArgumentError(
            f"query features are {query.shape[1]} wide and gallery features {gallery.shape[1]}",
            fix="extract both with the same network",
        )
    return query, gallery


def l2_normalize(features: np.ndarray) -> np.ndarray:
    """Scale every row to unit length; rows shorter than 1e-12 are divided by 1e-12.

    Parameters
    ----------
    features : np.ndarray
        ``[N, D]``, floating.

    Examples
    --------
    >>> l2_normalize(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]])
    """
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.maximum(norms, 1e-12)


def distance_blocks(query: np.ndarray, gallery: np.ndarray, metric: str) -> DistanceBlocks:
    """Return a function that computes the distances of a slice of queries to the whole gallery.

    Parameters
    ----------
    query, gallery : np.ndarray
        ``[Q, D]`` and ``[G, D]``, floating.
    metric : {"cosine", "euclidean"}
        See :func:`pairwise_distances`.

    Raises
    ------
    InvalidArgumentError
        If the metric is unknown.
    """
    if metric == "cosine":
        return _cosine_blocks(query, gallery)
    if metric == "euclidean":
        return _euclidean_blocks(query, gallery)
    raise InvalidArgumentError(f"unknown metric {metric!r}", fix=f"choose from {', '.join(METRICS)}")


def pairwise_distances(
    query_features: ArrayLike, gallery_features: ArrayLike, metric: str = "cosine"
) -> np.ndarray:
    r"""Compute all distances between two sets of embeddings.

    "cosine" is :math:`1 - \hat q \cdot \hat g` with both sides L2-normalised, in [0, 2] to rounding;
    "euclidean" is :math:`\lVert q - g \rVert` of the embeddings as they are.

    Parameters
    ----------
    query_features : array_like
        ``[Q, D]``.
    gallery_features : array_like
        ``[G, D]``.
    metric : {"cosine", "euclidean"}
        The distance.

    Returns
    -------
    np.ndarray
        ``[Q, G]``, float32, or float64 if an input is.

    Raises
    ------
    InvalidArgumentError
        If the features are not finite matrices of the same width or the metric is unknown.

    Examples
    --------
    >>> pairwise_distances([[1.0, 0.0]], [[0.0, 2.0], [3.0, 0.0]], metric="cosine")
    array([[1., 0.]])
    """
    query, gallery = check_feature_pair(query_features, gallery_features)
    return distance_blocks(query, gallery, metric)(slice(None))


def _cosine_blocks(query: np.ndarray, gallery: np.ndarray) -> DistanceBlocks:
    # The minus sign goes into the small factor: one pass over the large product less.
    negated, targets = -l2_normalize(query), l2_normalize(gallery).T

    def block(rows: slice) -> np.ndarray:
        distances = negated[rows] @ targets
        distances += 1
        return distances

    return block


def _euclidean_blocks(query: np.ndarray, gallery: np.ndarray) -> DistanceBlocks:
    # |q|^2 + |g|^2 - 2 q.g cancels badly far from the origin, and distances don't depend on where it is.
    centre = gallery.mean(axis=0)
    query, gallery = query - centre, gallery - centre
    query_norms, gallery_norms = (np.einsum("nd,nd->n", side, side) for side in (query, gallery))
    scaled, targets = -2 * query, gallery.T

    def block(rows: slice) -> np.ndarray:
        distances = scaled[rows] @ targets
        distances += query_norms[rows, None]
        distances += gallery_norms
        np.maximum(distances, 0, out=distances)
        return np.sqrt(distances, out=distances)

    return block
