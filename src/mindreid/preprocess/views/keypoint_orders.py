"""Keypoints in the orders of pose estimators, brought to one: Halpe-26."""

from __future__ import annotations

import numpy as np

from mindreid.data.keypoints import KEYPOINT_INDEX, KEYPOINT_NAMES
from mindreid.errors import DataError

#: Which point of the 18-point (OpenPose) order is which of COCO's 17. The neck, its second point,
#: is left out: AlphaPose computes it from the shoulders, and wrongly for 26-point models.
_COCO_FROM_OPENPOSE = (0, 15, 14, 17, 16, 5, 2, 6, 3, 7, 4, 11, 8, 12, 9, 13, 10)
_COCO = 17
_HALPE = len(KEYPOINT_NAMES)
_OPENPOSE = 18
#: Points 17 to 22 of COCO-WholeBody, which has 133.
_WHOLE_BODY = 133
_WHOLE_BODY_FEET = (
    "left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
#: Halpe's other sets, of 68 (with hands) and 136 points (with face and hands), begin with the 26.
_HALPE_SETS = (_HALPE, 68, 136)
_MPII = 16


def to_halpe26(points: np.ndarray) -> np.ndarray:
    """Bring the keypoints of one person to the order of :data:`mindreid.data.keypoints.KEYPOINT_NAMES`.

    Parameters
    ----------
    points : np.ndarray
        Float ``[K, 3]``: x, y in pixels and confidence. K tells the order: 17 (COCO), 18 (OpenPose),
        26, 68 or 136 (Halpe), 133 (COCO-WholeBody).

    Returns
    -------
    np.ndarray
        float64 ``[26, 3]``; points that the order lacks, and points that are not finite, have
        confidence 0.

    Raises
    ------
    DataError
        If K is none of these; MPII's 16 points have neither eyes nor ears.

    Examples
    --------
    >>> to_halpe26(np.ones((17, 3)))[:, 2].sum()
    17.0
    """
    count = len(points)
    halpe = np.zeros((_HALPE, 3))
    if count in _HALPE_SETS:
        halpe[:] = points[:_HALPE]
    elif count in (_COCO, _WHOLE_BODY):
        halpe[:_COCO] = points[:_COCO]
    elif count == _OPENPOSE:
        halpe[:_COCO] = points[list(_COCO_FROM_OPENPOSE)]
    else:
        lacking = " (MPII has no eyes and ears)" if count == _MPII else ""
        raise DataError(
            f"a person has {count} keypoints{lacking}",
            fix="run a pose model with 17 (COCO), 18 (OpenPose), 26, 68, 133 or 136 points",
        )
    if count == _WHOLE_BODY:
        halpe[[KEYPOINT_INDEX[name] for name in _WHOLE_BODY_FEET]] = points[_COCO : _COCO + 6]
    halpe[~np.isfinite(halpe).all(axis=1)] = 0.0
    return halpe
