"""Rank lists of a protocol's queries: who was found, who was mistaken, what is junk, at which score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Optional

import numpy as np

from mindreid import metrics
from mindreid.config import EvaluationConfig
from mindreid.data.records import Protocol, Record
from mindreid.engine.evaluation.protocol_evaluation import (
    ProtocolEmbeddings,
    optional_labels,
    query_embeddings,
    required_labels,
)
from mindreid.errors import InvalidArgumentError
from mindreid.metrics.junk_rules import Labels, PersonIndex, check_labels, junk_mask

Kind = Literal["match", "other", "junk"]
#: What stands for each kind where colours are not told apart.
MARKS: dict[Kind, str] = {"match": "✓", "other": "✗", "junk": "–"}
_MOST_JUNK = 3


@dataclass(frozen=True)
class RankedItem:
    """A gallery record in a query's list.

    Attributes
    ----------
    record : Record
        What was found.
    score : float
        Cosine similarity, or the distance: see :attr:`ProtocolRanking.score_name`.
    kind : {"match", "other", "junk"}
        The query's person, somebody else, or what the protocol leaves out.
    rank : int, optional
        From 1, junk not counted; ``None`` for junk.
    """

    record: Record
    score: float
    kind: Kind
    rank: Optional[int]


@dataclass(frozen=True)
class RankList:
    """A query and what is nearest to it.

    Attributes
    ----------
    query : Record
        What was searched for.
    items : tuple of RankedItem
        From the nearest on, junk where it stands.
    average_precision : float, optional
        In [0, 1], over the whole gallery; ``None`` if the query has no match that is not junk.
    first_match : int, optional
        Rank of the nearest match.
    hidden_junk : int
        Junk among the items that is not listed.
    """

    query: Record
    items: tuple[RankedItem, ...]
    average_precision: Optional[float]
    first_match: Optional[int]
    hidden_junk: int


class ProtocolRanking:
    """All queries of a protocol against its whole gallery, ranked as the evaluation ranks them.

    A gait benchmark makes lists of its own; here all its sequences are searched in all, and junk is
    what shows the query's person under the query's camera.

    Parameters
    ----------
    protocol : Protocol
        Which query against which gallery.
    embeddings : ProtocolEmbeddings
        Of all its records.
    config : EvaluationConfig
        The metric, and whether there is re-ranking.

    Raises
    ------
    InvalidArgumentError
        If no query has a match, or labels that the junk rule needs are missing.
    """

    def __init__(self, protocol: Protocol, embeddings: ProtocolEmbeddings, config: EvaluationConfig) -> None:
        self.protocol, self.config = protocol, config
        self._rule = protocol.rule if protocol.rule in metrics.JUNK_RULES else "standard"
        self._query = query_embeddings(protocol, embeddings, config)
        self._gallery = embeddings(protocol.gallery)
        self._reranked = metrics.rerank_k_reciprocal(self._query, self._gallery) if config.rerank else None
        self._scores = self.evaluate(np.arange(len(self._query)), np.arange(len(self._gallery))).scores

    @property
    def score_name(self) -> str:
        """What the scores are: "similarity" grows, distances fall with likeness."""
        if self.config.rerank:
            return "re-ranked distance"
        return "similarity" if self.config.metric == "cosine" else "distance"

    @cached_property
    def average_precisions(self) -> dict[int, float]:
        """By index of the query; only of queries with a match."""
        return dict(zip(self._scores.queries.tolist(), self._scores.average_precisions.tolist()))

    @cached_property
    def _first_ranks(self) -> dict[int, int]:
        return dict(zip(self._scores.queries.tolist(), self._scores.first_ranks.tolist()))

    def hardest(self, count: int) -> list[int]:
        """Return the queries of the lowest average precision, the lowest first; none without a match.

        Raises
        ------
        InvalidArgumentError
            If ``count`` is not positive.
        """
        if count < 1:
            raise InvalidArgumentError("a rank list has at least one query")
        return sorted(self.average_precisions, key=lambda query: (self.average_precisions[query], query))[
            :count
        ]

    def rank_lists(self, queries: Sequence[int], top: int) -> list[RankList]:
        """List the ``top`` nearest gallery records of some queries, and up to three of the junk among them.

        Raises
        ------
        InvalidArgumentError
            If ``top`` is not positive.
        """
        if top < 1:
            raise InvalidArgumentError("a rank list has at least one column")
        rows = np.asarray(queries, np.int64)
        each = zip(rows.tolist(), self._distances(rows), self._junk(rows))
        return [self._rank_list(index, distances, junk, top) for index, distances, junk in each]

    def evaluate(self, queries: np.ndarray, gallery: np.ndarray) -> metrics.RankingResult:
        """Rank some of the queries in a part of the gallery, both given by their indices.

        Raises
        ------
        InvalidArgumentError
            If none of them has a match there.
        """
        query, items = self._labels("query", queries), self._labels("gallery", gallery)
        labels = (
            query.pids,
            items.pids,
            query.camids,
            items.camids,
            query.clothes,
            items.clothes,
            self._rule,
        )
        if self._reranked is not None:
            return metrics.evaluate_distances(self._reranked[np.ix_(queries, gallery)], *labels)
        return metrics.evaluate_ranking(
            self._query[queries], self._gallery[gallery], *labels, metric=self.config.metric
        )

    def _distances(self, queries: np.ndarray) -> np.ndarray:
        if self._reranked is not None:
            return self._reranked[queries]
        return metrics.pairwise_distances(self._query[queries], self._gallery, self.config.metric)

    def _junk(self, queries: np.ndarray) -> np.ndarray:
        """Return what is junk, bool ``[queries, G]``."""
        query, gallery = self._labels("query", queries), self._labels("gallery")
        pairs = PersonIndex(gallery.pids).same_person(query.pids)
        junk = pairs[junk_mask(query, gallery, pairs, self._rule)]
        mask = np.zeros((len(queries), len(gallery)), bool)
        mask[junk.rows, junk.columns] = True
        return mask

    def _labels(self, side: Literal["query", "gallery"], chosen: Optional[np.ndarray] = None) -> Labels:
        records: Sequence[Record] = getattr(self.protocol, side)
        if chosen is not None:
            records = [records[index] for index in chosen]
        return check_labels(
            side,
            len(records),
            required_labels(records, "pid"),
            optional_labels(records, self.protocol.source),
            optional_labels(records, "clothes_id"),
            self._rule,
        )

    def _rank_list(self, index: int, distances: np.ndarray, junk: np.ndarray, top: int) -> RankList:
        query = self.protocol.query[index]
        items: list[RankedItem] = []
        rank = hidden = shown = 0
        for column in np.argsort(distances, kind="stable"):
            if rank == top:
                break
            if junk[column] and shown == _MOST_JUNK:
                hidden += 1
                continue
            record = self.protocol.gallery[column]
            kind: Kind = "junk" if junk[column] else "match" if record.pid == query.pid else "other"
            rank, shown = (rank, shown + 1) if kind == "junk" else (rank + 1, shown)
            items.append(
                RankedItem(record, self._score(distances[column]), kind, None if kind == "junk" else rank)
            )
        return RankList(
            query,
            tuple(items),
            self.average_precisions.get(index),
            self._first_ranks.get(index),
            hidden,
        )

    def _score(self, distance: float) -> float:
        return float(1 - distance if self.score_name == "similarity" else distance)
