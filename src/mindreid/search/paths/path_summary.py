"""How many go from where to where, and how long they stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Optional

from mindreid.errors import InvalidArgumentError
from mindreid.search.paths.tracklet_joining import PersonPath, Step

#: Where a path comes from and goes to.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Transition:
    """A way that persons took.

    Attributes
    ----------
    origin, target : str
        Cameras, or "unknown" where a path begins or ends.
    persons : int
        Paths that took it at least once.
    median_seconds : float or None
        Between leaving one and entering the other; ``None`` of what is unknown.
    """

    origin: str
    target: str
    persons: int
    median_seconds: Optional[float]


@dataclass(frozen=True)
class Dwell:
    """How long persons stayed before a camera.

    Attributes
    ----------
    camera : str
        The camera.
    persons : int or None
        Paths that came by; ``None``: so few take one of the camera's ways that this number could tell
        how many.
    median_seconds : float
        Of a stay, what was lost within the view included.
    """

    camera: str
    persons: Optional[int]
    median_seconds: float


@dataclass(frozen=True)
class PathSummary:
    """Transitions and stays.

    Attributes
    ----------
    transitions : tuple of Transition
        The most frequent first.
    dwells : tuple of Dwell
        By camera.
    least : int
        Fewest persons that are told of; 1: all are.
    """

    transitions: tuple[Transition, ...]
    dwells: tuple[Dwell, ...]
    least: int = 1


@dataclass(frozen=True)
class _Stay:
    camera: str
    seconds: float


def summarize(paths: Sequence[PersonPath]) -> PathSummary:
    """Count everything."""
    return _summarize(paths, 1)


def summarize_crowd(paths: Sequence[PersonPath], least: int) -> PathSummary:
    """Count what at least ``least`` persons did, and nothing from which fewer could be worked out.

    A way that fewer took is not there, as one that nobody took. The number of persons before a camera,
    which is that of all its ways together, is left out if one of them is.

    Raises
    ------
    InvalidArgumentError
        If ``least`` is less than 2.
    """
    if least < 2:
        raise InvalidArgumentError(f"a crowd has at least 2 persons, not {least}")
    return _summarize(paths, least)


def _summarize(paths: Sequence[PersonPath], least: int) -> PathSummary:
    ways: dict[tuple[str, str], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    stays: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number, path in enumerate(paths):
        for way, seconds in _ways(path):
            ways[way][number] += [] if seconds is None else [seconds]
        for stay in _stays(path):
            stays[stay.camera][number].append(stay.seconds)
    hidden = {camera for way, persons in ways.items() if len(persons) < least for camera in way}
    transitions = [
        Transition(*way, len(persons), _median(persons))
        for way, persons in ways.items()
        if len(persons) >= least
    ]
    dwells = [
        Dwell(camera, None if camera in hidden else len(persons), _median(persons) or 0.0)
        for camera, persons in sorted(stays.items())
        if len(persons) >= least
    ]
    order = sorted(transitions, key=lambda way: (-way.persons, way.origin, way.target))
    return PathSummary(tuple(order), tuple(dwells), least)


def _median(persons: dict[int, list[float]]) -> Optional[float]:
    # A median of each person's median, so that nobody counts more than once.
    own = [median(seconds) for seconds in persons.values() if seconds]
    return median(own) if own else None


def _ways(path: PersonPath) -> list[tuple[tuple[str, str], Optional[float]]]:
    """Return the ways of a path with their seconds; staying before one camera is none."""
    visits = [path.steps[0], *(later for before, later in _pairs(path) if _moves(before, later))]
    ends = [(UNKNOWN, path.steps[0].tracklet.camera), (path.steps[-1].tracklet.camera, UNKNOWN)]
    between = [
        ((before.tracklet.camera, later.tracklet.camera), later.seconds)
        for before, later in zip(visits, visits[1:])
    ]
    return [(ends[0], None), *between, (ends[1], None)]


def _stays(path: PersonPath) -> list[_Stay]:
    """Return how long the person was before each camera, one stay after the other."""
    runs = [[path.steps[0]]]
    for before, later in _pairs(path):
        if _moves(before, later):
            runs.append([later])
        else:
            runs[-1].append(later)
    found = []
    for run in runs:
        begin, end = run[0].tracklet.start, max(step.tracklet.end for step in run if step.tracklet.end)
        found.append(_Stay(run[0].tracklet.camera, (end - begin).total_seconds() if begin else 0.0))
    return found


def _pairs(path: PersonPath) -> list[tuple[Step, Step]]:
    return list(zip(path.steps, path.steps[1:]))


def _moves(before: Step, later: Step) -> bool:
    return before.tracklet.camera != later.tracklet.camera
