"""Embeddings as points of a plane, the same whenever it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from mindreid.data.records import Dataset, Record
from mindreid.errors import InvalidArgumentError
from mindreid.metrics import l2_normalize
from mindreid.report.pictures.tiles import evenly_spaced

Method = Literal["tsne", "pca"]
METHODS: tuple[Method, ...] = ("tsne", "pca")
#: Fewer points than this have no shape that a plane could show.
FEWEST_POINTS = 4
_PERPLEXITY = 30.0


def choose_test_records(dataset: Dataset, persons: int = 20) -> list[Record]:
    """Take query and gallery records of evenly spaced persons of the queries, see :func:`choose_records`."""
    asked = {record.pid for record in dataset.query}
    known = [record for record in dataset.gallery if record.pid in asked]
    return choose_records([*dataset.query, *known], persons=persons)


def choose_records(records: Sequence[Record], *, persons: int = 20, per_person: int = 24) -> list[Record]:
    """Take evenly spaced persons, and of each evenly spaced records, in the order that they have.

    Examples
    --------
    >>> records = [Record((f"{number}.jpg",), pid=number // 4, camid=0) for number in range(12)]
    >>> [record.path for record in choose_records(records, persons=2, per_person=2)]
    ['0.jpg', '3.jpg', '8.jpg', '11.jpg']
    """
    by_person: dict[int, list[Record]] = {}
    for record in dict.fromkeys(records):
        by_person.setdefault(record.pid, []).append(record)
    known = sorted(by_person)
    chosen = [by_person[known[person]] for person in evenly_spaced(len(known), persons)]
    return [own[item] for own in chosen for item in evenly_spaced(len(own), per_person)]


def project(
    embeddings: np.ndarray, method: Method = "tsne", *, metric: str = "cosine", seed: int = 0
) -> np.ndarray:
    """Map embeddings to a plane.

    Parameters
    ----------
    embeddings : np.ndarray
        float ``[N, D]`` or ``[N, D, parts]``, finite.
    method : {"tsne", "pca"}
        t-SNE (van der Maaten and Hinton, JMLR 2008) keeps neighbours together; distances between
        groups and their sizes say nothing. Principal components keep large distances.
    metric : {"cosine", "euclidean"}
        How they are compared; for "cosine" they are normalised first.
    seed : int
        Of t-SNE.

    Returns
    -------
    np.ndarray
        float64 ``[N, 2]``.

    Raises
    ------
    InvalidArgumentError
        If there are fewer than four embeddings.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    if len(embeddings) < FEWEST_POINTS:
        raise InvalidArgumentError(f"a map needs at least {FEWEST_POINTS} embeddings, not {len(embeddings)}")
    rows = embeddings.astype(np.float64)
    rows = (l2_normalize(rows) if metric == "cosine" else rows).reshape(len(rows), -1)
    if not np.ptp(rows, axis=0).any():
        return np.zeros((len(rows), 2))
    # Several threads add up in an order of their own.
    with threadpool_limits(1):
        if method == "pca":
            return PCA(2, svd_solver="full").fit_transform(rows)
        perplexity = min(_PERPLEXITY, (len(rows) - 1) / 3)
        return (
            TSNE(2, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
            .fit_transform(rows)
            .astype(float)
        )
