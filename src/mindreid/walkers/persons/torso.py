"""The torso as a surface: rings along the spine, and below it around both legs."""

from __future__ import annotations

import numpy as np

from mindreid.walkers.persons.body import Body
from mindreid.walkers.persons.skeleton import Skeleton
from mindreid.walkers.scene.painter import CIRCLE

#: Heights along the spine, 0 at the hip line and 1 at the shoulder line.
CROTCH, HIP_LINE, WAIST, CHEST, SHOULDERS, COLLAR = -0.22, 0.0, 0.38, 0.72, 0.94, 1.09
_HEIGHTS = (CROTCH, HIP_LINE, WAIST, CHEST, SHOULDERS, COLLAR)


class Torso:
    """Elliptic cross-sections of one person's torso in every frame.

    Parameters
    ----------
    body : Body
        Widths and depths.
    skeleton : Skeleton
        Pose in every frame.
    """

    def __init__(self, body: Body, skeleton: Skeleton) -> None:
        self._body, self._skeleton = body, skeleton
        shoulder_width = body.shoulder_half + 0.1 * body.arm_radius
        self._half_widths = (
            0.80 * body.hips[0],
            body.hips[0],
            body.waist[0],
            body.chest[0],
            shoulder_width,
            0.55 * body.head[1],
        )
        self._half_depths = (
            0.85 * body.hips[1],
            body.hips[1],
            body.waist[1],
            body.chest[1],
            0.72 * body.chest[1],
            0.55 * body.head[1],
        )

    def half_width(self, height: float, ease: float = 0.0) -> float:
        """Half width in metres at ``height``, with ``ease`` metres of cloth around it."""
        return float(np.interp(height, _HEIGHTS, self._half_widths)) + ease

    def half_depth(self, height: float, ease: float = 0.0) -> float:
        """Half depth in metres at ``height``, with ``ease`` metres of cloth around it."""
        return float(np.interp(height, _HEIGHTS, self._half_depths)) + ease

    def centre(self, height: float) -> np.ndarray:
        """Middle of the cross-section at ``height``, ``[F, 3]``."""
        skeleton = self._skeleton
        belly = 0.35 * (self._body.waist[1] - 0.09) * np.exp(-(((height - WAIST) / 0.25) ** 2))
        return (
            skeleton.pelvis + height * (skeleton.neck - skeleton.pelvis) + belly * skeleton.chest_axes.forward
        )

    def ring(self, height: float, ease: float = 0.0) -> np.ndarray:
        """Cross-section at ``height``, ``[F, 12, 3]``."""
        left, forward = self._directions(height)
        return _ellipse(
            self.centre(height), self.half_width(height, ease) * left, self.half_depth(height, ease) * forward
        )

    def skirt_ring(self, fraction: float, ease: float) -> np.ndarray:
        """Ring around both legs, ``[F, 12, 3]``.

        Parameters
        ----------
        fraction : float
            0 at the hips, 1 at the knees, 2 at the ankles.
        ease : float
            Metres of cloth outside the legs.
        """
        skeleton, body = self._skeleton, self._body
        radius = np.interp(
            fraction,
            (0, 1, 1.35, 2),
            (body.thigh_radius, body.knee_radius, body.calf_radius, body.ankle_radius),
        )
        left_leg, right_leg = (
            leg_point(skeleton, side, fraction, clamp_ankle=1.25 if fraction > 1 else 2.0) for side in (0, 1)
        )
        axes = skeleton.pelvis_axes
        apart = left_leg - right_leg
        half_width = 0.5 * np.abs((apart * axes.left).sum(-1)) + radius + ease
        half_depth = 0.5 * np.abs((apart * axes.forward).sum(-1)) + radius + ease
        half_depth = np.maximum(half_depth, 0.8 * body.hips[1] + ease)
        half_width = np.maximum(half_width, 0.85 * body.hips[0] + ease)
        # Wider than either span, since an ellipse is narrow where a leg is off both axes.
        left, forward = 1.08 * half_width[:, None] * axes.left, 1.08 * half_depth[:, None] * axes.forward
        return _ellipse(0.5 * (left_leg + right_leg), left, forward)

    def _directions(self, height: float) -> tuple[np.ndarray, np.ndarray]:
        share = min(max(height, 0.0), 1.0)
        lower, upper = self._skeleton.pelvis_axes, self._skeleton.chest_axes
        return (
            (1 - share) * lower.left + share * upper.left,
            (1 - share) * lower.forward + share * upper.forward,
        )


def leg_point(skeleton: Skeleton, side: int, fraction: float, clamp_ankle: float = 2.0) -> np.ndarray:
    """Point ``[F, 3]`` on a leg's axis: 0 at the hip, 1 at the knee, 2 at the ankle.

    ``clamp_ankle`` ends the shank's swing at that fraction: what hangs lower falls straight.
    """
    hip, knee, ankle = skeleton.hip[side], skeleton.knee[side], skeleton.ankle[side]
    if fraction <= 1:
        return hip + fraction * (knee - hip)
    followed = min(fraction, clamp_ankle) - 1
    point = knee + followed * (ankle - knee)
    if fraction > clamp_ankle:
        length = np.linalg.norm(ankle - knee, axis=-1).mean()
        point = point - np.array([0.0, 0.0, (fraction - clamp_ankle) * length])
    return point


def on_rings(rings: np.ndarray, levels: np.ndarray, angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and outward directions on the skin over ``rings``.

    Parameters
    ----------
    rings : ndarray
        ``[F, K, M, 3]``, metres.
    levels, angles : ndarray
        ``[N]`` each: fractional ring numbers, and degrees around the body, 0 at the left side and
        90 in front.

    Returns
    -------
    points, normals : ndarray
        ``[F, N, 3]`` each; the normals, of unit length, point away from the ring's centre.
    """
    count = rings.shape[2]
    level = np.clip(levels, 0, rings.shape[1] - 1)
    below = np.minimum(level.astype(int), rings.shape[1] - 2)
    rise = (level - below)[:, None, None]
    between = (1 - rise) * rings[:, below] + rise * rings[:, below + 1]
    place = (np.asarray(angles) % 360) * count / 360
    first = place.astype(int) % count
    turn = (place - np.floor(place))[:, None]
    row = np.arange(len(level))
    points = (1 - turn) * between[:, row, first] + turn * between[:, row, (first + 1) % count]
    outward = points - between.mean(axis=2)
    return points, outward / np.linalg.norm(outward, axis=-1, keepdims=True)


def _ellipse(centre: np.ndarray, left: np.ndarray, forward: np.ndarray) -> np.ndarray:
    return centre[:, None] + CIRCLE[None, :, :1] * left[:, None] + CIRCLE[None, :, 1:] * forward[:, None]
