"""Names and order of body keypoints, as every part of the package passes them on."""

from __future__ import annotations

#: Halpe-26 order: 17 COCO keypoints, then head top, neck, hip centre and three points of each foot.
#: Left and right are the person's own.
KEYPOINT_NAMES = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
    "head_top", "neck", "hip_centre",
    "left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe", "left_heel", "right_heel",
)  # fmt: skip
#: Number of every keypoint by its name.
KEYPOINT_INDEX = {name: index for index, name in enumerate(KEYPOINT_NAMES)}
