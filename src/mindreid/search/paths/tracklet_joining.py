"""Tracklets joined to paths: each to one that follows it, so that all together fit best.

A tracklet may follow another if the time between them is within the limits and their embeddings are
similar enough. Of all ways to give every tracklet at most one that follows, and one that it follows, the
Hungarian method takes the one with the largest sum of similarities above the least; a tracklet for
which nothing is similar enough has no neighbour: where its person came from, or went, is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Optional

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import connected_components

from mindreid.errors import InvalidArgumentError
from mindreid.search.index import Tracklet
from mindreid.search.paths.travel_limits import TravelLimits

#: Most cells of one matrix for the Hungarian method: 0.8 GB.
_MOST_CELLS = 10**8
#: Tracklets whose successors are looked for at once.
_BLOCK = 256


@dataclass(frozen=True)
class Step:
    """A tracklet on a path.

    Attributes
    ----------
    tracklet : Tracklet
        Where the person was.
    similarity : float or None
        Cosine to the tracklet before; ``None`` of the first one.
    seconds : float or None
        From the end of the tracklet before to the begin of this one.
    """

    tracklet: Tracklet
    similarity: Optional[float] = None
    seconds: Optional[float] = None


@dataclass(frozen=True)
class PersonPath:
    """Where one person was, in the order of time; before and after it is unknown.

    Attributes
    ----------
    steps : tuple of Step
        At least one.
    """

    steps: tuple[Step, ...]

    @property
    def start(self) -> datetime:
        """When the person was first seen."""
        return _times(self.steps[0].tracklet)[0]

    @property
    def end(self) -> datetime:
        """When the person was last seen."""
        return max(_times(step.tracklet)[1] for step in self.steps)


def join_tracklets(
    tracklets: Sequence[Tracklet], limits: TravelLimits, least_similarity: float
) -> list[PersonPath]:
    """Join tracklets over cameras, and what was lost within one.

    Parameters
    ----------
    tracklets : sequence of Tracklet
        With times and embeddings by one model.
    limits : TravelLimits
        How long it can take from one to the next.
    least_similarity : float
        Cosine, -1 to 1, below which an end stays unknown.

    Returns
    -------
    list of PersonPath
        Every tracklet is on exactly one; in the order of their first times.

    Raises
    ------
    InvalidArgumentError
        If a tracklet has no time, the similarity is no cosine, or so many tracklets may follow each
        other that their matrix would not fit into memory.
    """
    if not -1 <= least_similarity <= 1:
        raise InvalidArgumentError(f"a similarity is a cosine from -1 to 1, not {least_similarity}")
    ordered = sorted(tracklets, key=lambda tracklet: (_times(tracklet), tracklet.id))
    if not ordered:
        return []
    similarities = _candidates(ordered, limits, least_similarity)
    following = _assign(similarities, least_similarity)
    return _chains(ordered, following, similarities)


def _times(tracklet: Tracklet) -> tuple[datetime, datetime]:
    if tracklet.start is None or tracklet.end is None:
        raise InvalidArgumentError(
            f"tracklet {tracklet.id} has no time", fix="leave out photos, of which nobody knows when they are"
        )
    return tracklet.start, tracklet.end


def _candidates(
    ordered: Sequence[Tracklet], limits: TravelLimits, least_similarity: float
) -> sparse.csr_matrix:
    """Return the cosines, plus 2, of those that may follow each other: ``[N, N]``, row before column."""
    starts, ends = (np.array([_times(tracklet)[side].timestamp() for tracklet in ordered]) for side in (0, 1))
    least, most = _limit_tables(ordered, limits)
    names = {name: number for number, name in enumerate(sorted({t.camera for t in ordered}))}
    cameras = np.array([names[tracklet.camera] for tracklet in ordered])
    embeddings = np.stack([tracklet.embedding for tracklet in ordered]).astype(np.float32)
    earliest, latest = limits.widest
    rows, columns, values = [], [], []
    for begin in range(0, len(ordered), _BLOCK):
        block = slice(begin, min(begin + _BLOCK, len(ordered)))
        # By their starts, all that can follow somebody of the block stand beside each other.
        first = np.searchsorted(starts, ends[block].min() + earliest)
        later = slice(int(first), int(np.searchsorted(starts, ends[block].max() + latest, "right")))
        gaps = starts[None, later] - ends[block, None]
        pair = cameras[block, None], cameras[None, later]
        is_later = np.arange(later.start, later.stop)[None] > np.arange(block.start, block.stop)[:, None]
        cosines = embeddings[block] @ embeddings[later].T
        fits = is_later & (gaps >= least[pair]) & (gaps <= most[pair]) & (cosines >= least_similarity)
        found = np.nonzero(fits)
        rows.append(found[0] + begin)
        columns.append(found[1] + later.start)
        values.append(np.clip(cosines[found], -1, 1).astype(np.float64) + 2)
    cells = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_matrix(cells, shape=(len(ordered), len(ordered)))


def _limit_tables(ordered: Sequence[Tracklet], limits: TravelLimits) -> tuple[np.ndarray, np.ndarray]:
    """Return least and most seconds by the numbers of two cameras; none fit where there is no way."""
    names = sorted({tracklet.camera for tracklet in ordered})
    never = (np.inf, -np.inf)
    table = np.array([[limits.between(one, other) or never for other in names] for one in names])
    return table[..., 0], table[..., 1]


def _assign(similarities: sparse.csr_matrix, least_similarity: float) -> dict[int, int]:
    """Return who follows whom."""
    count = similarities.shape[0]
    # Ends and begins are two sides: what does not hang together can be assigned by itself.
    sides = sparse.bmat([[None, similarities], [similarities.T, None]], format="csr")
    _, labels = connected_components(sides, directed=False)
    ends, begins = _by_label(labels[:count]), _by_label(labels[count:])
    following = {}
    for label, rows in ends.items():
        columns = begins.get(label)
        if columns is None:
            continue
        if len(rows) * len(columns) > _MOST_CELLS:
            raise InvalidArgumentError(
                f"{len(rows):,} tracklets may follow each other within the travel times",
                fix="narrow the travel times, raise the similarity, or look at fewer hours",
            )
        known = similarities[rows][:, columns].toarray()
        gains = np.where(known > 0, known - 2 - least_similarity, 0.0)
        for row, column in zip(*linear_sum_assignment(gains, maximize=True)):
            if known[row, column] > 0:
                following[int(rows[row])] = int(columns[column])
    return following


def _by_label(labels: np.ndarray) -> dict[int, np.ndarray]:
    order = np.argsort(labels, kind="stable")
    names, begins = np.unique(labels[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, begins[1:])))


def _chains(
    ordered: Sequence[Tracklet], following: dict[int, int], similarities: sparse.csr_matrix
) -> list[PersonPath]:
    followers = set(following.values())
    paths = []
    for first in range(len(ordered)):
        if first in followers:
            continue
        steps, number = [Step(ordered[first])], first
        while number in following:
            before, number = number, following[number]
            seconds = (_times(ordered[number])[0] - _times(ordered[before])[1]).total_seconds()
            steps.append(Step(ordered[number], float(similarities[before, number] - 2), seconds))
        paths.append(PersonPath(tuple(steps)))
    return paths
