"""Ranking metrics (CMC, mAP, mINP) from distances or embeddings, in blocks of queries.

A query's gallery items are ordered by distance; of items at exactly the same distance the one that
comes first in the gallery ranks first. Junk (:mod:`mindreid.metrics.junk_rules`) is taken out before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from mindreid.errors import InvalidArgumentError
from mindreid.metrics.distances import DistanceBlocks, block_rows, distance_blocks, row_blocks
from mindreid.metrics.embedding_checks import (
    check_feature_pair,
    check_numbers,
)
from mindreid.metrics.junk_rules import Labels, PersonIndex, check_labels, check_same_kind, junk_mask
from mindreid.metrics.match_ranks import match_ranks
from mindreid.metrics.reranking import rerank_k_reciprocal
from mindreid.metrics.results import QueryScores, RankingResult
from mindreid.option_checks import check_positive_integers, is_positive_integer

# Double precision tells integers apart below this.
_EXACT_INTEGERS = 2**53
# A matrix product of so many rows of 2,048 values takes hardly longer than one of all queries.
_BLOCK_ROWS = 768


def evaluate_distances(
    distances: ArrayLike,
    query_pids: ArrayLike,
    gallery_pids: ArrayLike,
    query_camids: Optional[ArrayLike],
    gallery_camids: Optional[ArrayLike],
    query_clothes: Optional[ArrayLike] = None,
    gallery_clothes: Optional[ArrayLike] = None,
    protocol: str = "standard",
    ranks: Sequence[int] = (1, 5, 10, 20),
    *,
    block_size: Optional[int] = None,
) -> RankingResult:
    """Evaluate a matrix of distances.

    Parameters
    ----------
    distances : array_like
        ``[Q, G]``, finite, smaller is more alike. Not changed; a memory map is read block by block.
    query_pids, gallery_pids : array_like
        Person ids, ``[Q]`` and ``[G]``, integers or strings.
    query_camids, gallery_camids : array_like
        Cameras, likewise. Protocol "all" does without: pass ``None``.
    query_clothes, gallery_clothes : array_like, optional
        Outfit ids, likewise; needed by "clothes_changing" and "same_clothes" alone.
    protocol : {"standard", "clothes_changing", "same_clothes", "all"}
        What is junk, see :mod:`mindreid.metrics.junk_rules`.
    ranks : sequence of int
        The ranks that the result's ``to_dict`` reports; the curve is always whole.
    block_size : int, optional
        Queries handled at once. The default keeps a float32 block under 128 MiB.

    Returns
    -------
    RankingResult
        ``.cmc`` ``[G]``, ``.mean_ap``, ``.mean_inp``, ``.num_valid_queries``, ``.rank(k)``. Queries
        without a match count nowhere.

    Raises
    ------
    InvalidArgumentError
        If shapes do not fit, a distance is NaN or infinite, needed labels are missing, or no query has a
        match.

    Examples
    --------
    >>> distances = [[0.1, 0.2, 0.3, 0.4]]
    >>> result = evaluate_distances(distances, [7], [7, 5, 7, 7], [0], [0, 1, 1, 2])
    >>> result.rank(1), round(result.mean_ap, 4), round(result.mean_inp, 4)
    (0.0, 0.5833, 0.6667)
    """
    matrix = _check_distances(distances)
    num_query, num_gallery = matrix.shape
    query = check_labels("query", num_query, query_pids, query_camids, query_clothes, protocol)
    gallery = check_labels("gallery", num_gallery, gallery_pids, gallery_camids, gallery_clothes, protocol)
    return _evaluate_blocks(_stored_blocks(matrix), query, gallery, protocol, ranks, block_size)


def evaluate_ranking(
    query_features: ArrayLike,
    gallery_features: ArrayLike,
    query_pids: ArrayLike,
    gallery_pids: ArrayLike,
    query_camids: Optional[ArrayLike],
    gallery_camids: Optional[ArrayLike],
    query_clothes: Optional[ArrayLike] = None,
    gallery_clothes: Optional[ArrayLike] = None,
    protocol: str = "standard",
    ranks: Sequence[int] = (1, 5, 10, 20),
    metric: str = "cosine",
    rerank: bool = False,
    *,
    block_size: Optional[int] = None,
) -> RankingResult:
    """Evaluate embeddings; the whole distance matrix is never held.

    Parameters
    ----------
    query_features, gallery_features : array_like
        ``[Q, D]`` and ``[G, D]``, or in parts ``[Q, D, parts]`` and ``[G, D, parts]``; finite,
        normalised or not.
    query_pids, gallery_pids, query_camids, gallery_camids : array_like
        As in :func:`evaluate_distances`.
    query_clothes, gallery_clothes, protocol, ranks, block_size
        As in :func:`evaluate_distances`.
    metric : {"cosine", "euclidean"}
        See :func:`mindreid.metrics.pairwise_distances`.
    rerank : bool
        Rank by :func:`mindreid.metrics.rerank_k_reciprocal` with its default parameters, which holds
        the whole float32 ``[Q, G]`` matrix and compares normalised embeddings whatever the metric.

    Returns
    -------
    RankingResult
        As of :func:`evaluate_distances`.

    Raises
    ------
    InvalidArgumentError
        As :func:`evaluate_distances`, or if features hold NaN, or differ in width.

    Examples
    --------
    >>> result = evaluate_ranking([[1.0, 0.0]], [[0.9, 0.1], [0.0, 1.0]], [3], [3, 4], [0], [1, 1])
    >>> result.rank(1), result.mean_ap
    (1.0, 1.0)
    """
    query_array, gallery_array = check_feature_pair(
        query_features, gallery_features, parts=True, metric="cosine" if rerank else metric
    )
    query = check_labels("query", len(query_array), query_pids, query_camids, query_clothes, protocol)
    gallery = check_labels(
        "gallery", len(gallery_array), gallery_pids, gallery_camids, gallery_clothes, protocol
    )
    if rerank:
        blocks = _stored_blocks(rerank_k_reciprocal(query_array, gallery_array))
    else:
        blocks = distance_blocks(query_array, gallery_array, metric)
    return _evaluate_blocks(blocks, query, gallery, protocol, ranks, block_size)


def rank_gallery(
    query_feature: ArrayLike,
    gallery_features: ArrayLike,
    query_pid: int,
    gallery_pids: ArrayLike,
    query_camid: Optional[int],
    gallery_camids: Optional[ArrayLike],
    query_clothes: Optional[int] = None,
    gallery_clothes: Optional[ArrayLike] = None,
    protocol: str = "standard",
    metric: str = "cosine",
) -> np.ndarray:
    """Return one query's gallery indices from the nearest to the farthest, without junk.

    Parameters
    ----------
    query_feature : array_like
        ``[D]`` or ``[D, parts]``.
    gallery_features : array_like
        ``[G, D]`` or ``[G, D, parts]``.
    query_pid, query_camid, query_clothes : int
        The query's labels; what the protocol has no use for may be ``None``.
    gallery_pids, gallery_camids, gallery_clothes, protocol, metric
        As in :func:`evaluate_ranking`.

    Returns
    -------
    np.ndarray
        int64 ``[G - junk]``.

    Raises
    ------
    InvalidArgumentError
        As :func:`evaluate_ranking`.

    Examples
    --------
    >>> rank_gallery([1.0, 0.0], [[0.0, 1.0], [1.0, 0.1], [1.0, 0.0]], 3, [4, 3, 3], 0, [0, 1, 0])
    array([1, 0])
    """
    sides = check_feature_pair(np.asarray(query_feature)[None], gallery_features, parts=True, metric=metric)
    distances = distance_blocks(*sides, metric)(slice(None))[0]
    pid, camid, clothes = (np.array([label]) for label in (query_pid, query_camid, query_clothes))
    query = check_labels("query", 1, pid, camid, clothes, protocol)
    gallery = check_labels("gallery", len(distances), gallery_pids, gallery_camids, gallery_clothes, protocol)
    check_same_kind(query, gallery)
    pairs = PersonIndex(gallery.pids).same_person(query.pids)
    junk = pairs[junk_mask(query, gallery, pairs, protocol)]
    order = np.argsort(distances, kind="stable")
    return order[~np.isin(order, junk.columns)]


def _stored_blocks(matrix: np.ndarray) -> DistanceBlocks:
    dtype = np.result_type(matrix.dtype, np.float32)

    def block(rows: slice) -> np.ndarray:
        distances = np.array(matrix[rows], dtype)
        _check_block(distances, matrix.dtype, rows.start)
        return distances

    return DistanceBlocks(block)


def _evaluate_blocks(
    blocks: DistanceBlocks,
    query: Labels,
    gallery: Labels,
    protocol: str,
    ranks: Sequence[int],
    block_size: Optional[int],
) -> RankingResult:
    check_positive_integers("a rank", *ranks, where="ranks")
    if block_size is not None and not is_positive_integer(block_size):
        raise InvalidArgumentError(f"block_size must be at least 1 and an integer, got {block_size!r}")
    check_same_kind(query, gallery)
    index = PersonIndex(gallery.pids)
    slices = row_blocks(len(query), block_size or block_rows(len(gallery), _BLOCK_ROWS))
    parts = []
    for rows in slices:
        distances = blocks(rows)
        parts.append(_score_block(distances, query[rows], gallery, index, protocol))
    scores = QueryScores.concatenate(parts, [rows.start for rows in slices])
    return RankingResult.of(scores, len(gallery), ranks)


def _score_block(
    distances: np.ndarray, query: Labels, gallery: Labels, index: PersonIndex, protocol: str
) -> QueryScores:
    """Score a block of queries; junk is made infinitely far in ``distances``."""
    pairs = index.same_person(query.pids)
    is_junk = junk_mask(query, gallery, pairs, protocol)
    matches, junk = pairs[~is_junk], pairs[is_junk]
    distances[junk.rows, junk.columns] = np.inf
    return QueryScores.of(matches.rows, match_ranks(distances, matches))


def _check_distances(distances: ArrayLike) -> np.ndarray:
    matrix = check_numbers(distances, "distances")
    if matrix.ndim != 2:
        raise InvalidArgumentError(
            f"expected a matrix [queries, gallery], got shape {matrix.shape}", "distances"
        )
    if 0 in matrix.shape:
        raise InvalidArgumentError(
            f"expected a matrix [queries, gallery] with at least one of each, got shape {matrix.shape}",
            "distances",
        )
    return matrix


def _check_block(block: np.ndarray, source: np.dtype, first_row: int) -> None:
    # The extremes of a row are NaN if any of it is, and need no mask as large as the block.
    lowest, highest = block.min(axis=1), block.max(axis=1)
    finite = np.isfinite(lowest) & np.isfinite(highest)
    if not finite.all():
        row = first_row + int(np.argmin(finite))
        raise InvalidArgumentError(f"NaN or infinite distances, first in row {row}", "distances")
    if source.kind in "iu" and max(highest.max(), -lowest.min()) >= _EXACT_INTEGERS:
        raise InvalidArgumentError(
            "integers of more than 53 bits, which are not told apart", "distances", fix="pass smaller ones"
        )
