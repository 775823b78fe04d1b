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
ORDERS = {
    17: KEYPOINT_NAMES[:17],
    18: OPENPOSE,
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
        known = name in names and not (count == 18 and name == "neck")
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
