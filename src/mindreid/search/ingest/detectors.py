"""What finds persons in a frame."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Detector(Protocol):
    """Finds persons in the frames of one recording, in their order."""

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Return boxes in an image, uint8 RGB ``[H, W, 3]``.

        Returns
        -------
        np.ndarray
            float32 ``[persons, 5]``: left, top, width, height in pixels, within the image, and a score
            in 0..1.
        """


def keep_distinct(boxes: np.ndarray, overlap: float) -> np.ndarray:
    """Drop boxes that overlap a better one: non-maximum suppression.

    Parameters
    ----------
    boxes : np.ndarray
        float32 ``[N, 5]``, see :class:`Detector`.
    overlap : float
        Intersection over union from which on two boxes are one person's.

    Returns
    -------
    np.ndarray
        ``[M, 5]``, the best first.
    """
    order = np.argsort(-boxes[:, 4], kind="stable")
    boxes = boxes[order]
    kept: list[int] = []
    for number in range(len(boxes)):
        if not kept or intersection_over_union(boxes[number], boxes[kept]).max() < overlap:
            kept.append(number)
    return boxes[kept]


def intersection_over_union(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how much a box ``[4 or more]`` has in common with each of others ``[N, 4 or more]``: ``[N]``."""
    ends, other_ends = box[:2] + box[2:4], others[:, :2] + others[:, 2:4]
    sides = np.minimum(ends, other_ends) - np.maximum(box[:2], others[:, :2])
    common = np.prod(np.maximum(sides, 0), axis=1)
    areas = box[2] * box[3] + others[:, 2] * others[:, 3]
    return np.asarray(common / np.maximum(areas - common, np.finfo(np.float32).tiny))


def within(boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cut boxes ``[N, 5]`` at an image's edges, and drop what has no pixel left."""
    begins = np.clip(boxes[:, :2], 0, (width, height))
    ends = np.clip(boxes[:, :2] + boxes[:, 2:4], 0, (width, height))
    cut = np.concatenate([begins, ends - begins, boxes[:, 4:5]], axis=1).astype(np.float32)
    return cut[(cut[:, 2:4] >= 1).all(axis=1)]
