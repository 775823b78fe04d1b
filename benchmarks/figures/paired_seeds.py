"""Two arms in the same worlds: the mean of their differences over seeds, with Student's interval.

Every seed has persons, start and order of its own, so that the seeds' differences are independent; what
they scatter by holds all three.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from figures.paired_persons import verdict

_CONFIDENCE = 0.95


def paired_seeds(first: Sequence[float], second: Sequence[float]) -> dict[str, Any]:
    """Mean of ``first`` minus ``second``, its 95 % interval and the verdict.

    A single seed has no interval and shows nothing.

    Raises
    ------
    ValueError
        If there are not as many of both, or none.
    """
    if not len(first) or len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} seeds make no pairs")
    differences = np.subtract(first, second)
    found: dict[str, Any] = {"seeds": len(differences), "mean": float(differences.mean())}
    if len(differences) == 1:
        return {**found, "interval_95": None, "verdict": "not shown"}
    half = float(
        stats.t.ppf(0.5 + _CONFIDENCE / 2, len(differences) - 1)
        * differences.std(ddof=1)
        / np.sqrt(len(differences))
    )
    interval = [found["mean"] - half, found["mean"] + half]
    return {**found, "interval_95": interval, "verdict": verdict(*interval)}
