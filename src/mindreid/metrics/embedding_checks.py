"""What is refused of embeddings and of parameters before anything is computed with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mindreid.errors import InvalidArgumentError

METRICS = ("cosine", "euclidean")

_DAMAGED = "look for an unreadable image or a diverged network"


def check_numbers(values: ArrayLike, name: str) -> np.ndarray:
    """Return ``values`` as an array (a memory map stays one) if it holds real numbers.

    Raises
    ------
    InvalidArgumentError
        If it is ragged, masked, or of anything but real numbers.
    """
    try:
        array = np.asanyarray(values)
    except ValueError:
        raise InvalidArgumentError("the rows are not of the same length", name) from None
    if np.ma.is_masked(array):
        raise InvalidArgumentError("some values are masked", name, fix="leave those items out")
    if array.dtype.kind not in "fiu":
        raise InvalidArgumentError(f"expected real numbers, got dtype {array.dtype}", name)
    return array


def check_features(
    features: ArrayLike, name: str, *, parts: bool = False, directions: bool = False
) -> np.ndarray:
    """Return ``features`` as a finite array of single or double precision.

    Half precision becomes single; integers, whose distances are often equal, become double.

    Parameters
    ----------
    features : array_like
        ``[N, D]``, or with ``parts`` also ``[N, D, parts]``.
    name : str
        For messages.
    parts : bool
        Whether embeddings may come in parts.
    directions : bool
        Whether they are going to be normalised, so that a row of zeros is refused. A single part of
        zeros is not: it is at cosine distance 1 from everything.

    Raises
    ------
    InvalidArgumentError
        If it is empty, of another shape, or holds anything but finite real numbers.
    """
    array = np.asarray(check_numbers(features, name))
    if not (array.ndim == 2 or (parts and array.ndim == 3)) or 0 in array.shape:
        wanted = "a matrix [items, dimensions]" + (" or [items, dimensions, parts]" if parts else "")
        raise InvalidArgumentError(f"expected {wanted}, got shape {array.shape}", name)
    single = array.dtype.kind == "f" and array.dtype.itemsize <= np.dtype(np.float32).itemsize
    with np.errstate(over="ignore"):
        array = array.astype(np.float32 if single else np.float64, copy=False)
    by_row = array.reshape(len(array), -1)
    with np.errstate(over="ignore", invalid="ignore"):
        # NaN and infinity stay in a sum, so only rows with such a sum need a closer look.
        damaged = ~np.isfinite(by_row.sum(axis=1))
    damaged[damaged] = ~np.isfinite(by_row[damaged]).all(axis=1)
    _refuse_rows(damaged, "hold NaN or infinity", name, _DAMAGED)
    if directions:
        hint = f"{_DAMAGED}, or use the Euclidean distance"
        _refuse_rows(~by_row.any(axis=1), "are all zeros, which has no direction", name, hint)
    return array


def _refuse_rows(rows: np.ndarray, what: str, name: str, fix: str) -> None:
    """Raise if any of ``rows`` is set."""
    if rows.any():
        raise InvalidArgumentError(
            f"{np.count_nonzero(rows)} of {len(rows)} rows {what}, first in row {int(np.argmax(rows))}",
            name,
            fix=fix,
        )


def check_metric(metric: str) -> None:
    """Raise InvalidArgumentError unless ``metric`` is one of :data:`METRICS`."""
    if metric not in METRICS:
        raise InvalidArgumentError(f"unknown metric {metric!r}", fix=f"choose from {', '.join(METRICS)}")


def check_feature_pair(
    query_features: ArrayLike, gallery_features: ArrayLike, *, parts: bool = False, metric: str = "cosine"
) -> tuple[np.ndarray, np.ndarray]:
    """Validate both sides with :func:`check_features` and that they have the same width and parts."""
    check_metric(metric)
    options = {"parts": parts, "directions": metric == "cosine"}
    query = check_features(query_features, "query_features", **options)
    gallery = check_features(gallery_features, "gallery_features", **options)
    if query.shape[1:] != gallery.shape[1:]:
        width, other = ("×".join(map(str, side.shape[1:])) for side in (query, gallery))
        raise InvalidArgumentError(
            f"query features are {width} wide and gallery features {other}",
            fix="extract both with the same network",
        )
    return query, gallery
