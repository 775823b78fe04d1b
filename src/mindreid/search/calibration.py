"""From similarity to what it means: of so many hits like this one, how many are right.

Isotonic regression on the hits that searches with known answers give. Every labelled tracklet is looked
for in the other cameras, once among all and once with its own person taken out: half of the searches are
for somebody who is not there. What comes out holds for searches like these, with this model. Places differ
in how hard persons are to be known there, so what is learnt at several of them goes further.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.atomic import write_json
from mindreid.errors import DataError
from mindreid.search.index.tracklets import IndexedModel
from mindreid.search.labelled_searches import (
    LabelledVectors,
    labelled_hits,
    labelled_searches,
    reliability,
)

#: Right hits below which nothing is concluded.
_LEAST_HITS = 20
#: Persons whom several cameras have seen, below which what is promised is often too much:
#: benchmarks/search_quality.py.
FEW_PERSONS = 20
_BESIDE = ".calibration.json"
#: Of how many hits a "likely" one is right, and a "perhaps" one.
LIKELY, PERHAPS = 0.8, 0.2


@dataclass(frozen=True)
class Calibration:
    """What scores of a model mean.

    Attributes
    ----------
    model, inputs
        Of the model, see :class:`mindreid.search.index.IndexedModel`.
    scores, rates : list of float
        Rising scores and the share of hits that are right at each; in between it is linear.
    likely, perhaps : float or None
        Least scores of which 80 and 20 of 100 hits are right; ``None``: no score goes that far.
    searches, right_hits : int
        What it was learnt from.
    learnt_from : str
        Where the labels are from.
    time : str
        When.
    """

    model: str
    inputs: dict[str, Any]
    scores: list[float]
    rates: list[float]
    likely: Optional[float]
    perhaps: Optional[float]
    searches: int
    right_hits: int
    learnt_from: str
    time: str

    def probability(self, score: np.ndarray) -> np.ndarray:
        """Return the share of hits with such scores that are right."""
        return np.asarray(np.interp(score, self.scores, self.rates))

    def verdict(self, score: float) -> str:
        """Return "likely", "perhaps" or "unlikely"."""
        for name, least in (("likely", self.likely), ("perhaps", self.perhaps)):
            if least is not None and score >= least:
                return name
        return "unlikely"


@dataclass(frozen=True)
class VerdictRates:
    """How right the words are that a search answers with.

    Attributes
    ----------
    hits, right : dict
        By "likely", "perhaps" and "unlikely": how many hits are called so, and how many of them are the
        person.
    present, missed : int
        Searches for a person who is there, and those of them that answer "nobody".
    absent, rejected : int
        Searches for a person who is not there, and those of them that answer "nobody".
    """

    hits: dict[str, int]
    right: dict[str, int]
    present: int
    missed: int
    absent: int
    rejected: int


def calibrate(places: Sequence[LabelledVectors], model: IndexedModel, learnt_from: str) -> Calibration:
    """Learn what scores mean.

    Parameters
    ----------
    places : sequence of LabelledVectors
        Embeddings by the model, of known persons; those of a place are looked for there alone.
    model : IndexedModel
        The model.
    learnt_from : str
        For the record.

    Raises
    ------
    DataError
        If there are fewer than 20 right hits.
    """
    from sklearn.isotonic import IsotonicRegression

    scores, is_right = _hits_of(places)
    if is_right.sum() < _LEAST_HITS:
        raise DataError(
            f"{int(is_right.sum())} hits are right, at least {_LEAST_HITS} are needed to learn from",
            where=learnt_from,
            fix="label more persons that several cameras have seen",
        )
    # A wrong hit at the top and a right one at the bottom: a handful of hits makes no certainty.
    ends = [scores.max(), scores.min()]
    fit = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    fit.fit(np.append(scores, ends), np.append(is_right.astype(float), [0.0, 1.0]))
    knots = [float(score) for score in fit.X_thresholds_]
    rates = [float(rate) for rate in fit.y_thresholds_]
    return Calibration(
        model.sha256, model.inputs, knots, rates, _least(knots, rates, LIKELY), _least(knots, rates, PERHAPS),
        sum(place.searches for place in places), int(is_right.sum()), learnt_from,
        datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )  # fmt: skip


def held_out_reliability(
    places: Sequence[LabelledVectors], model: IndexedModel
) -> tuple[list[dict[str, float]], float]:
    """Learn from half of each place's persons, and check with the other half.

    Returns
    -------
    tuple
        See :func:`mindreid.search.labelled_searches.reliability`.

    Raises
    ------
    DataError
        If half of them are too few to learn from.
    """
    generator = np.random.default_rng(0)
    learnt, checked = [], []
    for place in places:
        persons = generator.permutation(np.unique(place.persons))
        half = len(persons) // 2
        learnt.append(place.of_persons(persons[:half]))
        checked.append(place.of_persons(persons[half:]))
    calibration = calibrate(learnt, model, "half of the persons")
    scores, is_right = _hits_of(checked)
    return reliability(calibration.probability(scores), is_right)


def verdict_rates(calibration: Calibration, labelled: LabelledVectors) -> VerdictRates:
    """Count how right the answers are that known persons get."""
    hits, right = (dict.fromkeys(("likely", "perhaps", "unlikely"), 0) for _ in range(2))
    scores, is_right = labelled_hits(labelled)
    for score, is_own in zip(scores, is_right):
        verdict = calibration.verdict(float(score))
        hits[verdict] += 1
        right[verdict] += int(is_own)
    present, absent = [], []
    for search in labelled_searches(labelled):
        if search.is_mate.any():
            present.append(calibration.verdict(float(search.scores[0])) == "unlikely")
        if not search.is_mate.all():
            best = float(search.scores[~search.is_mate][0])
            absent.append(calibration.verdict(best) == "unlikely")
    return VerdictRates(hits, right, len(present), sum(present), len(absent), sum(absent))


def calibration_path(model: Path) -> Path:
    """Return where a model's calibration is kept: beside it."""
    return model.with_name(model.name + _BESIDE)


