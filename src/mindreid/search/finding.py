"""A picture of a person, and where in an index that person is: or nobody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.data.formats.images import read_image
from mindreid.errors import InvalidArgumentError
from mindreid.search.calibration import Calibration
from mindreid.search.index.index_protocol import Index
from mindreid.search.index.tracklets import Filters, Hit
from mindreid.search.ingest.crop_choice import crop_of
from mindreid.search.ingest.detectors import within

#: A person from head to feet is at least this much higher than wide.
_LEAST_SHAPE = 1.2


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


def query_crop(path: Path, box: Optional[Sequence[float]] = None) -> np.ndarray:
    """Read the picture of the person who is looked for.

    Parameters
    ----------
    path : Path
        An image file.
    box : sequence of float, optional
        Left, top, width and height of the person in it; by default the person fills it.

    Returns
    -------
    np.ndarray
        uint8 RGB ``[h, w, 3]``.

    Raises
    ------
    DataError
        If it can't be read.
    InvalidArgumentError
        If the box lies outside of it, or there is none and the picture has not the shape of a person.
    """
    image = read_image(path)
    height, width = image.shape[:2]
    if box is None:
        if height < _LEAST_SHAPE * width:
            raise InvalidArgumentError(
                f"this picture of {width} × {height} pixels shows more than a person from head to feet",
                where=str(path),
                fix="say with --box LEFT,TOP,WIDTH,HEIGHT where the person is",
            )
        return image
    inside = within(np.array([[*box, 1.0]], np.float32), height, width)
    if not len(inside):
        raise InvalidArgumentError(
            f"the box {list(box)} lies outside of the picture of {width} × {height} pixels", where=str(path)
        )
    return crop_of(image, inside[0])
