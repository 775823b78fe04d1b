"""A stick figure in three dimensions, turned and projected: keypoints whose view angle is known."""

from __future__ import annotations

import numpy as np

from mindreid.data.keypoints import KEYPOINT_NAMES

#: Ahead, left (of the left side; mirrored for the right) and up, as shares of the stature.
PLACES = {
    "nose": (0.10, 0.0, 0.93), "eye": (0.09, 0.02, 0.945), "ear": (0.03, 0.05, 0.94),
    "shoulder": (0.01, 0.12, 0.81), "elbow": (-0.02, 0.14, 0.62), "wrist": (0.06, 0.14, 0.48),
    "hip": (0.0, 0.06, 0.53), "knee": (0.05, 0.06, 0.28), "ankle": (0.0, 0.06, 0.04),
    "head_top": (0.04, 0.0, 1.0), "neck": (0.0, 0.0, 0.84), "hip_centre": (0.0, 0.0, 0.53),
    "big_toe": (0.11, 0.06, 0.01), "small_toe": (0.09, 0.08, 0.01), "heel": (-0.03, 0.06, 0.01),
}  # fmt: skip


def stick_figure(angle: float, *, pitch: float = 15.0, height: float = 200.0) -> np.ndarray:
    """Keypoints ``[26, 3]`` in pixels, seen from afar, all of confidence 1."""
    turn, tilt = np.radians(angle), np.radians(pitch)
    rows = []
    for name in KEYPOINT_NAMES:
        ahead, left, up = PLACES[name.replace("left_", "").replace("right_", "")]
        left = -left if name.startswith("right_") else left
        right = ahead * np.sin(turn) + left * np.cos(turn)
        towards = ahead * np.cos(turn) - left * np.sin(turn)
        rows.append([100 + height * right, 220 + height * (np.sin(tilt) * towards - np.cos(tilt) * up), 1.0])
    return np.array(rows)


def mirrored(keypoints: np.ndarray, width: float = 200.0) -> np.ndarray:
    """The keypoints of the mirrored image, in which left and right are exchanged."""
    swapped = [
        KEYPOINT_NAMES.index(name.replace("left_", "*").replace("right_", "left_").replace("*", "right_"))
        for name in KEYPOINT_NAMES
    ]
    return keypoints[swapped] * [-1, 1, 1] + [width, 0, 0]
