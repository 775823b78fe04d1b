"""Ranks by how differently query and gallery see a person: a gallery of its own for every relation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from figures.person_figures import Figures, join_figures, rank_queries
from mindreid.data.records import Record

#: From the views of a query and of a gallery record to the name of their relation.
Relation = Callable[[int, int], str]


def rank_by_views(
    query: Sequence[Record],
    gallery: Sequence[Record],
    features: tuple[np.ndarray, np.ndarray],
    relation: Relation,
    *,
    rule: str = "standard",
) -> dict[str, Figures]:
    """Rank every query among the gallery records that stand in one relation to its view, for each relation.

    Everybody in such a gallery is seen alike, so that the right person is not found by its side.
    Records whose view is unknown take no part.

    Returns
    -------
    dict
        Figures by the name of the relation, sorted.
    """
    found: dict[str, list[Figures]] = {}
    for view in sorted({record.view for record in query if record.view is not None}):
        rows = [index for index, record in enumerate(query) if record.view == view]
        columns: dict[str, list[int]] = {}
        for index, record in enumerate(gallery):
            if record.view is not None:
                columns.setdefault(relation(view, record.view), []).append(index)
        for name, own in columns.items():
            figures = rank_queries(
                [query[row] for row in rows],
                [gallery[column] for column in own],
                (features[0][rows], features[1][own]),
                rule=rule,
            )
            found.setdefault(name, []).append(figures)
    return {name: join_figures(found[name]) for name in sorted(found)}
