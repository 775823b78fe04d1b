"""What moves before a camera that does not: background subtraction, and the walker in a box."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

import cv2
import numpy as np

from mindreid.preprocess.mot.boxes import Box

#: Squared distance, in variances, from which a pixel is no background any more.
_THRESHOLD = 20.0
#: What a pixel shows for less than this share of the time is no background, even if it stands still.
_BACKGROUND_SHARE = 0.15
#: What MOG2 marks foreground with; shadows get less.
_FOREGROUND = 255
#: How much is looked at around an annotated box, and how far a person may reach beyond it, as shares
#: of its height.
_SURROUNDINGS, _TOLERANCE = 0.5, 0.06
#: A piece belongs to the person if at least this share of it lies inside the box, and if it is at
#: least this share of the largest such piece.
_LEAST_INSIDE, _LEAST_PIECE = 0.8, 0.03
#: A person is at least this share as high as the box.
_LEAST_HEIGHT = 0.85


class StillBackground:
    """The background of a video, learnt from all of it.

    Zivkovic's mixture of Gaussians (ICPR 2004) as in OpenCV, which tells shadows from persons. It
    sees every frame once to learn what stands still, and does not learn any more afterwards, so
    that a person who stops is not absorbed.

    Parameters
    ----------
    frames : iterable of np.ndarray
        uint8 RGB ``[H, W, 3]``, all of one size, evenly spread over the video.
    """

    def __init__(self, frames: Iterable[np.ndarray]) -> None:
        self._model = cv2.createBackgroundSubtractorMOG2(varThreshold=_THRESHOLD, detectShadows=True)
        self._model.setBackgroundRatio(1 - _BACKGROUND_SHARE)
        for number, frame in enumerate(frames, 1):
            # Every frame counts alike: the usual rate forgets the first ones.
            self._model.apply(frame, learningRate=1 / number)

    def foreground(self, frame: np.ndarray) -> np.ndarray:
        """Mark what is not background: uint8 ``[H, W]``, 255 where something is, else 0."""
        marked = self._model.apply(frame, learningRate=0)
        mask = np.where(marked == _FOREGROUND, 255, 0).astype(np.uint8)
        # Pieces of a person are closer to each other, one above the other, than to anybody else;
        # what is thinner than a limb, such as a moving cable, is no part of one.
        whole = cv2.morphologyEx(cv2.medianBlur(mask, 3), cv2.MORPH_CLOSE, _ellipse(3, 5))
        return np.asarray(cv2.morphologyEx(whole, cv2.MORPH_OPEN, _ellipse(3, 3)))


def _ellipse(width: int, height: int) -> np.ndarray:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, height)))


def walker_in_box(foreground: np.ndarray, box: Box, *, fill: tuple[float, float]) -> Optional[np.ndarray]:
    """Cut the silhouette of the person in ``box`` out of a mask.

    Pieces that lie mostly outside of the box are somebody else's; pieces much smaller than the
    largest one are noise.

    Parameters
    ----------
    foreground : np.ndarray
        uint8 ``[H, W]``, 255 where something moves.
    box : Box
        The person's.
    fill : tuple of float
        Least and greatest share of the box's area that a person covers.

    Returns
    -------
    np.ndarray or None
        uint8 ``[h, w]``, the box with its surroundings; ``None`` if the box leaves the image, no piece
        is the person's, or what is found is no whole person: it touches the image's edge, covers
        too little or too much, or is much lower than the box.
    """
    height, width = foreground.shape
    if min(box.left, box.top) < 0 or box.left + box.width > width or box.bottom > height:
        return None
    # Wide enough to see how much of a piece is outside.
    rows, columns = _grown(box, _SURROUNDINGS, height, width)
    window = foreground[rows, columns]
    count, labels = cv2.connectedComponents(window)
    if count == 1:
        return None
    near_rows, near_columns = _grown(box, _TOLERANCE, height, width)
    inside = labels[
        near_rows.start - rows.start : near_rows.stop - rows.start,
        near_columns.start - columns.start : near_columns.stop - columns.start,
    ]
    areas = np.bincount(labels.ravel(), minlength=count)[1:]
    within = np.bincount(inside.ravel(), minlength=count)[1:]
    mostly_inside = within >= _LEAST_INSIDE * areas
    largest = np.max(areas, where=mostly_inside, initial=0)
    own = 1 + np.flatnonzero(mostly_inside & (areas >= _LEAST_PIECE * largest))
    silhouette = np.where(np.isin(labels, own), window, 0).astype(np.uint8)
    at_edge = [rows.start == 0, rows.stop == height, columns.start == 0, columns.stop == width]
    return silhouette if _is_whole(silhouette, box, fill, at_edge) else None


def _grown(box: Box, share: float, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of the box and ``share`` of its height around it, within the image."""
    margin = share * box.height
    return (
        slice(max(int(box.top - margin), 0), min(int(box.bottom + margin) + 1, height)),
        slice(max(int(box.left - margin), 0), min(int(box.left + box.width + margin) + 1, width)),
    )


def _is_whole(silhouette: np.ndarray, box: Box, fill: tuple[float, float], at_edge: list[bool]) -> bool:
    edges = (silhouette[0], silhouette[-1], silhouette[:, 0], silhouette[:, -1])
    if any(is_edge and edge.any() for is_edge, edge in zip(at_edge, edges)):
        return False
    rows = np.flatnonzero(silhouette.any(axis=1))
    if not len(rows) or rows[-1] - rows[0] + 1 < _LEAST_HEIGHT * box.height:
        return False
    return fill[0] <= np.count_nonzero(silhouette) / (box.width * box.height) <= fill[1]
