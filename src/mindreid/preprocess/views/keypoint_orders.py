"""Keypoints in the orders of pose estimators, brought to one: Halpe-26."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from mindreid.data.keypoints import KEYPOINT_INDEX, KEYPOINT_NAMES
from mindreid.errors import DataError
from mindreid.preprocess.views.pose_estimator import LANDMARKS

_COCO = KEYPOINT_NAMES[:17]
#: OpenPose's first points, without the neck, its second: AlphaPose, which writes this order too,
#: computes that from the shoulders, and wrongly for 26-point models.
_OPENPOSE_ARMS = (
    "nose", "", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
)  # fmt: skip
_OPENPOSE_LEGS = ("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle")
_OPENPOSE_FACE = ("right_eye", "left_eye", "right_ear", "left_ear")
_FEET = (
    "left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
_MEDIAPIPE = 33
_WHOLE_BODY = 133
#: What each point of an order is called; the empty name is no point of ours. Halpe's sets of 68 (with
#: hands) and of 136 (with face and hands) begin with the 26, COCO-WholeBody has feet after COCO's 17.
ORDERS: dict[int, tuple[str, ...]] = {
    17: _COCO,
    18: (*_OPENPOSE_ARMS, *_OPENPOSE_LEGS, *_OPENPOSE_FACE),
    25: (*_OPENPOSE_ARMS, "hip_centre", *_OPENPOSE_LEGS, *_OPENPOSE_FACE, *_FEET),
    26: KEYPOINT_NAMES,
    _MEDIAPIPE: tuple(
        KEYPOINT_NAMES[LANDMARKS.index(number)] if number in LANDMARKS else "" for number in range(_MEDIAPIPE)
    ),
    68: KEYPOINT_NAMES,
    _WHOLE_BODY: (*_COCO, *_FEET),
    136: KEYPOINT_NAMES,
}
_MPII = 16
#: Coordinates beyond this many pixels are no place in an image.
_FAR = 1e6


def to_halpe26(points: np.ndarray, names: Optional[Sequence[str]] = None) -> np.ndarray:
    """Bring the keypoints of one person to the order of :data:`mindreid.data.keypoints.KEYPOINT_NAMES`.

    Parameters
    ----------
    points : np.ndarray
        Float ``[K, 3]``: x, y in pixels and confidence. Without ``names``, K tells the order: 17
        (COCO), 18 and 25 (OpenPose), 26, 68 or 136 (Halpe), 33 (MediaPipe), 133 (COCO-WholeBody).
    names : sequence of str, optional
        What the file calls the points, in any order; names that are none of ours are passed over.

    Returns
    -------
    np.ndarray
        float64 ``[26, 3]``; points that the order lacks, and points that are not finite, have
        confidence 0.

    Raises
    ------
    DataError
        If K is none of these (MPII's 16 points have neither eyes nor ears), or does not go with
        ``names``, of which none is known.

    Examples
    --------
    >>> to_halpe26(np.ones((17, 3)))[:, 2].sum()
    17.0
    """
    halpe = np.zeros((len(KEYPOINT_NAMES), 3))
    order = _order(len(points)) if names is None else _order_of_names(names, len(points))
    for point, name in zip(points, order):
        if name:
            halpe[KEYPOINT_INDEX[name]] = point
    halpe[~(np.isfinite(halpe).all(axis=1) & (np.abs(halpe[:, :2]) < _FAR).all(axis=1))] = 0.0
    return halpe


def _order(count: int) -> tuple[str, ...]:
    if count in ORDERS:
        return ORDERS[count]
    lacking = " (MPII has no eyes and ears)" if count == _MPII else ""
    *most, last = map(str, sorted(ORDERS))
    raise DataError(
        f"a person has {count} keypoints{lacking}",
        fix=f"run a pose model with {', '.join(most)} or {last} points, such as COCO's 17 or OpenPose's 25",
    )


def _order_of_names(names: Sequence[str], count: int) -> tuple[str, ...]:
    if len(names) != count:
        raise DataError(f"a person has {count} keypoints, but {len(names)} are named")
    known = {_letters(name): name for name in KEYPOINT_NAMES}
    order = tuple(known.get(_letters(str(name)), "") for name in names)
    if not any(order):
        raise DataError(
            f"none of the keypoints' names is known, such as {names[0]!r}",
            fix=f"the known ones are {', '.join(KEYPOINT_NAMES)}",
        )
    return order


def _letters(name: str) -> str:
    """Keep the letters of a name, since files differ in spaces and underscores."""
    return "".join(filter(str.isalpha, name.lower()))
