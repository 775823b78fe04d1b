"""A query that learns from what its user says of the hits.

Rocchio, "Relevance Feedback in Information Retrieval", in: Salton, The SMART Retrieval System, 1971.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Weights of the first query, of what was confirmed, and of what was rejected; as in Manning, Raghavan and
#: Schütze, Introduction to Information Retrieval, section 9.1.1, with the query itself.
_QUERY, _CONFIRMED, _REJECTED = 1.0, 0.75, 0.15


def refine(query: np.ndarray, confirmed: Sequence[np.ndarray], rejected: Sequence[np.ndarray]) -> np.ndarray:
    """Move a query towards what was confirmed, and away from what was rejected.

    Parameters
    ----------
    query : np.ndarray
        float32 ``[D]`` of unit length.
    confirmed, rejected : sequence of np.ndarray
        Embeddings likewise.

    Returns
    -------
    np.ndarray
        float32 ``[D]`` of unit length; the query itself if nothing would be left of it.
    """
    moved = _QUERY * query.astype(np.float64)
    if len(confirmed):
        moved += _CONFIRMED * np.mean(np.asarray(confirmed, np.float64), axis=0)
    if len(rejected):
        moved -= _REJECTED * np.mean(np.asarray(rejected, np.float64), axis=0)
    length = float(np.linalg.norm(moved))
    return np.asarray(moved / length, np.float32) if length > 1e-6 else query
