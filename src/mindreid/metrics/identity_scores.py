"""How well identities hold over time and cameras: IDF1.

Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking", ECCV
Workshops 2016, arXiv 1609.01775.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from mindreid.errors import InvalidArgumentError


class IdentityScores(NamedTuple):
    """Fractions in 0..1; 0 where there is nothing to divide by.

    Attributes
    ----------
    f1 : float
        Harmonic mean of the two others.
    precision, recall : float
        Boxes with the right identity, of those that were found and of those that are true.
    """

    f1: float
    precision: float
    recall: float


def identity_f1(
    true_frames: ArrayLike,
    true_ids: ArrayLike,
    true_boxes: ArrayLike,
    frames: ArrayLike,
    ids: ArrayLike,
    boxes: ArrayLike,
    *,
    overlap: float = 0.5,
) -> IdentityScores:
    """Compare boxes with identities to the true ones.

    Identities are matched one to one, so that as many boxes as possible lie on a box of the matched
    identity: whoever is called by two names is right under one of them alone.

    Parameters
    ----------
    true_frames, true_ids : array_like
        Integers ``[T]``: the frame, a number of its own for every camera and time, and who it is.
    true_boxes : array_like
        ``[T, 4]``: left, top, width, height, of finite numbers.
    frames, ids, boxes : array_like
        Likewise what was found: ``[P]``, ``[P]``, ``[P, 4]``.
    overlap : float
        Intersection over union from which on a box lies on another, in (0, 1].

    Raises
    ------
    InvalidArgumentError
        If shapes do not fit together, a box is not finite, or an identity is twice in a frame.
    """
    if not 0 < overlap <= 1:
        raise InvalidArgumentError(f"overlap is a share in (0, 1], not {overlap}")
    truth = _checked("true", true_frames, true_ids, true_boxes)
    found = _checked("found", frames, ids, boxes)
    common = _common_boxes(truth, found, overlap)
    rows, columns = linear_sum_assignment(common, maximize=True)
    right = float(common[rows, columns].sum())
    return IdentityScores(
        f1=_share(2 * right, len(truth.frames) + len(found.frames)),
        precision=_share(right, len(found.frames)),
        recall=_share(right, len(truth.frames)),
    )


class _Boxes(NamedTuple):
    frames: np.ndarray
    ids: np.ndarray
    num_ids: int
    boxes: np.ndarray


def _checked(name: str, frames: ArrayLike, ids: ArrayLike, boxes: ArrayLike) -> _Boxes:
    frames, ids, boxes = np.asarray(frames), np.asarray(ids), np.asarray(boxes, np.float64).reshape(-1, 4)
    if frames.shape != (len(boxes),) or ids.shape != (len(boxes),):
        raise InvalidArgumentError(
            f"{len(boxes)} {name} boxes have frames of shape {frames.shape} and ids of shape {ids.shape}"
        )
    if not np.isfinite(boxes).all():
        raise InvalidArgumentError(f"some {name} boxes are not finite")
    names, numbers = np.unique(ids, return_inverse=True)
    if len(np.unique(np.column_stack([frames, numbers]), axis=0)) != len(boxes):
        raise InvalidArgumentError(f"among the {name} boxes an identity is twice in a frame")
    order = np.argsort(frames, kind="stable")
    return _Boxes(frames[order], numbers.reshape(-1)[order], len(names), boxes[order])


def _common_boxes(truth: _Boxes, found: _Boxes, overlap: float) -> np.ndarray:
    """Count the frames in which identities lie on each other: ``[true ids, found ids]``."""
    common = np.zeros((truth.num_ids, found.num_ids))
    for frame in np.intersect1d(truth.frames, found.frames):
        here, there = (slice(*np.searchsorted(side.frames, (frame, frame + 1))) for side in (truth, found))
        on = _overlaps(truth.boxes[here], found.boxes[there]) >= overlap
        common[np.ix_(truth.ids[here], found.ids[there])] += on
    return common


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of ``[A, 4]`` and ``[B, 4]``: ``[A, B]``."""
    begins = np.maximum(boxes[:, None, :2], others[None, :, :2])
    ends = np.minimum(boxes[:, None, :2] + boxes[:, None, 2:], others[None, :, :2] + others[None, :, 2:])
    common = np.prod(np.maximum(ends - begins, 0), axis=2)
    areas = np.prod(boxes[:, 2:], axis=1)[:, None] + np.prod(others[:, 2:], axis=1)[None]
    return np.asarray(common / np.maximum(areas - common, np.finfo(float).tiny))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
