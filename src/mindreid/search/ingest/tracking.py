"""Joining the boxes of following frames to tracks, with the tracker of the package norfair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mindreid.search.extras import optional_package
from mindreid.search.ingest.crop_choice import CropCandidates

#: 1 - intersection over union, from which on a box is not the next one of a track.
_FARTHEST = 0.75


@dataclass
class OpenTrack:
    """A track that may go on.

    Attributes
    ----------
    boxes : list
        ``(frame, seconds, box)`` in the order of time; box is float32 ``[5]``.
    candidates : CropCandidates
        Pictures of it, of which a few will stay.
    """

    boxes: list[tuple[int, float, np.ndarray]] = field(default_factory=list)
    candidates: CropCandidates = field(default_factory=CropCandidates)


class BoxTracker:
    """Boxes in, tracks out.

    Parameters
    ----------
    interval : float
        Seconds between two frames.
    patience : float
        Seconds for which a person may be out of sight.
    least_boxes : int
        Boxes in a row until something is taken for a person.

    Raises
    ------
    MissingExtraError
        If the extra ``search`` is not installed.
    """

    def __init__(self, interval: float, *, patience: float = 1.0, least_boxes: int = 3) -> None:
        norfair = optional_package("norfair", "tracking persons")
        self._detection = norfair.Detection
        most_missed = max(round(patience / interval), 1)
        self._tracker = norfair.Tracker(
            distance_function="iou",
            distance_threshold=_FARTHEST,
            hit_counter_max=max(most_missed, least_boxes + 1),
            initialization_delay=least_boxes,
            past_detections_length=0,
        )
        #: By the tracker's number for what it follows.
        self._open: dict[int, OpenTrack] = {}
        self._objects: dict[int, Any] = {}

    def update(
        self, frame: int, seconds: float, boxes: np.ndarray
    ) -> tuple[list[tuple[OpenTrack, np.ndarray]], list[OpenTrack]]:
        """Take the boxes of the next frame.

        Parameters
        ----------
        frame : int
            Its number.
        seconds : float
            Its time.
        boxes : np.ndarray
            float32 ``[N, 5]``.

        Returns
        -------
        tuple
            The tracks that go on here or may begin, each with its box, and the tracks that are over.
        """
        detections = [
            self._detection(np.array([box[:2], box[:2] + box[2:4]], float), data=box) for box in boxes
        ]
        self._tracker.update(detections)
        seen = {id(detection) for detection in detections}
        found = []
        alive = {tracked.initializing_id: tracked for tracked in self._tracker.tracked_objects}
        for number, tracked in alive.items():
            if id(tracked.last_detection) in seen:
                track = self._open.setdefault(number, OpenTrack())
                track.boxes.append((frame, seconds, tracked.last_detection.data))
                found.append((track, tracked.last_detection.data))
        ended = self._take(set(self._objects) - set(alive))
        self._objects = alive
        return found, ended

    def finish(self) -> list[OpenTrack]:
        """Return the tracks that end with the recording."""
        return self._take(set(self._objects))

    def _take(self, numbers: set[int]) -> list[OpenTrack]:
        ended = []
        for number in sorted(numbers):
            track = self._open.pop(number, None)
            # Without an id it never was more than a box or two.
            if track is not None and self._objects[number].id is not None:
                ended.append(track)
        return ended


class GivenTracker:
    """Boxes whose persons are known, with the interface of :class:`BoxTracker`.

    Parameters
    ----------
    ids : dict
        By frame: the person of each box.
    patience : float
        Seconds after which a person who comes back is a new track.
    """

    def __init__(self, ids: dict[int, list[int]], *, patience: float = 10.0) -> None:
        self._ids, self._patience = ids, patience
        self._open: dict[int, OpenTrack] = {}

    def update(
        self, frame: int, seconds: float, boxes: np.ndarray
    ) -> tuple[list[tuple[OpenTrack, np.ndarray]], list[OpenTrack]]:
        """See :class:`BoxTracker`."""
        persons: Sequence[int] = self._ids.get(frame, ())
        over = [
            person for person, track in self._open.items() if seconds - track.boxes[-1][1] > self._patience
        ]
        ended = [self._open.pop(person) for person in over]
        found = []
        for person, box in zip(persons, boxes):
            track = self._open.setdefault(person, OpenTrack())
            track.boxes.append((frame, seconds, box))
            found.append((track, box))
        return found, ended

    def finish(self) -> list[OpenTrack]:
        """See :class:`BoxTracker`."""
        ended, self._open = list(self._open.values()), {}
        return ended
