"""What keypoints tell of the view angle: how likely each cue is at every angle.

A body seen from above has a *plan*: where a keypoint lies ahead and to the left of the body's axis.
Turned by the view angle and projected, the plan gives the horizontal distances between keypoints;
compared with those in the image, it gives a likelihood of every angle. A cue is a group of
keypoints that move together, so that each speaks for itself:

    x_k = x_0 + H (a_k sin(angle) + l_k cos(angle)) + noise,

with H the person's stature in pixels, a_k and l_k the plan (ahead, left) and x_0 unknown.

All lengths are shares of the stature. The plan and the spreads over persons and over the gait are
those of walking bodies with the proportions of Drillis and Contini (1966), measured on generated
walkers that take no part in the figures of ``benchmarks/views.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from mindreid.data.keypoints import KEYPOINT_INDEX

#: The angles at which likelihoods are given, in degrees.
ANGLES = np.arange(-179, 181)
_SIN, _COS = np.sin(np.radians(ANGLES)), np.cos(np.radians(ANGLES))

#: How far a confident keypoint typically lies from where it should.
_PLACEMENT = 0.01
#: Pitches that a camera whose pitch is not known may have at the height of the feet, in degrees.
_USUAL_PITCHES = (5.0, 10.0, 15.0, 20.0, 25.0)
#: Spread of the height of a toe over the heel, mostly from lifting the foot.
_LIFT = 0.045
#: Smallest spread of the heights of the keypoints seen that tells the stature.
_MIN_HEIGHT_SPREAD = 0.08


class UnknownViewError(Exception):
    """The keypoints do not allow a label; the message says why, for the table."""


@dataclass(frozen=True)
class Mark:
    """A keypoint, or the middle of several, on the plan.

    Attributes
    ----------
    keypoints : tuple of str
        Names.
    ahead, left : float
        Place, relative to the other marks of the cue.
    spread_front, spread_side : float
        Standard deviation of the horizontal place seen from the front or back, and from the side.
    """

    keypoints: tuple[str, ...]
    ahead: float
    left: float
    spread_front: float = 0.0
    spread_side: float = 0.0

    @property
    def indices(self) -> list[int]:
        """Rows of the keypoints."""
        return [KEYPOINT_INDEX[name] for name in self.keypoints]


def _pair(name: str, left: float, front: float, side: float) -> tuple[Mark, Mark]:
    return (
        Mark((f"left_{name}",), 0.0, left, front, side),
        Mark((f"right_{name}",), 0.0, -left, front, side),
    )


def _bend(side: str, joint: str, ends: tuple[str, str], mark: Mark) -> tuple[Mark, Mark]:
    """Relate a joint to the middle of the limb's ends; ``mark`` is that of the left side."""
    left = mark.left if side == "left" else -mark.left
    middle = Mark((f"{side}_{ends[0]}", f"{side}_{ends[1]}"), 0.0, 0.0)
    return replace(mark, keypoints=(f"{side}_{joint}",), left=left), middle


_KNEE = Mark((), 0.055, -0.009, 0.012, 0.041)
_ELBOW = Mark((), -0.035, 0.018, 0.008, 0.012)
CUES: dict[str, tuple[Mark, ...]] = {
    "head": (
        Mark(("nose",), 0.063, 0.0, 0.003, 0.005),
        Mark(("left_eye",), 0.055, 0.021, 0.003, 0.004),
        Mark(("right_eye",), 0.055, -0.021, 0.003, 0.004),
        *_pair("ear", 0.05, 0.006, 0.003),
    ),
    "shoulders": (*_pair("shoulder", 0.115, 0.015, 0.01), Mark(("neck",), -0.007, 0.0, 0.008, 0.012)),
    "hips": (*_pair("hip", 0.0635, 0.011, 0.006), Mark(("hip_centre",), 0.0, 0.0, 0.004, 0.004)),
    "nose ahead of shoulders": (
        Mark(("nose",), 0.083, 0.0, 0.007, 0.015),
        Mark(("left_shoulder", "right_shoulder"), 0.0, 0.0),
    ),
    "left knee": _bend("left", "knee", ("hip", "ankle"), _KNEE),
    "right knee": _bend("right", "knee", ("hip", "ankle"), _KNEE),
    "left elbow": _bend("left", "elbow", ("shoulder", "wrist"), _ELBOW),
    "right elbow": _bend("right", "elbow", ("shoulder", "wrist"), _ELBOW),
}
FEET: dict[str, tuple[Mark, Mark]] = {
    "left foot": (Mark(("left_big_toe",), 0.142, 0.011, 0.02, 0.025), Mark(("left_heel",), 0.0, 0.0)),
    "right foot": (Mark(("right_big_toe",), 0.142, -0.011, 0.02, 0.025), Mark(("right_heel",), 0.0, 0.0)),
}

#: Height over the hips and its spread over poses.
_HEIGHTS = {
    "nose": (0.405, 0.02), "eye": (0.42, 0.02), "ear": (0.423, 0.02), "shoulder": (0.27, 0.025),
    "elbow": (0.085, 0.035), "wrist": (-0.05, 0.05), "hip": (0.0, 0.015), "knee": (-0.24, 0.03),
    "ankle": (-0.473, 0.045), "heel": (-0.495, 0.055), "big_toe": (-0.51, 0.06),
    "small_toe": (-0.51, 0.06), "head_top": (0.497, 0.02), "neck": (0.309, 0.02), "hip_centre": (0.0, 0.015),
}  # fmt: skip
_HEIGHT, _HEIGHT_SPREAD = np.array(
    [_HEIGHTS[name.replace("left_", "").replace("right_", "")] for name in KEYPOINT_INDEX]
).T

