"""Every protocol of a dataset, ranked by the embeddings of the records that it needs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Optional

import numpy as np

from mindreid import metrics
from mindreid.config import EvaluationConfig
from mindreid.data.records import Dataset, Protocol, Record
from mindreid.engine.evaluation.gait_benchmarks import GAIT_BENCHMARKS
from mindreid.engine.evaluation.protocol_results import (
    Figures,
    ProtocolResult,
    results_from_json,
    results_to_json,
)
from mindreid.engine.platform.distributed import Workers, failing_together, share_content
from mindreid.errors import ConfigError

logger = logging.getLogger(__name__)


def evaluate_dataset(
    extract: Callable[[Sequence[Record]], np.ndarray],
    dataset: Dataset,
    config: EvaluationConfig,
    workers: Workers = Workers(),  # noqa: B008 - immutable
) -> dict[str, ProtocolResult]:
    """Evaluate every protocol of a dataset that the recipe asks for (default: all).

    The workers embed together; the first one ranks and tells the others the result.

    Returns
    -------
    dict
        By protocol name. A gait benchmark has several rows, of what it reports alone, see
        :mod:`mindreid.engine.evaluation.gait_benchmarks`.

    Raises
    ------
    ConfigError
        If the recipe names a protocol that the dataset does not have.
    """
    protocols = chosen_protocols(dataset, config)
    begin = time.monotonic()
    embeddings = embed_protocols(extract, protocols)
    seconds = time.monotonic() - begin
    logger.info("%d embeddings in %.1f s", len(embeddings), seconds)
    with failing_together(workers):
        results = evaluate_protocols(protocols if workers.is_first else (), embeddings, config)
    return results_from_json(share_content(results_to_json(results), workers))


def chosen_protocols(dataset: Dataset, config: EvaluationConfig) -> list[Protocol]:
    """Return the protocols of a dataset that the recipe asks for (default: all).

    Raises
    ------
    ConfigError
        If the recipe names one that the dataset does not have.
    """
    names = config.protocols or tuple(dataset.protocols)
    unknown = [name for name in names if name not in dataset.protocols]
    if unknown:
        raise ConfigError(
            f"the dataset {dataset.name!r} has no protocol {unknown[0]!r}",
            where="evaluation.protocols",
            fix=f"choose from {', '.join(dataset.protocols)}",
        )
    return [dataset.protocols[name] for name in names]


def without_unknown_protocols(dataset: Dataset, config: EvaluationConfig) -> EvaluationConfig:
    """Leave out the protocols that a dataset does not have, and say so; without any, all are asked for."""
    unknown = [name for name in config.protocols if name not in dataset.protocols]
    if not unknown:
        return config
    known = tuple(name for name in config.protocols if name in dataset.protocols)
    logger.info(
        "the dataset %r has no protocol %s, as the recipe's has: evaluated is %s",
        dataset.name,
        ", ".join(map(repr, unknown)),
        ", ".join(map(repr, known or dataset.protocols)),
    )
    return config.model_copy(update={"protocols": known})


class ProtocolEmbeddings:
    """Embeddings of distinct records, looked up by record.

    Parameters
    ----------
    records : sequence of Record
        All different.
    rows : np.ndarray
        float32 ``[N, D]`` (gait: ``[N, D, parts]``), in their order.
    """

    def __init__(self, records: Sequence[Record], rows: np.ndarray) -> None:
        self.row_of = {record: row for row, record in enumerate(records)}
        self.rows = rows

    def __len__(self) -> int:
        return len(self.row_of)

    def __call__(self, records: Sequence[Record]) -> np.ndarray:
        """Return the embeddings of some of the records, in the order asked for."""
        return self.rows[[self.row_of[record] for record in records]]


def embed_protocols(
    extract: Callable[[Sequence[Record]], np.ndarray], protocols: Sequence[Protocol]
) -> ProtocolEmbeddings:
    """Embed every record that the protocols compare, once."""
    lists = (part for p in protocols for part in (p.query, p.gallery, p.query_pool))
    distinct = list(dict.fromkeys(record for records in lists for record in records))
    return ProtocolEmbeddings(distinct, extract(distinct))


def evaluate_protocols(
    protocols: Sequence[Protocol], embeddings: ProtocolEmbeddings, config: EvaluationConfig
) -> dict[str, ProtocolResult]:
    """Rank protocols whose records are embedded; by protocol name, as :func:`evaluate_dataset` does."""
    results: dict[str, ProtocolResult] = {}
    for protocol in protocols:
        results.update(_evaluate_protocol(protocol, embeddings, config))
    return results


def query_embeddings(
    protocol: Protocol, embeddings: ProtocolEmbeddings, config: EvaluationConfig
) -> np.ndarray:
    """Return what a protocol's queries are ranked by, ``[Q, D]``: pooled where it has a pool."""
    if not protocol.query_pool:
        return embeddings(protocol.query)
    return metrics.pool_multi_query(
        embeddings(protocol.query_pool),
        required_labels(protocol.query_pool, "pid"),
        required_labels(protocol.query_pool, "camid"),
        required_labels(protocol.query, "pid"),
        required_labels(protocol.query, "camid"),
        # Else the pooled queries would be short, and the gallery as long as the network makes it.
        normalize=config.rerank or config.metric == "cosine",
    )


