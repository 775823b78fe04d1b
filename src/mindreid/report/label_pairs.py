"""How well persons are found from one camera, or view, in another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from mindreid.data.records import Record
from mindreid.errors import InvalidArgumentError
from mindreid.report.rank_lists import ProtocolRanking

#: A table of more is not read; the most frequent labels of the queries are kept.
_MOST_LABELS = 12


@dataclass(frozen=True)
class PairTable:
    """Retrieval between records of two labels, each pair a search of its own.

    Attributes
    ----------
    names : tuple of str
        The labels, of rows (queries) and columns (gallery).
    mean_ap, rank1 : np.ndarray
        float64 ``[names, names]``, fractions in [0, 1]; NaN where no query has a match.
    queries : np.ndarray
        int64 ``[names, names]``, the queries that have a match.
    left_out : int
        How many labels are not in the table.
    """

    names: tuple[str, ...]
    mean_ap: np.ndarray
    rank1: np.ndarray
    queries: np.ndarray
    left_out: int

    def by_difference(self, difference: Callable[[str, str], str]) -> dict[str, tuple[float, float, int]]:
        """Average over the pairs with the same difference, by their queries: mAP, rank-1, queries."""
        groups: dict[str, list[tuple[int, int]]] = {}
        for row, query in enumerate(self.names):
            for column, item in enumerate(self.names):
                if self.queries[row, column]:
                    groups.setdefault(difference(query, item), []).append((row, column))
        found = {}
        for name in sorted(groups, key=lambda name: (len(name), name)):
            places = tuple(np.array(groups[name]).T)
            weights = self.queries[places]
            mean_ap, rank1 = (
                float(np.average(values[places], weights=weights)) for values in (self.mean_ap, self.rank1)
            )
            found[name] = (mean_ap, rank1, int(weights.sum()))
        return found


def pair_table(ranking: ProtocolRanking, label: Callable[[Record], Optional[str]]) -> Optional[PairTable]:
    """Search the queries of every label in the gallery records of every label.

    Parameters
    ----------
    ranking : ProtocolRanking
        Whose junk rule and distances hold.
    label : callable
        Names a record's camera or view; ``None``: it is left out.

    Returns
    -------
    PairTable or None
        ``None`` if there are less than two labels, or nobody is to be found for any pair.
    """
    rows, columns = (_by_label(side, label) for side in (ranking.protocol.query, ranking.protocol.gallery))
    counts = Counter({name: len(rows.get(name, ())) for name in {*rows, *columns}})
    if len(counts) < 2 or not rows or not columns:
        return None
    kept = sorted(counts, key=lambda name: (-counts[name], len(name), name))[:_MOST_LABELS]
    names = sorted(kept, key=lambda name: (len(name), name))
    shape = (len(names), len(names))
    mean_ap, rank1, queries = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, np.int64)
    for row, query in enumerate(names):
        for column, item in enumerate(names):
            if query in rows and item in columns:
                try:
                    result = ranking.evaluate(rows[query], columns[item])
                except InvalidArgumentError:  # nobody is there to be found
                    continue
                mean_ap[row, column], rank1[row, column] = result.mean_ap, result.rank(1)
                queries[row, column] = result.num_valid_queries
    if not queries.any():
        return None
    return PairTable(tuple(names), mean_ap, rank1, queries, len(counts) - len(names))


def _by_label(records: Sequence[Record], label: Callable[[Record], Optional[str]]) -> dict[str, np.ndarray]:
    """Return the indices of the records of each label."""
    found: dict[str, list[int]] = {}
    for index, record in enumerate(records):
        name = label(record)
        if name is not None:
            found.setdefault(name, []).append(index)
    return {name: np.array(indices) for name, indices in found.items()}
