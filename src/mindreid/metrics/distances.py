"""Distances between embeddings, a block of queries at a time.

A matrix product gives all distances at the price of one subtraction of large numbers: what it says of
two nearly equal embeddings is rounding. Such pairs are measured again by their difference
(:mod:`mindreid.metrics.close_pairs`). Embeddings of any magnitude are scaled by a power of two first,
which changes no digit, so that no square leaves the range of its type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike

from mindreid.errors import InvalidArgumentError
from mindreid.metrics.close_pairs import CLOSE, CloseDistances, difference_norms, repeated_rows
from mindreid.metrics.embedding_checks import check_feature_pair, check_metric
from mindreid.metrics.junk_rules import Pairs

BLOCK_ELEMENTS = 2**25
_MAX_BLOCK_ROWS = 256
# Elements normalised at once: 1 MB in single precision, which stays in the cache.
_NORMALIZED_ELEMENTS = 2**18
# Directions that differ by less: their mean, a vector of at most unit length, is about as long as they are.
_NARROW_CONE = 1 / 64
# Bits of the centre below the spread of the coordinates: coarse, so that small integers stay exact.
_CENTRE_BITS = 4

_Sides = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class DistanceBlocks:
    """Computes the distances of a slice of queries to the whole gallery: a new, writable ``[rows, G]``.

    Attributes
    ----------
    rough : callable
        From a slice of queries to their distances, of which those of close pairs may be rounding.
    close : CloseDistances, optional
        Measures close pairs again. Without it, the rough distances are all there is.
    exponent : int
        The distances are in units of 2 to this power.
    """

    rough: Callable[[slice], np.ndarray]
    close: Optional[CloseDistances] = None
    exponent: int = 0

    def __call__(self, rows: slice) -> np.ndarray:
        """Return the distances of a slice of queries."""
        distances = self.rough(rows)
        if self.close is not None:
            self.close.measure_again(distances, np.arange(len(self.close.row_limits))[rows])
        return distances


def block_rows(num_columns: int, most: int = _MAX_BLOCK_ROWS) -> int:
    """Return how many rows of ``num_columns`` distances make a block: ``most``, or fewer.

    A matrix product needs some hundred rows to run at full speed; fewer are taken where a float32 block
    would outgrow 128 MiB.
    """
    return max(1, min(most, BLOCK_ELEMENTS // max(1, num_columns)))


def row_blocks(num_rows: int, block_size: int) -> list[slice]:
    """Cut ``range(num_rows)`` into slices of ``block_size`` rows; the last one may be shorter."""
    return [slice(start, min(start + block_size, num_rows)) for start in range(0, num_rows, block_size)]


def l2_normalize(features: np.ndarray) -> np.ndarray:
    """Scale every row to unit length, however long or short it is; a row of zeros stays as it is.

    Parameters
    ----------
    features : np.ndarray
        ``[N, D]``, floating and finite; of ``[N, D, parts]`` every part is scaled.

    Examples
    --------
    >>> l2_normalize(np.array([[3.0, 4.0], [3e-300, 4e-300]]))
    array([[0.6, 0.8],
           [0.6, 0.8]])
    """
    units = np.empty_like(features)
    step = max(1, _NORMALIZED_ELEMENTS // max(1, features[:1].size))
    for rows in row_blocks(len(features), step):
        _normalize_rows(features[rows], units[rows])
    return units


def _normalize_rows(features: np.ndarray, out: np.ndarray) -> None:
    exponents = np.frexp(_largest(features, axis=1, keepdims=True))[1]
    # The square root of the type's range is safe for the squares, half of that for their sum too.
    if np.abs(exponents).max(initial=0) > np.finfo(features.dtype).maxexp // 4:
        features = np.ldexp(features, -exponents)
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    np.divide(features, np.where(norms > 0, norms, 1), out=out)


def _largest(values: np.ndarray, **options: Any) -> np.ndarray:
    """Return the largest magnitude without an array of magnitudes."""
    return np.maximum(values.max(**options), -values.min(**options))


def distance_blocks(query: np.ndarray, gallery: np.ndarray, metric: str) -> DistanceBlocks:
    """Return what computes the distances of a slice of queries to the whole gallery.

    They are in units of their own, ``2**exponent``, which no ranking depends on. Equal gallery items are
    at equal distances.

    Parameters
    ----------
    query, gallery : np.ndarray
        ``[Q, D]`` and ``[G, D]``, or ``[Q, D, parts]`` and ``[G, D, parts]``, floating
        and finite.
    metric : {"cosine", "euclidean"}
        See :func:`pairwise_distances`.

    Raises
    ------
    InvalidArgumentError
        If the metric is unknown.
    """
    check_metric(metric)
    if metric == "cosine":
        return _cosine_blocks(query, gallery)
    return _euclidean_blocks(query, gallery, np.result_type(query, gallery))


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
        ``[Q, G]``, float32, or float64 if an input is, or holds integers.

    Raises
    ------
    InvalidArgumentError
        If the features are not finite, differ in width or parts, or the metric is unknown; if a row of
        zeros has no direction for "cosine"; if a distance is beyond the range of its type.

    Examples
    --------
    >>> pairwise_distances([[1.0, 0.0]], [[0.0, 2.0], [3.0, 0.0]], metric="cosine")
    array([[1., 0.]])
    """
    query, gallery = check_feature_pair(query_features, gallery_features, parts=True, metric=metric)
    blocks = distance_blocks(query, gallery, metric)
    distances = blocks(slice(None))
    if blocks.exponent:
        with np.errstate(over="ignore"):
            np.ldexp(distances, blocks.exponent, out=distances)
        if np.isinf(distances.max()):
            raise InvalidArgumentError(
                f"the distances are beyond the range of {distances.dtype}", fix="pass smaller features"
            )
    return distances


