"""Two ways from keypoints to a view angle: VAL's own, and a vote of all cues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

import numpy as np

from mindreid.data.keypoints import KEYPOINT_INDEX
from mindreid.preprocess.views.view_angles import ViewBins
from mindreid.preprocess.views.view_cues import (
    ANGLES,
    CUES,
    FEET,
    UnknownViewError,
    face_likelihood,
    lift_likelihood,
    plan_likelihood,
    stature,
)

#: Share of every ballot that is spread over all angles, so that no single cue can veto an angle.
_DOUBT = 0.05
#: Pitch in degrees that the paper's method takes where it is not known.
_ASSUMED_PITCH = 20.0
#: Feet nearer than this share of the height of the head over them give no direction.
_MIN_STEP = 0.03
_HEAD = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
_FOOT = ("ankle", "heel", "big_toe")


@dataclass(frozen=True)
class Belief:
    """Possible view angles and how much speaks for each.

    Attributes
    ----------
    angles : np.ndarray
        ``[N]``, degrees.
    weights : np.ndarray
        ``[N]``, not negative, their sum 1.
    """

    angles: np.ndarray
    weights: np.ndarray

    def decide(self, bins: ViewBins) -> tuple[float, int, float]:
        """Return angle, bin and confidence.

        The bin is the one with the largest weight, which is the confidence, and the angle the
        heaviest one within it.
        """
        numbers = bins.numbers(self.angles)
        shares = np.bincount(numbers, self.weights, minlength=len(bins.names))
        best = int(shares.argmax())
        heaviest = np.where(numbers == best, self.weights, -1.0).argmax()
        return float(self.angles[heaviest]), best, min(float(shares[best]), 1.0)


def vote(keypoints: np.ndarray, pitch: Optional[float] = None) -> Belief:
    """Let all cues vote: the product of their likelihoods, each mixed with a share of doubt.

    The cues are the order of eyes, ears and nose; which of them are found at all; the widths of
    shoulders and hips; the nose ahead of the shoulders; the bend of knees and elbows; and the feet
    from heel to toe. A keypoint weighs by its confidence: its assumed error is inversely
    proportional.

    Parameters
    ----------
    keypoints : np.ndarray
        Float ``[26, 3]``: x, y in pixels and confidence 0..1, 0 where not seen.
    pitch : float, optional
        Downward tilt of the camera in degrees; without it, usual ones are averaged over.

    Returns
    -------
    Belief
        At every degree.

    Raises
    ------
    UnknownViewError
        If no cue is seen, or the stature cannot be told.
    """
    ballots = cast_ballots(keypoints, pitch)
    if set(ballots) == {"face"}:
        raise UnknownViewError("too few confident keypoints")
    logarithm = np.sum(
        [np.log((1 - _DOUBT) * ballot / ballot.mean() + _DOUBT) for ballot in ballots.values()], axis=0
    )
    weights = np.exp(logarithm - logarithm.max())
    return Belief(ANGLES, weights / weights.sum())


def cast_ballots(keypoints: np.ndarray, pitch: Optional[float] = None) -> dict[str, np.ndarray]:
    """Likelihood ``[360]`` of every angle by cue, for the cues that are seen; see :func:`vote`."""
    height = stature(keypoints)
    found: dict[str, Optional[np.ndarray]] = {"face": face_likelihood(keypoints)}
    for name, marks in CUES.items():
        found[name] = plan_likelihood(marks, keypoints, height)
    for name, foot in FEET.items():
        along, lift = (
            plan_likelihood(foot, keypoints, height),
            lift_likelihood(foot, keypoints, height, pitch),
        )
        found[name] = None if along is None or lift is None else along * lift
    return {name: ballot for name, ballot in found.items() if ballot is not None}


def paper(keypoints: np.ndarray, pitch: Optional[float] = None) -> Belief:
    """Take the view angle from the head and the vector between the feet, after VAL.

    VAL (M. Zhang, *Clothes-changing person re-identification based on spatial consistency*) takes
    the centre c of nose, eyes and ears, the vector v from the right foot to the left, and the angle
    between a transformation of v and c; it leaves the transformation open. Here

    1. v = (v_x, v_y) in the image is drawn out to the ground, g = (v_x, v_y / sin(pitch)), whose
       second part counts towards the camera;
    2. a walker's feet are one before the other, those of who stands side by side: the directions
       g, -g and g turned by a right angle (what is to the left comes ahead) are possible;
    3. of these, the direction that agrees best with how nose, eyes and ears lie around c is taken.

    Each possible direction (g_1, g_2) has the view angle atan2(g_1, g_2), in radians in the paper,
    in degrees here.

    Parameters
    ----------
    keypoints, pitch
        As for :func:`vote`; the pitch is taken as 20 degrees where it is not known.

    Returns
    -------
    Belief
        The three angles, weighted by the likelihood of the head.

    Raises
    ------
    UnknownViewError
        If head or feet are not seen, or the feet are too near each other to tell a direction.
    """
    head = plan_likelihood(CUES["head"], keypoints, stature(keypoints))
    if head is None:
        raise UnknownViewError("the head is not seen")
    left, right = _feet(keypoints)
    seen = keypoints[[KEYPOINT_INDEX[name] for name in _HEAD]]
    centre = seen[seen[:, 2] > 0, :2].mean(axis=0)
    step = left - right
    if np.hypot(*step) < _MIN_STEP * np.hypot(*(centre - 0.5 * (left + right))):
        raise UnknownViewError("the feet are together")
    rightwards, towards = step[0], step[1] / np.sin(np.radians(_ASSUMED_PITCH if pitch is None else pitch))
    directions = np.array([(rightwards, towards), (-rightwards, -towards), (-towards, rightwards)])
    angles = np.degrees(np.arctan2(directions[:, 0], directions[:, 1]))
    weights = np.interp(angles, ANGLES, head / head.max(), period=360.0) + 1e-9
    return Belief(angles, weights / weights.sum())


def _feet(keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middles of the left and the right foot, of the points that are seen of both."""
    rows = np.array([[KEYPOINT_INDEX[f"{side}_{name}"] for name in _FOOT] for side in ("left", "right")])
    both = (keypoints[rows, 2] > 0).all(axis=0)
    if not both.any():
        raise UnknownViewError("the feet are not seen")
    left, right = keypoints[rows[:, both], :2].mean(axis=1)
    return left, right


#: Methods by name.
METHODS: dict[str, Callable[[np.ndarray, Optional[float]], Belief]] = {"paper": paper, "vote": vote}
