"""Pairs of nearly equal embeddings, whose distances a matrix product can't tell from rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mindreid.metrics.junk_rules import Pairs

#: Share of the embeddings' lengths under which their distance is measured again: there, the squares of
#: single precision have lost ten of their 24 bits.
CLOSE = 2.0**-5
# Elements of a temporary array of differences: a few MB are fastest.
_MAX_ELEMENTS = 2**19


@dataclass(frozen=True)
class CloseDistances:
    """Which distances are too short for a matrix product, and what they are.

    Attributes
    ----------
    exact : callable
        From pairs of a query and a gallery item to their distances, ``[pairs]``.
    row_limits, column_limits : np.ndarray
        ``[Q]`` and ``[G]``, or ``[1]`` for all: a pair is close under the sum of both.
    """

    exact: Callable[[Pairs], np.ndarray]
    row_limits: np.ndarray
    column_limits: np.ndarray

    def measure_again(self, distances: np.ndarray, queries: np.ndarray) -> None:
        """Replace the distances of close pairs, in place.

        Parameters
        ----------
        distances : np.ndarray
            ``[rows, G]``, without NaN.
        queries : np.ndarray
            The query of each row, ``[rows]``.
        """
        limits = self.row_limits[queries]
        # Hardly any row has a close pair, and its smallest distance says so.
        rows = np.flatnonzero(distances.min(axis=1) < limits + self.column_limits.max())
        if len(rows):
            columns = [np.flatnonzero(distances[row] < limits[row] + self.column_limits) for row in rows]
            rows = np.repeat(rows, [len(found) for found in columns])
            close = Pairs(rows, np.concatenate(columns))
            distances[close.rows, close.columns] = self.exact(Pairs(queries[rows], close.columns))


def difference_norms(
    query: np.ndarray,
    gallery: np.ndarray,
    pairs: Pairs,
    *,
    exponent: int = 0,
    prepare: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> np.ndarray:
    """Return the length of each pair's difference in units of ``2**exponent``, ``[pairs]``.

    Parameters
    ----------
    query, gallery : np.ndarray
        ``[Q, D]`` and ``[G, D]``, floating; of any magnitude, but so close that no difference overflows.
    pairs : Pairs
        Rows of ``query`` and of ``gallery``.
    exponent : int
        Of the unit.
    prepare : callable
        What is done to the rows, ``[pairs, D]``, before they are subtracted.

    Examples
    --------
    >>> pairs = Pairs(np.array([0]), np.array([1]))
    >>> difference_norms(np.array([[3e-200, 0.0]]), np.array([[0.0, 0.0], [0.0, 4e-200]]), pairs)
    array([5.e-200])
    """
    norms = np.empty(len(pairs.rows), np.result_type(query, gallery))
    step = max(1, _MAX_ELEMENTS // query.shape[1])
    for start in range(0, len(norms), step):
        part = slice(start, start + step)
        differences = prepare(query[pairs.rows[part]]) - prepare(gallery[pairs.columns[part]])
        # A power of two changes no digit, and keeps squares from vanishing.
        exponents = np.frexp(np.abs(differences).max(axis=1))[1]
        differences = np.ldexp(differences, -exponents[:, None])
        squares = np.einsum("nd,nd->n", differences, differences)
        norms[part] = np.ldexp(np.sqrt(squares), exponents - exponent)
    return norms


def repeated_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the rows that an earlier one is equal to.

    A matrix product may round equal columns differently, depending on their place.

    Parameters
    ----------
    rows : np.ndarray
        ``[N, D]``.

    Returns
    -------
    copies, originals : np.ndarray
        int64 ``[copies]`` each: the repeated rows, ascending, and the first row that each is equal to.

    Examples
    --------
    >>> repeated_rows(np.array([[1.0, 2.0], [3.0, 0.0], [1.0, 2.0]]))
    (array([2]), array([0]))
    """
    # Equal rows have equal sums; few others do.
    _, inverse, counts = np.unique(rows.sum(axis=1), return_inverse=True, return_counts=True)
    first: dict[bytes, int] = {}
    found = []
    for row in np.flatnonzero(counts[inverse] > 1).tolist():
        # Adding 0 turns -0 into 0.
        original = first.setdefault((rows[row] + 0).tobytes(), row)
        if original != row:
            found.append((row, original))
    pairs = np.array(found, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]
