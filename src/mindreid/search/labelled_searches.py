"""Searches whose answers are known: hit rates, and errors with persons who are not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mindreid.errors import DataError, InvalidArgumentError

#: Ranks of the hit rates that are reported.
RANKS = (1, 5)
#: Hits of a search from which it is learnt and checked what scores mean: as many as a search shows.
TOP = 10
#: The share of searches for absent persons that may give a hit.
FPIR = 0.01
_BINS = np.linspace(0, 1, 11)


@dataclass(frozen=True)
class LabelledVectors:
    """Embeddings of known persons.

    Attributes
    ----------
    vectors : np.ndarray
        float32 ``[N, D]``, of unit length.
    persons, cameras : np.ndarray
        ``[N]``, of any type that can be compared.
    """

    vectors: np.ndarray
    persons: np.ndarray
    cameras: np.ndarray

    @property
    def searches(self) -> int:
        """How many have their person in another camera."""
        return sum(bool(search.is_mate.any()) for search in labelled_searches(self))

    @property
    def persons_seen_twice(self) -> int:
        """How many persons are in several cameras."""
        seen = {(person, camera) for person, camera in zip(self.persons.tolist(), self.cameras.tolist())}
        counts = Counter(person for person, _ in seen)
        return sum(count > 1 for count in counts.values())

    def each_alone(self) -> LabelledVectors:
        """Return the same as if every tracklet were of a camera of its own."""
        return LabelledVectors(self.vectors, self.persons, np.arange(len(self.persons)))

    def of_persons(self, chosen: np.ndarray) -> LabelledVectors:
        """Return what is of some persons."""
        kept = np.isin(self.persons, chosen)
        return LabelledVectors(self.vectors[kept], self.persons[kept], self.cameras[kept])


@dataclass(frozen=True)
class LabelledSearch:
    """One tracklet looked for in the other cameras.

    Attributes
    ----------
    scores : np.ndarray
        ``[M]``, falling.
    is_mate : np.ndarray
        bool ``[M]``: which hits are the person.
    """

    scores: np.ndarray
    is_mate: np.ndarray


@dataclass(frozen=True)
class SearchErrors:
    """How well persons are found, after ISO/IEC 19795-1.

    Attributes
    ----------
    mated, nonmated : int
        Searches for a person who is there, and for one who is not.
    hit_rates : dict
        By rank: the share of mated searches with the person among the first so many hits.
    chance : dict
        By rank: what that share would be if hits came in random order.
    threshold : float
        The score from which on a hit is shown, such that at most the share of nonmated searches that was
        asked for show any.
    fpir : float
        That share, as it came out.
    fnir : float
        The share of mated searches in which the person is not among the first ``rank`` hits, or below the
        threshold.
    rank : int
        See ``fnir``.
    """

    mated: int
    nonmated: int
    hit_rates: dict[int, float]
    chance: dict[int, float]
    threshold: float
    fpir: float
    fnir: float
    rank: int


def labelled_searches(labelled: LabelledVectors) -> Iterator[LabelledSearch]:
    """Yield a search for each embedding, among those of the other cameras."""
    for vector, person, camera in zip(labelled.vectors, labelled.persons, labelled.cameras):
        others = labelled.cameras != camera
        scores = labelled.vectors[others] @ vector
        order = np.argsort(-scores, kind="stable")
        yield LabelledSearch(scores[order], (labelled.persons[others] == person)[order])


def labelled_hits(labelled: LabelledVectors, top: int = TOP) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and rightness of the first ``top`` hits, with and without the person being there."""
    scores, is_right = [np.zeros(0)], [np.zeros(0, bool)]
    for search in labelled_searches(labelled):
        if search.is_mate.any():
            scores.append(search.scores[:top])
            is_right.append(search.is_mate[:top])
        absent = search.scores[~search.is_mate][:top]
        scores.append(absent)
        is_right.append(np.zeros(len(absent), bool))
    return np.concatenate(scores), np.concatenate(is_right)


def search_errors(labelled: LabelledVectors, *, rank: int = RANKS[-1], fpir: float = FPIR) -> SearchErrors:
    """Measure searches with and without the person being there.

    Parameters
    ----------
    labelled : LabelledVectors
        Embeddings of known persons.
    rank : int
        Hits that are looked at for the false negatives.
    fpir : float
        Share of searches for absent persons that may give a hit.

    Raises
    ------
    DataError
        If no person is in two cameras, or nobody else is in any other.
    InvalidArgumentError
        If ``fpir`` is not from 0 to below 1.
    """
    if not 0 <= fpir < 1:
        raise InvalidArgumentError(f"a false-positive rate is from 0 to below 1, not {fpir}")
    mated: list[LabelledSearch] = []
    highest_of_others: list[float] = []
    for search in labelled_searches(labelled):
        if search.is_mate.any():
            mated.append(search)
        if not search.is_mate.all():
            highest_of_others.append(float(search.scores[~search.is_mate][0]))
    if not mated or not highest_of_others:
        raise DataError("no labelled person is in two cameras, or there is only one person")
    threshold = _threshold(np.array(highest_of_others), fpir)
    found = [search for search in mated if (search.is_mate & (search.scores >= threshold))[:rank].any()]
    return SearchErrors(
        mated=len(mated),
        nonmated=len(highest_of_others),
        hit_rates={
            place: float(np.mean([search.is_mate[:place].any() for search in mated])) for place in RANKS
        },
        chance={place: float(np.mean([_chance(search, place) for search in mated])) for place in RANKS},
        threshold=threshold,
        fpir=float(np.mean(np.array(highest_of_others) >= threshold)),
        fnir=1 - len(found) / len(mated),
        rank=rank,
    )


def reliability(probabilities: np.ndarray, is_right: np.ndarray) -> tuple[list[dict[str, float]], float]:
    """Compare promised and actual shares of right hits.

    Parameters
    ----------
    probabilities : np.ndarray
        ``[N]``, in 0..1.
    is_right : np.ndarray
        bool ``[N]``.

    Returns
    -------
    tuple
        For each tenth with hits: ``low``, ``high``, ``hits``, ``promised`` and ``right``; and the expected
        calibration error: the mean difference of the two, weighted by hits.
    """
    place = np.clip(np.digitize(probabilities, _BINS[1:-1]), 0, len(_BINS) - 2)
    table = [
        {
            "low": float(_BINS[number]),
            "high": float(_BINS[number + 1]),
            "hits": int((place == number).sum()),
            "promised": float(probabilities[place == number].mean()),
            "right": float(is_right[place == number].mean()),
        }
        for number in range(len(_BINS) - 1)
        if (place == number).any()
    ]
    error = sum(row["hits"] * abs(row["promised"] - row["right"]) for row in table) / max(len(is_right), 1)
    return table, float(error)


def _chance(search: LabelledSearch, rank: int) -> float:
    """Return how likely the person is among the first ``rank`` hits in random order."""
    others, places = int((~search.is_mate).sum()), len(search.is_mate)
    missed = 1.0
    for number in range(min(rank, places)):
        missed *= max(others - number, 0) / (places - number)
    return 1 - missed


def _threshold(highest: np.ndarray, fpir: float) -> float:
    allowed = int(fpir * len(highest))
    falling = np.sort(highest)[::-1]
    # Just above the first one that may give no hit any more; equal ones included.
    return float(np.nextafter(falling[allowed], np.inf)) if allowed < len(falling) else float(falling[-1])
