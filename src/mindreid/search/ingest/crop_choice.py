"""Which pictures of a track stay: a few that are sharp, and differ from each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mindreid.search.ingest.detectors import intersection_over_union

#: Height to which crops are brought before their sharpness is measured; a lower one stays as it is.
_MEASURED_HEIGHT = 128
#: Size in which crops are compared with each other.
_COMPARED = (8, 16)
#: Differing crops count by their distance in grey levels, which noise alone makes this large.
_NOISE = 4.0


@dataclass(frozen=True)
class Candidate:
    """A crop that may stay.

    Attributes
    ----------
    frame : int
        Its frame.
    image : np.ndarray
        uint8 RGB ``[h, w, 3]``.
    quality : float
        See :func:`crop_quality`.
    """

    frame: int
    image: np.ndarray
    quality: float


class CropCandidates:
    """The best crop of each stretch of a track, however long it is, in bounded memory.

    Parameters
    ----------
    stretches : int
        How many are kept at least, of a long enough track; at most twice as many.
    """

    def __init__(self, stretches: int = 8) -> None:
        self._stretches, self._length, self._seen = stretches, 1, 0
        self._best: list[Candidate] = []

    def __len__(self) -> int:
        return len(self._best)

    def offer(self, candidate: Candidate) -> None:
        """Take the next crop of the track, or leave it."""
        stretch = self._seen // self._length
        self._seen += 1
        if stretch == len(self._best):
            if stretch == 2 * self._stretches:
                self._best = [_better(*pair) for pair in zip(self._best[::2], self._best[1::2])]
                self._length *= 2
            self._best.append(candidate)
        else:
            self._best[-1] = _better(self._best[-1], candidate)

    def choose(self, most: int) -> list[Candidate]:
        """Return up to ``most`` crops: the best first, then those that are good and differ from it."""
        rest = list(self._best)
        chosen = [max(rest, key=lambda candidate: candidate.quality)]
        while len(chosen) < min(most, len(self._best)):
            rest = [candidate for candidate in rest if all(candidate is not other for other in chosen)]
            chosen.append(max(rest, key=lambda candidate: candidate.quality * _difference(candidate, chosen)))
        return chosen


def crop_of(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Cut a box, float32 ``[4 or more]``, out of an image; at least a pixel, a copy."""
    height, width = image.shape[:2]
    left, top = (int(np.clip(round(float(value)), 0, most - 1)) for value, most in zip(box, (width, height)))
    right = int(np.clip(round(float(box[0] + box[2])), left + 1, width))
    bottom = int(np.clip(round(float(box[1] + box[3])), top + 1, height))
    return image[top:bottom, left:right].copy()


def crop_quality(image: np.ndarray, box: np.ndarray, others: np.ndarray) -> float:
    """Tell how well a crop shows a person.

    Parameters
    ----------
    image : np.ndarray
        The crop, uint8 ``[h, w, 3]``.
    box : np.ndarray
        Its box, ``[4 or more]``.
    others : np.ndarray
        The other boxes of the frame, ``[N, 4 or more]``.

    Returns
    -------
    float
        The square root of the variance of the Laplacian, of crops brought to one height, times the crop's
        height up to that one, times what no other box covers.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    share = min(grey.shape[0] / _MEASURED_HEIGHT, 1.0)
    if share == 1.0:
        width = max(round(grey.shape[1] * _MEASURED_HEIGHT / grey.shape[0]), 1)
        grey = cv2.resize(grey, (width, _MEASURED_HEIGHT), interpolation=cv2.INTER_AREA)
    sharpness = float(cv2.Laplacian(grey, cv2.CV_64F).std())
    covered = intersection_over_union(box, others).max() if len(others) else 0.0
    return (sharpness + 1e-3) * share * (1 - float(covered))


def _better(one: Candidate, other: Candidate) -> Candidate:
    return other if other.quality > one.quality else one


def _difference(candidate: Candidate, chosen: Sequence[Candidate]) -> float:
    small = _small(candidate)
    return _NOISE + min(float(np.abs(small - _small(other)).mean()) for other in chosen)


def _small(candidate: Candidate) -> np.ndarray:
    return cv2.resize(candidate.image, _COMPARED, interpolation=cv2.INTER_AREA).astype(np.float32)
