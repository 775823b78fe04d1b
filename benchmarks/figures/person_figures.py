"""Figures of single persons: ranked query by query, joined over splits, compared in pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from figures.paired_persons import mean_with_interval, paired_difference
from mindreid.data.records import Record
from mindreid.metrics import evaluate_ranking
from mindreid.metrics.junk_rules import PersonIndex, check_labels, junk_mask

#: What a guess finds at rank 1: the share of matches in what is ranked.
CHANCE = "chance"
METRICS = ("rank1", "mAP", CHANCE)
#: {metric: {person: values of its queries}}.
Figures = dict[str, dict[str, list[float]]]


def rank_queries(
    query: Sequence[Record],
    gallery: Sequence[Record],
    features: tuple[np.ndarray, np.ndarray],
    *,
    rule: str = "standard",
    metric: str = "cosine",
) -> Figures:
    """Rank every query; return its rank-1, average precision and chance by person.

    Parameters
    ----------
    query, gallery : sequence of Record
        Queries without a match count nowhere.
    features : tuple of np.ndarray
        Of either side, ``[N, D]`` or ``[N, D, parts]``.
    rule : str
        What is junk, one of :data:`mindreid.metrics.PROTOCOLS`.
    metric : str
        "cosine" or "euclidean".
    """
    figures: Figures = {name: {} for name in METRICS}
    if not query or not gallery:
        return figures
    names = ["pid", "camid", *(["clothes_id"] if "clothes" in rule else [])]
    sides = (query, gallery)
    labels = [np.array([getattr(record, name) for record in side]) for name in names for side in sides]
    chances = _chances(labels, rule)
    if not chances.any():
        return figures
    scores = evaluate_ranking(*features, *labels, protocol=rule, metric=metric).scores
    for index, rank, precision in zip(scores.queries, scores.first_ranks, scores.average_precisions):
        person = str(query[index].pid)
        for name, value in zip(METRICS, (rank == 1, precision, chances[index])):
            figures[name].setdefault(person, []).append(float(value))
    return figures


def _chances(labels: Sequence[np.ndarray], rule: str) -> np.ndarray:
    """Share of matches in what each query ranks, ``[Q]``; 0 without a match."""
    queries, items = (
        check_labels(name, len(labels[side]), *[*labels[side::2], None][:3], rule)
        for side, name in enumerate(("query", "gallery"))
    )
    pairs = PersonIndex(items.pids).same_person(queries.pids)
    junk = junk_mask(queries, items, pairs, rule)
    matches, left_out = (np.bincount(pairs.rows[mask], minlength=len(queries)) for mask in (~junk, junk))
    return matches / np.maximum(len(items) - left_out, 1)


def join_figures(parts: Sequence[Figures]) -> Figures:
    """Join figures; a person who is in several has all its queries."""
    joined: Figures = {}
    for figures in parts:
        for metric, persons in figures.items():
            own = joined.setdefault(metric, {})
            for person, values in persons.items():
                own.setdefault(person, []).extend(values)
    return joined


def of_protocol(
    splits: Sequence[Mapping[str, Mapping[str, Figures]]], protocol: str
) -> list[dict[str, Figures]]:
    """Take one protocol's figures of every split and arm."""
    return [{arm: figures[protocol] for arm, figures in split.items()} for split in splits]


def over_splits(splits: Sequence[Mapping[str, Figures]]) -> dict[str, Figures]:
    """Join what the splits say of each arm."""
    return {arm: join_figures([split[arm] for split in splits]) for arm in splits[0]}


def compare(joined: Mapping[str, Figures], baseline: str) -> dict[str, Any]:
    """Mean and interval of every arm, and its paired difference to the baseline."""
    return {
        arm: {
            metric: {
                **mean_with_interval(persons),
                **(
                    {}
                    if arm == baseline or metric == CHANCE
                    else {"minus_baseline": paired_difference(persons, joined[baseline][metric])}
                ),
            }
            for metric, persons in figures.items()
        }
        for arm, figures in joined.items()
    }
