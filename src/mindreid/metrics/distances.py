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


def check_features(features: ArrayLike, name: str, *, parts: bool = False) -> np.ndarray:
    """Return ``features`` as a finite, floating array (half precision becomes single).

    Parameters
    ----------
    features : array_like
        ``[N, D]``, or with ``parts`` also ``[N, D, parts]``.
    name : str
        For messages.
    parts : bool
        Whether embeddings may come in parts.

    Raises
    ------
    InvalidArgumentError
        If it is empty, of another shape, or holds anything but finite real numbers.
    """
    array = np.asarray(features)
    if not (array.ndim == 2 or (parts and array.ndim == 3)) or 0 in array.shape:
        wanted = "a matrix [items, dimensions]" + (" or [items, dimensions, parts]" if parts else "")
        raise InvalidArgumentError(f"expected {wanted}, got shape {array.shape}", name)
    if array.dtype.kind not in "fiu":
        raise InvalidArgumentError(f"expected real numbers, got dtype {array.dtype}", name)
    array = array.astype(np.result_type(array.dtype, np.float32), copy=False)
    finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if not finite.all():
        raise InvalidArgumentError(
            f"{np.count_nonzero(~finite)} of {len(array)} rows hold NaN or infinity, first in row "
            f"{int(np.argmin(finite))}",
            name,
            fix="look for an unreadable image or a diverged network",
        )
    return array


def check_feature_pair(
    query_features: ArrayLike, gallery_features: ArrayLike, *, parts: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Validate both sides with :func:`check_features` and that they have the same width and parts."""
    query = check_features(query_features, "query_features", parts=parts)
    gallery = check_features(gallery_features, "gallery_features", parts=parts)
    if query.shape[1:] != gallery.shape[1:]:
        width, other = ("×".join(map(str, side.shape[1:])) for side in (query, gallery))
        raise InvalidArgumentError(
            f"query features are {width} wide and gallery features {other}",
            fix="extract both with the same network",
        )
    return query, gallery


def l2_normalize(features: np.ndarray) -> np.ndarray:
    """Scale every row to unit length; rows shorter than 1e-12 are divided by 1e-12.

    Parameters
    ----------
    features : np.ndarray
        ``[N, D]``, floating; of ``[N, D, parts]`` every part is scaled.

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
        ``[Q, D]`` and ``[G, D]``, or ``[Q, D, parts]`` and ``[G, D, parts]``, floating.
    metric : {"cosine", "euclidean"}
        See :func:`pairwise_distances`.

    Raises
    ------
    InvalidArgumentError
        If the metric is unknown.
    """
    if query.ndim == 3:
        return _mean_over_parts(query, gallery, metric)
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
    "euclidean" is :math:`\lVert q - g \rVert` of the embeddings as they are. For embeddings in parts
    (gait) it is the mean of the parts' distances, which is not the distance of the joined vectors.

    Parameters
    ----------
    query_features : array_like
        ``[Q, D]`` or ``[Q, D, parts]``.
    gallery_features : array_like
        ``[G, D]`` or ``[G, D, parts]``.
    metric : {"cosine", "euclidean"}
        The distance.

    Returns
    -------
    np.ndarray
        ``[Q, G]``, float32, or float64 if an input is.

    Raises
    ------
    InvalidArgumentError
        If the features are not finite, differ in width or parts, or the metric is unknown.

    Examples
    --------
    >>> pairwise_distances([[1.0, 0.0]], [[0.0, 2.0], [3.0, 0.0]], metric="cosine")
    array([[1., 0.]])
    """
    query, gallery = check_feature_pair(query_features, gallery_features, parts=True)
    return distance_blocks(query, gallery, metric)(slice(None))


def _mean_over_parts(query: np.ndarray, gallery: np.ndarray, metric: str) -> DistanceBlocks:
    parts = [distance_blocks(query[..., p], gallery[..., p], metric) for p in range(query.shape[2])]

    def block(rows: slice) -> np.ndarray:
        distances = parts[0](rows)
        for part in parts[1:]:
            distances += part(rows)
        distances /= len(parts)
        return distances

    return block


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
