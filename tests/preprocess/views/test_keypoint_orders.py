"""Keypoints of other orders end up at their names."""

from __future__ import annotations

import numpy as np
import pytest

from mindreid.data.keypoints import KEYPOINT_NAMES
from mindreid.errors import DataError
from mindreid.preprocess.views.keypoint_orders import to_halpe26

OPENPOSE = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
    "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip
WHOLE_BODY_FEET = (
    "left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
#: From the documentation of OpenPose and of MediaPipe.
BODY_25 = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
    "left_wrist", "hip_centre", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee",
    "left_ankle", "right_eye", "left_eye", "right_ear", "left_ear", "left_big_toe", "left_small_toe",
    "left_heel", "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
MEDIAPIPE = (
    "nose", "inner", "left_eye", "outer", "inner", "right_eye", "outer", "left_ear", "right_ear", "mouth",
    "mouth", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    *["hand"] * 6, "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "left_heel", "right_heel", "left_big_toe", "right_big_toe",
)  # fmt: skip
ORDERS = {
    17: KEYPOINT_NAMES[:17],
    18: OPENPOSE,
    25: BODY_25,
    33: MEDIAPIPE,
    26: KEYPOINT_NAMES,
    68: (*KEYPOINT_NAMES, *["hand"] * 42),
    133: (*KEYPOINT_NAMES[:17], *WHOLE_BODY_FEET, *["other"] * 110),
    136: (*KEYPOINT_NAMES, *["other"] * 110),
}


@pytest.mark.parametrize("count", sorted(ORDERS))
def test_every_point_goes_to_its_name(count):
    names = ORDERS[count]
    points = np.array([[index, 2 * index, 0.5] for index in range(count)], dtype=float)
    halpe = to_halpe26(points)
    for index, name in enumerate(KEYPOINT_NAMES):
        known = name in names and not (count in (18, 25) and name == "neck")
        expected = [names.index(name), 2 * names.index(name), 0.5] if known else [0, 0, 0]
        assert halpe[index].tolist() == expected, name


def test_points_that_are_not_finite_are_not_seen():
    points = np.ones((17, 3))
    points[3, 0] = np.nan
    points[4, 2] = np.inf
    assert np.flatnonzero(to_halpe26(points)[:17, 2] == 0).tolist() == [3, 4]


@pytest.mark.parametrize(
    ("count", "message"), [(16, "MPII has no eyes"), (5, "5 keypoints"), (0, "0 keypoints")]
)
def test_other_counts_are_refused(count, message):
    with pytest.raises(DataError, match=message):
        to_halpe26(np.ones((count, 3)))


def test_names_tell_the_order_where_a_file_has_them():
    names = ["left hip", "Right_Hip", "Nose", "tail"]
    points = np.array([[index, index, 1.0] for index in range(4)], dtype=float)
    halpe = to_halpe26(points, names)
    seen = {KEYPOINT_NAMES[index]: halpe[index, 0] for index in np.flatnonzero(halpe[:, 2])}
    assert seen == {"nose": 2, "left_hip": 0, "right_hip": 1}
    with pytest.raises(DataError, match="3 keypoints, but 4 are named"):
        to_halpe26(points[:3], names)
    with pytest.raises(DataError, match="none of the keypoints' names is known, such as 'thumb'"):
        to_halpe26(points[:2], ["thumb", "index finger"])


def test_places_beyond_any_image_are_not_seen():
    points = np.ones((17, 3))
    points[5, 1] = -1e200
    assert np.flatnonzero(to_halpe26(points)[:17, 2] == 0).tolist() == [5]