#: View angle at which each point of the face looks into the camera.
_FACE = {"nose": 0.0, "left_eye": -25.0, "right_eye": 25.0, "left_ear": -90.0, "right_ear": 90.0}
#: How often such a point is found confidently when it is hidden, and when it can be seen.
_FOUND_HIDDEN, _FOUND_SEEN = 0.15, 0.8
#: The points of a face are found or missed together, so they count for less than five.
_FACE_WEIGHT = 0.5


def stature(keypoints: np.ndarray) -> float:
    """Stature of a person in pixels, whatever the view: how image rows fall with the body's heights.

    Parameters
    ----------
    keypoints : np.ndarray
        Float ``[26, 3]``: x, y in pixels and confidence; points of confidence 0 are not seen.

    Raises
    ------
    UnknownViewError
        If too little of the body is seen, or it does not stand upright.
    """
    confidence = keypoints[:, 2]
    weights = confidence**2 / (_HEIGHT_SPREAD**2 + _PLACEMENT**2)
    total = weights.sum()
    if total == 0:
        raise UnknownViewError("no confident keypoints")
    lever = _HEIGHT - (weights * _HEIGHT).sum() / total
    moment = (weights * lever**2).sum()
    if moment < _MIN_HEIGHT_SPREAD**2 * total:
        raise UnknownViewError("too little of the body is seen")
    result = -(weights * lever * keypoints[:, 1]).sum() / moment
    if result <= 0:
        raise UnknownViewError("the body is not upright")
    return float(result)


def plan_likelihood(marks: tuple[Mark, ...], keypoints: np.ndarray, height: float) -> Optional[np.ndarray]:
    """Likelihood of every angle from the horizontal places of a cue's marks.

    Parameters
    ----------
    marks : tuple of Mark
        The cue.
    keypoints : np.ndarray
        Float ``[26, 3]``.
    height : float
        The stature in pixels.

    Returns
    -------
    np.ndarray or None
        ``[360]``, on any scale; None if fewer than two marks are seen.
    """
    seen = [mark for mark in marks if keypoints[mark.indices, 2].min() > 0]
    if len(seen) < 2:
        return None
    places = np.array([keypoints[mark.indices, 0].mean() / height for mark in seen])[:, None]
    places = places - [mark.ahead * _SIN + mark.left * _COS for mark in seen]
    precision = 1.0 / np.array([_variance(mark, keypoints) for mark in seen])
    total = precision.sum(axis=0)
    origin = (precision * places).sum(axis=0) / total
    misfit = (precision * (places - origin) ** 2).sum(axis=0)
    # The unknown origin is integrated out, which leaves one power of the total precision.
    logarithm = 0.5 * (np.log(precision).sum(axis=0) - np.log(total) - misfit)
    return np.exp(logarithm - logarithm.max())


def lift_likelihood(
    foot: tuple[Mark, Mark], keypoints: np.ndarray, height: float, pitch: Optional[float]
) -> Optional[np.ndarray]:
    """Likelihood of every angle from how much lower in the image a toe is than its heel.

    Parameters
    ----------
    foot : tuple of Mark
        Toe and heel.
    keypoints : np.ndarray
        Float ``[26, 3]``.
    height : float
        The stature in pixels.
    pitch : float, optional
        Downward tilt of the camera in degrees; without it, usual ones are averaged over.

    Returns
    -------
    np.ndarray or None
        ``[360]``, on any scale; None if toe or heel is not seen.
    """
    (toe,), (heel,) = (mark.indices for mark in foot)
    least = keypoints[[toe, heel], 2].min()
    if least <= 0:
        return None
    fall = (keypoints[toe, 1] - keypoints[heel, 1]) / height
    towards = foot[0].ahead * _COS - foot[0].left * _SIN
    variance = _LIFT**2 + 2 * (_PLACEMENT / least) ** 2
    pitches = _USUAL_PITCHES if pitch is None else (pitch,)
    shortening = np.sin(np.radians(pitches))[:, None]
    return np.asarray(np.exp(-0.5 * (fall - shortening * towards) ** 2 / variance).sum(axis=0))


def face_likelihood(keypoints: np.ndarray) -> np.ndarray:
    """Likelihood ``[360]`` of every angle from which points of the face are found at all."""
    logarithm = np.zeros(len(ANGLES))
    for name, toward in _FACE.items():
        can_be_seen = 0.5 * (1 + np.tanh(np.cos(np.radians(ANGLES - toward)) / 0.15))
        found = _FOUND_HIDDEN + (_FOUND_SEEN - _FOUND_HIDDEN) * can_be_seen
        logarithm += np.log(found if keypoints[KEYPOINT_INDEX[name], 2] > 0 else 1 - found)
    return np.exp(_FACE_WEIGHT * (logarithm - logarithm.max()))


def _variance(mark: Mark, keypoints: np.ndarray) -> np.ndarray:
    placement = (_PLACEMENT / keypoints[mark.indices, 2]) ** 2
    spread = (mark.spread_side * _SIN) ** 2 + (mark.spread_front * _COS) ** 2
    return np.asarray(placement.sum() / len(mark.indices) ** 2 + spread)
