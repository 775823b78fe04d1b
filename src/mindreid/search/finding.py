"""Where in an index somebody is: or nobody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from mindreid.search.calibration import Calibration
from mindreid.search.index.index_protocol import Index
from mindreid.search.index.tracklets import Filters, Hit


@dataclass(frozen=True)
class RatedHit:
    """A hit, and what its score means.

    Attributes
    ----------
    hit : Hit
        Tracklet and score.
    probability : float or None
        The share of such hits that are right; ``None`` without a calibration.
    verdict : str or None
        "likely", "perhaps" or "unlikely"; ``None`` without a calibration.
    """

    hit: Hit
    probability: Optional[float]
    verdict: Optional[str]

    def as_json(self) -> dict[str, Any]:
        """Return what a program wants to know of it."""
        tracklet = self.hit.tracklet
        first, *_, last = (tracklet.boxes[[0, -1]]).tolist()
        return {
            "tracklet": tracklet.id,
            "score": self.hit.score,
            "probability": self.probability,
            "verdict": self.verdict,
            "camera": tracklet.camera,
            "start": None if tracklet.start is None else tracklet.start.isoformat(),
            "end": None if tracklet.end is None else tracklet.end.isoformat(),
            "source": tracklet.source,
            "frames": [first[0], last[0]],
            "crops": [crop.name for crop in tracklet.crops],
        }


def find_others(
    index: Index, vector: np.ndarray, filters: Filters, top: int, left_out: Collection[str]
) -> list[Hit]:
    """Return the nearest tracklets to a vector, as many as ever, but for those with some ids."""
    hits = index.search(vector, filters, top + len(left_out))
    return [hit for hit in hits if hit.tracklet.id not in left_out][:top]


def rate_hits(hits: Sequence[Hit], calibration: Optional[Calibration]) -> list[RatedHit]:
    """Say what the scores of hits mean."""
    if calibration is None:
        return [RatedHit(hit, None, None) for hit in hits]
    return [
        RatedHit(hit, float(calibration.probability(np.array(hit.score))), calibration.verdict(hit.score))
        for hit in hits
    ]


def is_nobody(rated: Sequence[RatedHit]) -> Optional[bool]:
    """Whether no hit may be the person; ``None`` without hits, or where nobody knows what scores mean."""
    if not rated or rated[0].verdict is None:
        return None
    return all(hit.verdict == "unlikely" for hit in rated)
