"""The units of keypoints: confidences brought to 0..1, and places in the image to pixels."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np

from mindreid.errors import DataError

logger = logging.getLogger(__name__)

#: Of COCO's flags: not labelled, labelled but hidden, visible. A pose estimator places a hidden point
#: too, but is less sure of it.
FLAG_CONFIDENCE = np.array([0.0, 0.5, 1.0])
#: A file whose typical confidence is above this is no file of confidences up to 1 with odd ones out:
#: AlphaPose's heat maps give up to 6.
_PER_CENT = 10.0
#: Points of a person within this range in both directions are shares of the image, not pixels.
_SHARES = (-1.0, 2.0)
_MIN_POINTS = 3


def to_confidences(values: np.ndarray, where: str) -> np.ndarray:
    """Bring the confidences of all keypoints that were estimated together to 0..1.

    A confidence above 1 counts as 1, and one below 0 or that is not finite as 0; no other
    keypoint's changes by that.

    Parameters
    ----------
    values : np.ndarray
        Float, of any shape. If the median of those above 0 is above 10 and none is above 100, they are
        per cent.
    where : str
        Where they come from, for messages.

    Raises
    ------
    DataError
        If their median is above 10, but they are no per cent either.

    Examples
    --------
    >>> to_confidences(np.array([0.4, 1.4, -1.0]), "a.json").tolist()
    [0.4, 1.0, 0.0]
    """
    known = np.where(np.isfinite(values), np.maximum(values, 0.0), 0.0)
    seen = known[known > 0]
    typical, highest = (float(np.median(seen)), float(seen.max())) if len(seen) else (0.0, 0.0)
    if typical > _PER_CENT:
        if highest > 100:
            raise DataError(
                f"the keypoints' confidences go up to {highest:g}, half of them are above {typical:g}",
                where=where,
                fix="give them in 0..1 or in per cent",
            )
        logger.warning("%s: the confidences are read as per cent, they go up to %g", where, highest)
        known = known / 100
    over = int((known > 1).sum())
    if over:
        logger.info("%s: %d confidences above 1 count as 1", where, over)
    return np.minimum(known, 1.0)


def are_shares(poses: Iterable[np.ndarray], where: str) -> bool:
    """Tell whether places are shares of the image's width and height, as MediaPipe gives them.

    Parameters
    ----------
    poses : iterable of np.ndarray
        Of all persons, float ``[26, 3]`` each: x, y and confidence.
    where : str
        Where they come from, for messages.

    Returns
    -------
    bool
        Whether :func:`within_shares` holds for every person with at least three points.

    Raises
    ------
    DataError
        If it holds for most persons, but not for all.
    """
    within = [within_shares(pose) for pose in poses if np.count_nonzero(pose[:, 2]) >= _MIN_POINTS]
    if all(within) or 2 * sum(within) <= len(within):
        return bool(within) and all(within)
    raise DataError(
        f"the keypoints of {sum(within)} of {len(within)} persons lie within 0..1, those of others do not",
        where=where,
        fix="give all of them in pixels, or all as shares of the image's width and height",
    )


def within_shares(pose: np.ndarray) -> bool:
    """Tell whether all points of a person, ``[26, 3]``, that are seen lie within -1..2 both ways."""
    seen = pose[pose[:, 2] > 0, :2]
    return bool(((seen > _SHARES[0]) & (seen < _SHARES[1])).all())
