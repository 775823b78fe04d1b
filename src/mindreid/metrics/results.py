"""What an evaluation returns: the CMC curve, mAP, mINP, and what each query contributed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mindreid.errors import InvalidArgumentError
from mindreid.option_checks import check_positive_integers


@dataclass(frozen=True)
class QueryScores:
    """What each valid query contributes; a query is valid if a match is left after junk removal.

    Attributes
    ----------
    queries : np.ndarray
        Index of the query, int64 ``[valid]``, ascending.
    first_ranks : np.ndarray
        Rank of its nearest match, from 1, int64 ``[valid]``.
    average_precisions : np.ndarray
        Mean over its matches of (matches so far / rank), float64 ``[valid]``.
    inverse_negative_penalties : np.ndarray
        Number of matches / rank of the farthest one, float64 ``[valid]``.
    """

    queries: np.ndarray
    first_ranks: np.ndarray
    average_precisions: np.ndarray
    inverse_negative_penalties: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, ranks: np.ndarray) -> QueryScores:
        """Score queries from the ranks of their matches.

        Parameters
        ----------
        rows : np.ndarray
            Query of each match, ascending, int64 ``[matches]``.
        ranks : np.ndarray
            Rank of each match among the query's gallery items without junk, from 1, int64 ``[matches]``.

        Examples
        --------
        >>> scores = QueryScores.of(rows=np.array([0, 0]), ranks=np.array([4, 1]))
        >>> scores.average_precisions, scores.inverse_negative_penalties
        (array([0.75]), array([0.5]))
        """
        if not len(rows):
            return cls(rows, ranks, np.empty(0), np.empty(0))
        ranks = ranks[np.lexsort((ranks, rows))]
        queries, starts, counts = np.unique(rows, return_index=True, return_counts=True)
        found = np.arange(1, len(rows) + 1) - np.repeat(starts, counts)
        return cls(
            queries=queries,
            first_ranks=ranks[starts],
            average_precisions=np.add.reduceat(found / ranks, starts) / counts,
            inverse_negative_penalties=counts / ranks[starts + counts - 1],
        )

    @classmethod
    def concatenate(cls, parts: Sequence[QueryScores], offsets: Sequence[int]) -> QueryScores:
        """Join the scores of blocks of queries whose first queries are ``offsets``."""
        return cls(
            queries=np.concatenate([part.queries + offset for part, offset in zip(parts, offsets)]),
            first_ranks=np.concatenate([part.first_ranks for part in parts]),
            average_precisions=np.concatenate([part.average_precisions for part in parts]),
            inverse_negative_penalties=np.concatenate([part.inverse_negative_penalties for part in parts]),
        )


@dataclass(frozen=True)
class RankingResult:
    """Retrieval metrics as fractions in [0, 1], averaged over the valid queries.

    Attributes
    ----------
    cmc : np.ndarray
        Cumulative matching characteristic, float64 ``[G]``: ``cmc[k - 1]`` is the share of valid queries
        with a match among the first ``k`` gallery items that are not junk.
    mean_ap : float
        Mean average precision (mAP). A query's average precision is the mean of the precision at its
        matches, not interpolated.
    mean_inp : float
        Mean inverse negative penalty (mINP; Ye et al., TPAMI 2022): matches / rank of the last match.
    num_valid_queries : int
        Queries with at least one match left after junk removal; the others count nowhere.
    ranks : tuple of int
        The ranks that :meth:`to_dict` reports.
    scores : QueryScores
        The same per query.
    """

    cmc: np.ndarray
    mean_ap: float
    mean_inp: float
    num_valid_queries: int
    ranks: tuple[int, ...]
    scores: QueryScores = field(repr=False)

    @classmethod
    def of(cls, scores: QueryScores, num_gallery: int, ranks: Sequence[int]) -> RankingResult:
        """Average ``scores``; ``num_gallery`` is the length of the curve.

        Raises
        ------
        InvalidArgumentError
            If no query is valid.
        """
        num_valid = len(scores.queries)
        if not num_valid:
            raise InvalidArgumentError(
                "no query has a match in the gallery once junk is removed",
                fix="check that pids of query and gallery are numbered alike, and the protocol",
            )
        hits = np.bincount(scores.first_ranks - 1, minlength=num_gallery)
        return cls(
            cmc=np.cumsum(hits) / num_valid,
            mean_ap=float(scores.average_precisions.mean()),
            mean_inp=float(scores.inverse_negative_penalties.mean()),
            num_valid_queries=num_valid,
            ranks=tuple(ranks),
            scores=scores,
        )

    def rank(self, k: int) -> float:
        """Return the CMC at rank ``k``; beyond the end of the gallery the curve stays at its last value.

        Raises
        ------
        InvalidArgumentError
            If ``k`` is not a positive integer.
        """
        check_positive_integers("a rank", k, where="ranks")
        return float(self.cmc[min(k, len(self.cmc)) - 1])

    def to_dict(self) -> dict[str, float]:
        """Return "rank<k>" for each of ``ranks``, "mAP", "mINP" and "num_valid_queries"."""
        summary = {f"rank{k}": self.rank(k) for k in self.ranks}
        return {
            **summary,
            "mAP": self.mean_ap,
            "mINP": self.mean_inp,
            "num_valid_queries": self.num_valid_queries,
        }
