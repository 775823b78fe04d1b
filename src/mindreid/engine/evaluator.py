"""Evaluation: embeddings of every image a protocol needs, then ranking."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any, Optional

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn

from mindreid import metrics
from mindreid.config import EvaluationConfig
from mindreid.data.images import LoadSample
from mindreid.data.pipeline import Batch, evaluation_batches, multi_row_batches
from mindreid.data.records import Dataset, Protocol, Record
from mindreid.data.stand_ins import StandIns
from mindreid.engine.distributed import Workers, gather_rows, share_content, share_from_first
from mindreid.engine.gait_benchmarks import GAIT_BENCHMARKS
from mindreid.engine.memory import memory_errors_explained
from mindreid.errors import ConfigError

logger = logging.getLogger(__name__)

RANKS = (1, 5, 10, 20)


class FeatureExtractor:
    """Embeddings of records by a network in evaluation mode, compiled once.

    Parameters
    ----------
    network : nn.Cell
        ``construct(images) -> [B, D]``.
    transform : callable
        The evaluation transform.
    batch_size : int
        Images per forward pass; the last batch is padded to it.
    load : callable, optional
        Makes all rows of a record of many frames, ``[rows, …]``, whose embeddings are averaged. By
        default a record is one image. There is a graph for every shape of rows.
    frame_size : int
        Numbers that make a frame, by which ``batch_size`` counts the frames of rows.
    flip : bool
        Add the embedding of the mirrored image.
    loaders : int
        Threads that read images.
    workers : Workers
        Processes that share the work.
    between_batches : callable
        Called after each batch; may raise to end early.
    """

    def __init__(
        self,
        network: nn.Cell,
        transform: Callable[..., np.ndarray],
        *,
        batch_size: int,
        flip: bool,
        loaders: int,
        workers: Workers = Workers(),  # noqa: B008 - immutable
        between_batches: Callable[[], None] = lambda: None,
        load: Optional[LoadSample] = None,
        frame_size: int = 1,
    ) -> None:
        self.network, self.transform = network, transform
        self.load, self.frame_size = load, frame_size
        self.batch_size, self.flip, self.loaders, self.workers = batch_size, flip, loaders, workers
        self.between_batches = between_batches
        self._embed = ms.jit(network.construct)

    def __call__(
        self,
        records: Sequence[Record],
        *,
        flip: Optional[bool] = None,
        stand_ins: Optional[StandIns] = None,
    ) -> np.ndarray:
        """Return float32 ``[len(records), D]`` (gait: ``[…, D, parts]``) in the order of ``records``.

        They are not normalised.

        Parameters
        ----------
        records : sequence of Record
            What to embed.
        flip : bool, optional
            Another choice than the extractor's own.
        stand_ins : StandIns, optional
            Made for the same records: whose embeddings unreadable ones get. By default, nobody's.
        """
        # Workers' batch norms may have kept statistics of their own shares of the batches.
        share_from_first((p for p in self.network.get_parameters() if not p.requires_grad), self.workers)
        was_training = self.network.training
        self.network.set_train(False)
        try:
            with memory_errors_explained("embeddings", "lower evaluation.batch_size"):
                batches = self._batches(records, stand_ins)
                rows, indices = self._embed_share(batches, self.flip if flip is None else flip)
        finally:
            self.network.set_train(was_training)
        return gather_rows(rows, indices, len(records), self.workers)

    def _embed_share(
        self, batches: Generator[Batch, None, None], flip: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Embed this worker's share: its rows, and where they belong."""
        rows, indices = [], []
        with closing(batches):
            for batch in batches:
                rows.append(self._embed_batch(batch["images"], flip)[: batch["valid"]])
                indices.append(batch["index"][: batch["valid"]])
                self.between_batches()
        return _mean_by_index(np.concatenate(rows), np.concatenate(indices))

    def _batches(
        self, records: Sequence[Record], stand_ins: Optional[StandIns]
    ) -> Generator[Batch, None, None]:
        shared: dict[str, Any] = {
            "batch_size": self.batch_size,
            "workers": self.loaders,
            "rank": self.workers.rank,
            "world_size": self.workers.size,
            "stand_ins": stand_ins,
        }
        if self.load is None:
            return evaluation_batches(records, self.transform, **shared)
        return multi_row_batches(
            records, self.transform, load=self.load, frame_size=self.frame_size, **shared
        )

    def _embed_batch(self, images: np.ndarray, flip: bool) -> np.ndarray:
        embedding = self._embed(Tensor(images)).asnumpy().astype(np.float32)
        if flip:
            mirrored = np.ascontiguousarray(images[..., ::-1])
            embedding += self._embed(Tensor(mirrored)).asnumpy()
        return embedding