def save_calibration(calibration: Calibration, model: Path) -> Path:
    """Write a calibration beside its model, and return where."""
    path = calibration_path(model)
    write_json(path, asdict(calibration))
    return path


def load_calibration(model: IndexedModel, path: Optional[Path] = None) -> Optional[Calibration]:
    """Read the calibration beside a model; ``None`` if there is none.

    Parameters
    ----------
    model : IndexedModel
        The model.
    path : Path, optional
        Where its file is, if it was moved.

    Raises
    ------
    DataError
        If it is damaged, or was learnt with another model.
    """
    beside = calibration_path(Path(model.path) if path is None else path)
    if not beside.is_file():
        return None
    try:
        calibration = Calibration(**json.loads(beside.read_text(encoding="utf-8")))
        is_curve = len(calibration.scores) == len(calibration.rates) > 0
        rises = is_curve and bool((np.diff(calibration.scores) >= 0).all())
    except (OSError, ValueError, TypeError):
        rises = False
    if not rises:
        raise DataError("the calibration is damaged", where=str(beside), fix="calibrate again, or remove it")
    if (calibration.model, calibration.inputs) != (model.sha256, model.inputs):
        raise DataError(
            "the calibration was learnt with another model", where=str(beside), fix="calibrate again"
        )
    return calibration


def _hits_of(places: Sequence[LabelledVectors]) -> tuple[np.ndarray, np.ndarray]:
    found = [labelled_hits(place) for place in places]
    return np.concatenate([scores for scores, _ in found]), np.concatenate([right for _, right in found])


def _least(scores: list[float], rates: list[float], wanted: float) -> Optional[float]:
    if rates[-1] < wanted:
        return None
    place = next(number for number, rate in enumerate(rates) if rate >= wanted)
    if place == 0 or rates[place] == rates[place - 1]:
        return scores[place]
    share = (wanted - rates[place - 1]) / (rates[place] - rates[place - 1])
    return scores[place - 1] + share * (scores[place] - scores[place - 1])
