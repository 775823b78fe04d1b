"""Retrieval metrics: NumPy arrays in, numbers out; nothing here needs a deep learning framework."""

from mindreid.metrics.casia_b_benchmark import (
    CROSS_VIEW_GALLERY,
    CROSS_VIEW_PROBES,
    SINGLE_VIEW_GALLERY,
    SINGLE_VIEW_PROBES,
    evaluate_casia_b,
)
from mindreid.metrics.ccpg_benchmark import CCPG_SETTINGS, evaluate_ccpg
from mindreid.metrics.distances import l2_normalize, pairwise_distances
from mindreid.metrics.embedding_checks import METRICS
from mindreid.metrics.identity_scores import IdentityScores, identity_f1
from mindreid.metrics.junk_rules import JUNK_RULES
from mindreid.metrics.multi_query import pool_multi_query
from mindreid.metrics.person_clusters import PersonClusters, cluster_persons, person_distances
from mindreid.metrics.pixel_clusters import cluster_pixels
from mindreid.metrics.ranking import evaluate_distances, evaluate_ranking, rank_gallery
from mindreid.metrics.reranking import rerank_k_reciprocal
from mindreid.metrics.results import RankingResult

__all__ = [
    "CCPG_SETTINGS",
    "CROSS_VIEW_GALLERY",
    "CROSS_VIEW_PROBES",
    "JUNK_RULES",
    "METRICS",
    "SINGLE_VIEW_GALLERY",
    "SINGLE_VIEW_PROBES",
    "IdentityScores",
    "PersonClusters",
    "RankingResult",
    "cluster_persons",
    "cluster_pixels",
    "evaluate_casia_b",
    "evaluate_ccpg",
    "evaluate_distances",
    "evaluate_ranking",
    "identity_f1",
    "l2_normalize",
    "pairwise_distances",
    "person_distances",
    "pool_multi_query",
    "rank_gallery",
    "rerank_k_reciprocal",
]
