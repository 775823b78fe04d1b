"""A claim is that one arm finds more than another; what is measured of both shows it, or does not.

On walkers, seeds are worlds of their own: the difference is paired by seed (:mod:`figures.paired_seeds`).
Real persons are in several splits: it is paired and resampled by person (:mod:`figures.paired_persons`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.experiments import spread

from figures.paired_persons import mean_with_interval, paired_difference
from figures.paired_seeds import paired_seeds
from figures.person_figures import Figures, join_figures

#: The verdict is on the first; a protocol may not report the second.
METRICS = ("rank1", "mAP")


@dataclass(frozen=True)
class Claim:
    """What is claimed.

    Attributes
    ----------
    model : str
        Whose method it is said of; its card shows what was found.
    text : str
        In words.
    first, second : str
        The arm that is said to be better, and the other one.
    protocol : str
        In which it is said to be.
    """

    model: str
    text: str
    first: str
    second: str
    protocol: str


def over_seeds(claim: Claim, on: str, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Hold a claim against the runs of :func:`runs.experiments.run_arms`.

    Raises
    ------
    ValueError
        If the arms did not run on the same seeds.
    """
    scores = {(run["arm"], run["seed"]): run["results"][claim.protocol] for run in runs
              if run["arm"] in (claim.first, claim.second)}  # fmt: skip
    ours, theirs = (
        sorted(seed for arm, seed in scores if arm == side) for side in (claim.first, claim.second)
    )
    if ours != theirs:
        raise ValueError(f"{claim.first} ran on seeds {ours}, {claim.second} on {theirs}")
    figures = {}
    for metric in METRICS:
        if metric in scores[claim.first, ours[0]]:
            values = [[scores[arm, seed][metric] for seed in ours] for arm in (claim.first, claim.second)]
            figures[metric] = _figure(*map(spread, values), paired_seeds(*values))
    return _entry(claim, on, {"seeds": ours}, figures)


def over_persons(claim: Claim, on: str, splits: Sequence[Mapping[str, Figures]]) -> dict[str, Any]:
    """Hold a claim against every split's figures by arm; an arm's deviation is that of the splits' means."""
    ours, theirs = ([split[arm] for split in splits] for arm in (claim.first, claim.second))
    figures = {}
    for metric in METRICS:
        joined = [join_figures(side)[metric] for side in (ours, theirs)]
        if joined[0]:
            sides = (_over_splits(side, metric) for side in (ours, theirs))
            figures[metric] = _figure(*sides, paired_difference(*joined))
    return _entry(claim, on, {"splits": len(splits)}, figures)


def _over_splits(splits: Sequence[Figures], metric: str) -> dict[str, float]:
    means = [mean_with_interval(split[metric])["mean"] for split in splits if split[metric]]
    every = mean_with_interval(join_figures(splits)[metric])["mean"]
    return {"mean": every, "std": spread(means)["std"]}


def _figure(
    first: Mapping[str, float], second: Mapping[str, float], difference: Mapping[str, Any]
) -> dict[str, Any]:
    return {"first": dict(first), "second": dict(second), "difference": dict(difference)}


def _entry(claim: Claim, on: str, count: Mapping[str, Any], figures: Mapping[str, Any]) -> dict[str, Any]:
    # Without a query that has a match, nothing was measured.
    verdict = figures["rank1"]["difference"]["verdict"] if figures else "not shown"
    return {
        "model": claim.model,
        "claim": claim.text,
        "on": on,
        "protocol": claim.protocol,
        "first": claim.first,
        "second": claim.second,
        **count,
        "figures": dict(figures),
        "verdict": verdict,
    }
