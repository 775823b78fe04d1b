"""The detector that needs nothing else: what moves before a still camera, and looks like a person.

Zivkovic's mixture of Gaussians (ICPR 2004) finds what moves. Where it does, the detector of Dalal
and Triggs (CVPR 2005; both as in OpenCV, which brings the weights) looks for persons, in a size in
which it knows them. A moving piece in which it sees none, but that has the shape of a standing person,
is taken with a low score. A person who is alone in a moving piece has its box. Who stands still for
minutes becomes background.
"""

from __future__ import annotations

import cv2
import numpy as np

from mindreid.search.ingest.detectors import intersection_over_union, keep_distinct, within
from mindreid.search.ingest.hog_people import KNOWN_HEIGHT, HogPeople

#: Frames over which the background is learnt, at first and later, and the distance in variances from
#: which on a pixel is foreground.
_FIRST_HISTORY, _HISTORY, _THRESHOLD = 50, 500, 30.0
#: What a pixel shows for less than this share of these frames is no background, even if it stands still.
_BACKGROUND_SHARE = 0.15
#: What MOG2 marks foreground with; shadows get less.
_FOREGROUND = 255
#: A moving piece counts from this share of the image's height on; and from this one on it is no piece
#: but the light or the camera.
_LEAST_HEIGHT, _MOST_AREA = 0.06, 0.6
#: Around a piece, as shares of its height: what belongs to a person and moves too little.
_SURROUNDINGS = 0.25
#: Height over width of a standing person, and how much of its box it fills.
_SHAPE, _LEAST_FILL = (1.4, 4.5), 0.3
_SHAPE_SCORE = 0.3
#: A person moves: at least this share of its box is foreground.
_LEAST_MOTION = 0.12
_OVERLAP = 0.4
#: Intersection over union of a moving piece and the only person in it, from which on they are the same.
_AGREEMENT = 0.6


class MovingPeople:
    """See :class:`mindreid.search.ingest.Detector`; for one video of a camera that stands still."""

    def __init__(self) -> None:
        self._background = cv2.createBackgroundSubtractorMOG2(_HISTORY, _THRESHOLD, detectShadows=True)
        self._background.setBackgroundRatio(1 - _BACKGROUND_SHARE)
        self._people = HogPeople()
        self._frames = 0

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """See :class:`Detector`."""
        moving = self._moving(image)
        found = [self._in_piece(image, moving, piece) for piece in _pieces(moving)]
        boxes = np.concatenate([np.zeros((0, 5), np.float32), *found])
        return keep_distinct(within(boxes, *image.shape[:2]), _OVERLAP)

    def _moving(self, image: np.ndarray) -> np.ndarray:
        """Mark what moves: bool ``[H, W]``."""
        # The usual rate makes a background of slow walkers in the first frames.
        rate = 1 / min(self._frames + _FIRST_HISTORY, _HISTORY)
        marked = self._background.apply(image, learningRate=rate if self._frames else 1)
        self._frames += 1
        if self._frames == 1:  # nothing is known of the background yet
            return np.zeros(image.shape[:2], bool)
        mask = np.where(marked == _FOREGROUND, 255, 0).astype(np.uint8)
        size = max(round(image.shape[0] / 100), 1) * 2 + 1
        whole = cv2.morphologyEx(
            cv2.medianBlur(mask, 3), cv2.MORPH_CLOSE, np.ones((2 * size, size), np.uint8)
        )
        return np.asarray(whole > 0)

    def _in_piece(self, image: np.ndarray, moving: np.ndarray, piece: np.ndarray) -> np.ndarray:
        left, top, width, height = (int(value) for value in piece)
        margin = round(_SURROUNDINGS * height)
        rows = slice(max(top - margin, 0), top + height + margin)
        columns = slice(max(left - margin, 0), left + width + margin)
        found = self._people.find(image[rows, columns], KNOWN_HEIGHT / height)
        found[:, 0] += columns.start
        found[:, 1] += rows.start
        shares = [_share(moving, box) for box in found]
        found = keep_distinct(found[np.array(shares, np.float32) >= _LEAST_MOTION], _OVERLAP)
        if len(found) > 1 or not _is_person_shaped(moving, piece):
            return found
        own = np.array([[left, top, width, height, found[0, 4] if len(found) else _SHAPE_SCORE]], np.float32)
        # One person alone: what moves shows its outline better than the detector's window does.
        return own if not len(found) or intersection_over_union(own[0], found)[0] >= _AGREEMENT else found


def _pieces(moving: np.ndarray) -> np.ndarray:
    """Return left, top, width, height of what moves: int ``[N, 4]``."""
    height, width = moving.shape
    _, _, statistics, _ = cv2.connectedComponentsWithStats(moving.astype(np.uint8))
    pieces = statistics[1:]
    is_large = pieces[:, cv2.CC_STAT_HEIGHT] >= _LEAST_HEIGHT * height
    is_piece = pieces[:, cv2.CC_STAT_WIDTH] * pieces[:, cv2.CC_STAT_HEIGHT] <= _MOST_AREA * height * width
    return np.asarray(pieces[is_large & is_piece][:, :4])


def _share(moving: np.ndarray, box: np.ndarray) -> float:
    left, top, right, bottom = np.round([box[0], box[1], box[0] + box[2], box[1] + box[3]]).astype(int)
    window = moving[max(top, 0) : bottom, max(left, 0) : right]
    return float(window.mean()) if window.size else 0.0


def _is_person_shaped(moving: np.ndarray, piece: np.ndarray) -> bool:
    shape = piece[3] / piece[2]
    return bool(_SHAPE[0] <= shape <= _SHAPE[1]) and _share(moving, piece) >= _LEAST_FILL
