"""An image of a person taken apart: six parts, each upright and of one size, at fixed places.

After the normalisation of parts of Su et al., "Pose-driven Deep Convolutional Model for Person
Re-identification", ICCV 2017. A similarity transform turns the line through a part's joints upright,
moves it to its place and brings it to its length there. Right and left are the person's own; places
mirror each other, so that the mirrored part image is the part image of the mirrored person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import cv2
import numpy as np

from mindreid.data.keypoints import KEYPOINT_INDEX

#: A keypoint below this confidence is not known.
_LEAST_CONFIDENCE = 0.2
#: Pixels of the photo below which a part is too short to be turned upright.
_SHORTEST = 2.0


@dataclass(frozen=True)
class PartPlace:
    """One part: its joints from top to bottom, and its place, in eighths of the height and width.

    Attributes
    ----------
    joints : tuple of tuple of str
        Each joint is the mean of the keypoints that it names.
    top, left, height, width : int
        The place.
    margins : tuple of float
        Shares of the place's height above the first joint and below the last one.
    """

    joints: tuple[tuple[str, ...], ...]
    top: int
    left: int
    height: int
    width: int
    margins: tuple[float, float]


_SHOULDERS, _HIPS = ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip")


def _limb(side: str, *joints: str) -> tuple[tuple[str, ...], ...]:
    return tuple((f"{side}_{joint}",) for joint in joints)


_ARM, _LEG = ("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")
#: The places fill the image but for the corners beside the head. A person who faces the camera has the
#: right arm at the image's left.
PART_PLACES = {
    "head": PartPlace((("head_top",), _SHOULDERS), 0, 2, 2, 4, (0.05, 0.05)),
    "right_arm": PartPlace(_limb("right", *_ARM), 2, 0, 3, 2, (0.1, 0.15)),
    "torso": PartPlace((_SHOULDERS, _HIPS), 2, 2, 3, 4, (0.15, 0.15)),
    "left_arm": PartPlace(_limb("left", *_ARM), 2, 6, 3, 2, (0.1, 0.15)),
    "right_leg": PartPlace(_limb("right", *_LEG), 5, 0, 3, 4, (0.05, 0.15)),
    "left_leg": PartPlace(_limb("left", *_LEG), 5, 4, 3, 4, (0.05, 0.15)),
}


def compose_part_image(
    image: np.ndarray, keypoints: Optional[np.ndarray], height: int, width: int
) -> np.ndarray:
    """Put the six parts of a person to their places.

    Parameters
    ----------
    image : np.ndarray
        uint8 ``[H, W, 3]`` of any size.
    keypoints : np.ndarray, optional
        ``[26, 3]``: x, y in pixels of ``image`` and confidence. ``None`` if nobody was found.
    height, width : int
        Size of the part image, multiples of 8.

    Returns
    -------
    np.ndarray
        uint8 ``[height, width, 3]``; the place of a part whose ends are not known is black.
    """
    canvas = np.zeros((height, width, 3), np.uint8)
    if keypoints is None:
        return canvas
    for place in PART_PLACES.values():
        line = _line(place, keypoints)
        if line is not None:
            rows, columns = height // 8, width // 8
            size = place.width * columns, place.height * rows
            window = canvas[
                place.top * rows : place.top * rows + size[1],
                place.left * columns : place.left * columns + size[0],
            ]
            matrix = _upright(line, size, place.margins)
            window[:] = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
    return canvas


def _line(place: PartPlace, keypoints: np.ndarray) -> Optional[np.ndarray]:
    """Joints of a part that are known, float64 ``[joints, 2]``; ``None`` if it has no line."""
    points = [_joint(names, keypoints) for names in place.joints]
    if points[0] is None and "head_top" in place.joints[0]:
        points[0] = _head_top(keypoints)
    known = [point for point in points if point is not None]
    if points[0] is None or len(known) < 2:
        return None
    line = np.stack(known)
    return line if np.linalg.norm(line[-1] - line[0]) >= _SHORTEST else None


def _joint(names: tuple[str, ...], keypoints: np.ndarray) -> Optional[np.ndarray]:
    points = keypoints[[KEYPOINT_INDEX[name] for name in names]].astype(np.float64)
    known = points[:, 2] >= _LEAST_CONFIDENCE
    return points[known, :2].mean(0) if known.any() else None


def _head_top(keypoints: np.ndarray) -> Optional[np.ndarray]:
    """Twice as far from the shoulders as the nose: many pose models have no top of the head."""
    nose, shoulders = _joint(("nose",), keypoints), _joint(_SHOULDERS, keypoints)
    return None if nose is None or shoulders is None else 2 * nose - shoulders


def _upright(line: np.ndarray, size: tuple[int, int], margins: tuple[float, float]) -> np.ndarray:
    """Matrix ``[2, 3]`` from pixels of the photo to those of the place, for a line of joints.

    A bent limb keeps its own length: it is turned upright by its ends, and not stretched.
    """
    width, height = size
    along = line[-1] - line[0]
    length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    cosine, sine = along[::-1] / np.linalg.norm(along)
    scale = height * (1 - sum(margins)) / length
    turn = scale * np.array([[cosine, -sine], [sine, cosine]])
    # Pixel centres lie on whole numbers, so the middle of a place does at half a pixel less.
    start = np.array([(width - 1) / 2, margins[0] * height])
    return np.column_stack([turn, start - turn @ line[0]])