def _mean_by_index(rows: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average the rows that share an index; also return the indices, ascending."""
    if not len(indices):
        return rows, indices
    order = np.argsort(indices, kind="stable")
    distinct, starts, counts = np.unique(indices[order], return_index=True, return_counts=True)
    sums = np.add.reduceat(rows[order], starts)
    return sums / counts.astype(np.float32).reshape(-1, *[1] * (rows.ndim - 1)), distinct


def evaluate_dataset(
    extract: Callable[[Sequence[Record]], np.ndarray],
    dataset: Dataset,
    config: EvaluationConfig,
    workers: Workers = Workers(),  # noqa: B008 - immutable
) -> dict[str, dict[str, Any]]:
    """Evaluate every protocol of a dataset that the recipe asks for (default: all).

    The workers embed together; the first one ranks and tells the others the result.

    Returns
    -------
    dict
        By protocol name: "rank1", "rank5", "rank10", "rank20", "mAP", "mINP" as fractions, the
        counts "queries", "valid_queries" and "gallery", "rule" (what is junk), "rerank". Of a
        protocol with trials, the mean over them, their number "trials", and "std", the standard
        deviation of each figure over the trials. A gait benchmark has several rows, of what it
        reports alone, see :mod:`mindreid.engine.gait_benchmarks`.

    Raises
    ------
    ConfigError
        If the recipe names a protocol that the dataset does not have.
    """
    names = config.protocols or tuple(dataset.protocols)
    unknown = [name for name in names if name not in dataset.protocols]
    if unknown:
        raise ConfigError(
            f"the dataset {dataset.name!r} has no protocol {unknown[0]!r}",
            where="evaluation.protocols",
            fix=f"choose from {', '.join(dataset.protocols)}",
        )
    protocols = [dataset.protocols[name] for name in names]
    begin = time.monotonic()
    features = _extract_once(extract, protocols)
    seconds = time.monotonic() - begin
    logger.info("%d embeddings in %.1f s", len(features.row_of), seconds)
    rows: dict[str, dict[str, Any]] = {}
    for protocol in protocols if workers.is_first else ():
        rows.update(_evaluate_protocol(protocol, features, config))
    return share_content(rows, workers)


def _evaluate_protocol(
    protocol: Protocol, features: _Features, config: EvaluationConfig
) -> dict[str, dict[str, Any]]:
    if protocol.rule not in GAIT_BENCHMARKS:
        return {protocol.name: _rank(protocol, features, config)}
    if config.rerank:
        raise ConfigError(
            f"the protocol {protocol.name!r} has no re-ranking",
            where="evaluation.rerank",
            fix="leave out --rerank",
        )
    rows = GAIT_BENCHMARKS[protocol.rule](protocol.query, features(protocol.query), config.metric)
    return {name: {**row, "rerank": False} for name, row in rows.items()}


class _Features:
    """Embeddings of distinct records, looked up by record."""

    def __init__(self, records: Sequence[Record], rows: np.ndarray) -> None:
        self.row_of = {record: row for row, record in enumerate(records)}
        self.rows = rows

    def __call__(self, records: Sequence[Record]) -> np.ndarray:
        return self.rows[[self.row_of[record] for record in records]]


def _extract_once(
    extract: Callable[[Sequence[Record]], np.ndarray], protocols: Sequence[Protocol]
) -> _Features:
    lists = (part for p in protocols for part in (p.query, p.gallery, p.query_pool))
    distinct = list(dict.fromkeys(record for records in lists for record in records))
    return _Features(distinct, extract(distinct))


def _rank(protocol: Protocol, features: _Features, config: EvaluationConfig) -> dict[str, Any]:
    query = features(protocol.query)
    if protocol.query_pool:
        query = metrics.pool_multi_query(
            features(protocol.query_pool),
            _labels(protocol.query_pool, "pid"),
            _labels(protocol.query_pool, "camid"),
            _labels(protocol.query, "pid"),
            _labels(protocol.query, "camid"),
        )
    galleries = protocol.trials or (protocol.gallery,)
    results = [_rank_gallery(protocol, query, gallery, features, config) for gallery in galleries]
    figures = [
        {**{f"rank{k}": result.rank(k) for k in RANKS}, "mAP": result.mean_ap, "mINP": result.mean_inp}
        for result in results
    ]
    return {
        **_over_trials(np.mean, figures),
        **({"trials": len(figures), "std": _over_trials(np.std, figures)} if protocol.trials else {}),
        "queries": len(protocol.query),
        "valid_queries": results[0].num_valid_queries,
        "gallery": len(galleries[0]),
        "rule": protocol.junk,
        "rerank": config.rerank,
    }


def _over_trials(
    statistic: Callable[[list[float]], Any], figures: Sequence[dict[str, float]]
) -> dict[str, float]:
    return {name: float(statistic([trial[name] for trial in figures])) for name in figures[0]}


def _rank_gallery(
    protocol: Protocol,
    query: np.ndarray,
    gallery: Sequence[Record],
    features: _Features,
    config: EvaluationConfig,
) -> metrics.RankingResult:
    return metrics.evaluate_ranking(
        query,
        features(gallery),
        _labels(protocol.query, "pid"),
        _labels(gallery, "pid"),
        _optional_labels(protocol.query, protocol.source),
        _optional_labels(gallery, protocol.source),
        query_clothes=_optional_labels(protocol.query, "clothes_id"),
        gallery_clothes=_optional_labels(gallery, "clothes_id"),
        protocol=protocol.rule,
        metric=config.metric,
        rerank=config.rerank,
    )


def _labels(records: Sequence[Record], name: str) -> np.ndarray:
    return np.array([getattr(record, name) for record in records], np.int64)


def _optional_labels(records: Sequence[Record], name: str) -> Any:
    values = [getattr(record, name) for record in records]
    return None if None in values else np.array(values, np.int64)


def format_results(results: dict[str, dict[str, Any]]) -> str:
    """Lay evaluation results out as a table in per cent.

    One row per protocol, with "-" for what it does not report; below the mean of several trials
    stands their standard deviation.
    """
    name_width = max(18, *(len(name) for name in results))
    rule_width = max(17, *(len(row["rule"]) for row in results.values()))
    columns = " ".join(f"{title:>6}" for title in ("R1", "R5", "R10", "mAP", "mINP"))
    lines = [f"{'protocol':<{name_width}} {'rule':<{rule_width}} {columns}    queries gallery  re-ranked"]
    for name, row in results.items():
        counts = f"{row.get('valid_queries', '-'):>4}/{row['queries']:<4} {row['gallery']:>6}"
        reranked = "yes" if row["rerank"] else "no"
        title = f"{name:<{name_width}} {row['rule']:<{rule_width}}"
        lines.append(f"{title} {_percentages(row)}  {counts}  {reranked}")
        if "trials" in row:
            spread = f"± over {row['trials']} trials"
            lines.append(f"{spread:>{len(title)}} {_percentages(row['std'])}")
    return "\n".join(lines)


def _percentages(row: dict[str, Any]) -> str:
    shown = ("rank1", "rank5", "rank10", "mAP", "mINP")
    return " ".join(f"{100 * row[key]:6.2f}" if key in row else f"{'-':>6}" for key in shown)
