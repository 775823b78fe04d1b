"""Two networks on the same persons: mean, interval and paired difference, resampled over persons.

Queries of one person are not independent, and neither are two splits that test the same person; so
all queries of a person are drawn together. Percentiles of resampled means lie too close together where
persons are few: they are taken further out, as far as Student's interval is wider than the normal one
(T. Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69(4), 2015,
section 4.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from scipy import stats

RESAMPLES = 10_000
#: What an interval of fewer persons holds is left to chance.
LEAST_PERSONS = 10
_CONFIDENCE = 0.95

Verdict = Literal["shown", "not shown", "contrary"]
#: {person: figures of its queries}, of one network in all splits.
ByPerson = Mapping[str, Sequence[float]]


def person_means(queries: ByPerson) -> dict[str, float]:
    """Return each person's mean over its queries."""
    return {person: float(np.mean(values)) for person, values in queries.items()}


def mean_with_interval(queries: ByPerson) -> dict[str, Any]:
    """Mean over persons with a 95 % interval, resampled over persons.

    Raises
    ------
    ValueError
        If there is nobody.
    """
    return _resampled(np.array(list(person_means(queries).values())))


def paired_difference(first: ByPerson, second: ByPerson) -> dict[str, Any]:
    """Mean over persons of ``first`` minus ``second``, with a 95 % interval and the verdict.

    Fewer than :data:`LEAST_PERSONS` show nothing.

    Raises
    ------
    ValueError
        If the two were not measured on the same persons, or on nobody.
    """
    if set(first) != set(second):
        raise ValueError("a paired difference takes the same persons on both sides")
    ours, theirs = person_means(first), person_means(second)
    difference = _resampled(np.array([ours[person] - theirs[person] for person in sorted(ours)]))
    if difference["persons"] < LEAST_PERSONS:
        return {**difference, "verdict": "not shown"}
    return {**difference, "verdict": verdict(*difference["interval_95"])}


def verdict(low: float, high: float) -> Verdict:
    """Say what an interval of a claimed advantage shows."""
    if low > 0:
        return "shown"
    return "contrary" if high < 0 else "not shown"


def _resampled(values: np.ndarray) -> dict[str, Any]:
    if not len(values):
        raise ValueError("there is nobody to take a mean over")
    drawn = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    outside = _share_outside(len(values))
    return {
        "persons": len(values),
        "mean": float(values.mean()),
        "interval_95": np.quantile(values[drawn].mean(axis=1), (outside, 1 - outside)).tolist(),
    }


def _share_outside(persons: int) -> float:
    """Share of resampled means on either side of the interval."""
    if persons == 1:
        return (1 - _CONFIDENCE) / 2
    reach = stats.t.ppf((1 + _CONFIDENCE) / 2, persons - 1) * np.sqrt(persons / (persons - 1))
    return float(stats.norm.cdf(-reach))