def _cosine_blocks(query: np.ndarray, gallery: np.ndarray) -> DistanceBlocks:
    if query.ndim == 3:
        return _mean_over_parts([_cosine_blocks(*part) for part in _parts(query, gallery)])
    query_units, gallery_units = l2_normalize(query), l2_normalize(gallery)
    if _is_narrow_cone(query_units, gallery_units):
        units = _exact_units(query), _exact_units(gallery)
        return _half_squared(_euclidean_blocks(*units, np.result_type(query, gallery)))
    # The minus sign goes into the small factor: one pass over the large product less.
    negated, targets = -query_units, gallery_units.T
    copies, originals = repeated_rows(gallery_units)

    def rough(rows: slice) -> np.ndarray:
        distances = negated[rows] @ targets
        distances += 1
        distances[:, copies] = distances[:, originals]
        return distances

    def exact(pairs: Pairs) -> np.ndarray:
        norms = difference_norms(query, gallery, pairs, prepare=_exact_units)
        return norms * norms / 2

    return DistanceBlocks(rough, CloseDistances(exact, np.full(len(query), CLOSE**2), np.zeros(1)))


def _exact_units(rows: np.ndarray) -> np.ndarray:
    """Normalise in double precision: single rounds directions to 1e-7, about as much as neighbours differ."""
    return l2_normalize(rows.astype(np.float64))


def _is_narrow_cone(query: np.ndarray, gallery: np.ndarray) -> bool:
    """Tell whether all unit vectors point the same way, so that 1 - cos is hardly more than rounding."""
    centre = gallery.mean(axis=0, dtype=np.float64)
    return 1 - centre @ centre < _NARROW_CONE and query.any(axis=1).all()


def _half_squared(blocks: DistanceBlocks) -> DistanceBlocks:
    """Turn distances of unit vectors into 1 - cos."""
    factor = float(np.ldexp(0.5, 2 * blocks.exponent))

    def rough(rows: slice) -> np.ndarray:
        distances = blocks(rows)
        distances *= distances
        distances *= factor
        return distances

    return DistanceBlocks(rough)


def _euclidean_blocks(query: np.ndarray, gallery: np.ndarray, dtype: np.dtype) -> DistanceBlocks:
    centred_query, centred_gallery, exponent = _centre(query, gallery)
    centred = centred_query.astype(dtype, copy=False), centred_gallery.astype(dtype, copy=False)
    if query.ndim == 2:
        return _roots_of_squares((query, gallery), centred, exponent)
    parts = zip(_parts(query, gallery), _parts(*centred))
    return _mean_over_parts([_roots_of_squares(*part, exponent) for part in parts])


def _centre(query: np.ndarray, gallery: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Move the gallery's centre to the origin and scale all coordinates to at most 1.

    |q|^2 + |g|^2 - 2 q.g cancels badly far from the origin, and distances don't depend on where it is.
    Returns both sides and the exponent of what they were divided by.
    """
    largest = _exponent(query, gallery)
    query, gallery = (_scale(side, -largest) for side in (query, gallery))
    centre = gallery.mean(axis=0, dtype=np.float64)
    grid = np.ldexp(1.0, _exponent(gallery - centre.astype(gallery.dtype)) - _CENTRE_BITS)
    centre = np.round(centre / grid) * grid
    query, gallery = (side - centre.astype(side.dtype) for side in (query, gallery))
    spread = _exponent(query, gallery)
    return _scale(query, -spread), _scale(gallery, -spread), largest + spread


def _exponent(*sides: np.ndarray) -> int:
    """Return the exponent of the smallest power of two above all magnitudes, 0 if they are all 0."""
    return int(np.frexp(max(_largest(side) for side in sides))[1])


def _scale(values: np.ndarray, exponent: int) -> np.ndarray:
    return np.ldexp(values, exponent) if exponent else values


def _roots_of_squares(raw: _Sides, centred: _Sides, exponent: int) -> DistanceBlocks:
    """Compute Euclidean distances by the product of centred embeddings, close ones by the raw ones."""
    query, gallery = centred
    query_squares, gallery_squares = (np.einsum("nd,nd->n", side, side) for side in (query, gallery))
    scaled, targets = -2 * query, gallery.T
    copies, originals = repeated_rows(gallery)

    def rough(rows: slice) -> np.ndarray:
        distances = scaled[rows] @ targets
        distances += query_squares[rows, None]
        distances += gallery_squares
        distances[:, copies] = distances[:, originals]
        np.maximum(distances, 0, out=distances)
        return np.sqrt(distances, out=distances)

    def exact(pairs: Pairs) -> np.ndarray:
        return difference_norms(*raw, pairs, exponent=exponent)

    limits = (CLOSE * np.sqrt(squares) for squares in (query_squares, gallery_squares))
    return DistanceBlocks(rough, CloseDistances(exact, *limits), exponent)


def _parts(query: np.ndarray, gallery: np.ndarray) -> Iterator[_Sides]:
    return ((query[..., part], gallery[..., part]) for part in range(query.shape[2]))


def _mean_over_parts(parts: Sequence[DistanceBlocks]) -> DistanceBlocks:
    def rough(rows: slice) -> np.ndarray:
        distances = parts[0](rows)
        for part in parts[1:]:
            distances += part(rows)
        distances /= len(parts)
        return distances

    return DistanceBlocks(rough, exponent=parts[0].exponent)