def required_labels(records: Sequence[Record], name: str) -> np.ndarray:
    """Return a label that every record has, int64 ``[N]``."""
    return np.array([getattr(record, name) for record in records], np.int64)


def optional_labels(records: Sequence[Record], name: str) -> Optional[np.ndarray]:
    """Return a label, int64 ``[N]``; ``None`` if a record has none."""
    values = [getattr(record, name) for record in records]
    return None if None in values else np.array(values, np.int64)


def _evaluate_protocol(
    protocol: Protocol, embeddings: ProtocolEmbeddings, config: EvaluationConfig
) -> dict[str, ProtocolResult]:
    if protocol.rule not in GAIT_BENCHMARKS:
        return {protocol.name: _rank(protocol, embeddings, config)}
    if config.rerank:
        raise ConfigError(
            f"the protocol {protocol.name!r} has no re-ranking",
            where="evaluation.rerank",
            fix="leave out --rerank",
        )
    return GAIT_BENCHMARKS[protocol.rule](protocol.query, embeddings(protocol.query), config.metric)


def _rank(protocol: Protocol, embeddings: ProtocolEmbeddings, config: EvaluationConfig) -> ProtocolResult:
    query = query_embeddings(protocol, embeddings, config)
    galleries = protocol.trials or (protocol.gallery,)
    results = [_rank_gallery(protocol, query, gallery, embeddings, config) for gallery in galleries]
    figures = [_figures(result) for result in results]
    return ProtocolResult(
        **_over_trials(np.mean, figures),
        queries=len(protocol.query),
        valid_queries=results[0].num_valid_queries,
        gallery=len(galleries[0]),
        rule=protocol.junk,
        rerank=config.rerank,
        trials=len(figures) if protocol.trials else None,
        std=Figures(**_over_trials(np.std, figures)) if protocol.trials else None,
    )


def _figures(result: metrics.RankingResult) -> dict[str, float]:
    ranks = {f"rank{k}": result.rank(k) for k in (1, 5, 10, 20)}
    return {**ranks, "mean_ap": result.mean_ap, "mean_inp": result.mean_inp}


def _over_trials(
    statistic: Callable[[list[float]], Any], figures: Sequence[dict[str, float]]
) -> dict[str, float]:
    return {name: float(statistic([trial[name] for trial in figures])) for name in figures[0]}


def _rank_gallery(
    protocol: Protocol,
    query: np.ndarray,
    gallery: Sequence[Record],
    embeddings: ProtocolEmbeddings,
    config: EvaluationConfig,
) -> metrics.RankingResult:
    return metrics.evaluate_ranking(
        query,
        embeddings(gallery),
        required_labels(protocol.query, "pid"),
        required_labels(gallery, "pid"),
        optional_labels(protocol.query, protocol.source),
        optional_labels(gallery, protocol.source),
        query_clothes=optional_labels(protocol.query, "clothes_id"),
        gallery_clothes=optional_labels(gallery, "clothes_id"),
        protocol=protocol.rule,
        metric=config.metric,
        rerank=config.rerank,
    )
