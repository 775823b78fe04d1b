"""Forward kinematics: joints and axes of a walking body in its own frame.

Axes of the body frame are (forward, left, up) in metres, with the origin on the ground below
the pelvis. ``F`` is the number of frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mindreid.walkers.persons.body import Body
from mindreid.walkers.persons.gait import Gait, JointAngles, joint_angles

SIDES = (0, 1)
SIDE_NAMES = ("left", "right")


@dataclass(frozen=True)
class Axes:
    """Unit vectors of a body part, each ``[F, 3]`` in the body frame."""

    forward: np.ndarray
    left: np.ndarray
    up: np.ndarray


@dataclass(frozen=True)
class Skeleton:
    """Pose in every frame; points are ``[F, 3]``, limbs are (left, right) pairs of them.

    Attributes
    ----------
    pelvis, neck, head : ndarray
        Middle of the hip line, middle of the shoulder line, centre of the head.
    hip, knee, ankle, heel, big_toe, small_toe : tuple of ndarray
        Legs. Heel and toes lie on the ground side of the foot.
    shoulder, elbow, wrist, hand : tuple of ndarray
        Arms; the hand's point is its finger tips.
    pelvis_axes, chest_axes, head_axes : Axes
        Orientation of the torso's ends and of the head.
    """

    pelvis: np.ndarray
    neck: np.ndarray
    head: np.ndarray
    hip: tuple[np.ndarray, ...]
    knee: tuple[np.ndarray, ...]
    ankle: tuple[np.ndarray, ...]
    heel: tuple[np.ndarray, ...]
    big_toe: tuple[np.ndarray, ...]
    small_toe: tuple[np.ndarray, ...]
    shoulder: tuple[np.ndarray, ...]
    elbow: tuple[np.ndarray, ...]
    wrist: tuple[np.ndarray, ...]
    hand: tuple[np.ndarray, ...]
    pelvis_axes: Axes
    chest_axes: Axes
    head_axes: Axes


def pose(body: Body, gait: Gait, phase: np.ndarray) -> Skeleton:
    """Pose ``body`` at every ``phase`` (``[F]``, cycles; 0 is the left heel strike)."""
    angles = [joint_angles(gait, phase, side) for side in SIDES]
    legs = [_leg(body, gait, angles[side], side) for side in SIDES]
    # The pelvis is as high as the lower foot demands.
    height = -np.min([leg[name][:, 2] for leg in legs for name in ("heel", "big_toe")], axis=0)
    pelvis = np.column_stack([np.zeros_like(height), np.zeros_like(height), height])
    turn = np.radians(gait.twist) * np.cos(2 * np.pi * phase)
    roll = np.radians(gait.sway) * np.sin(2 * np.pi * phase)
    lean = np.full_like(phase, np.radians(gait.lean))
    pelvis_axes = _axes(0.3 * turn, 0.4 * lean, 0.5 * roll)
    chest_axes = _axes(-0.7 * turn, lean, roll)
    neck = pelvis + body.torso * _unit(pelvis_axes.up + chest_axes.up)
    head_axes = _axes(np.zeros_like(turn), lean * 0.3 + np.radians(gait.head_pitch), 0.3 * roll)
    rise = _unit(chest_axes.up + np.array([0.012, 0, 0]) * gait.lean)
    head = neck + body.neck * rise + 0.9 * body.head[0] * head_axes.up + 0.25 * body.neck * head_axes.forward
    arms = [_arm(body, gait, neck, chest_axes, angles[side], side) for side in SIDES]
    joints = {name: tuple(pelvis + leg[name] for leg in legs) for name in legs[0]}
    joints.update({name: tuple(arm[name] for arm in arms) for name in arms[0]})
    return Skeleton(
        pelvis=pelvis,
        neck=neck,
        head=head,
        **joints,
        pelvis_axes=pelvis_axes,
        chest_axes=chest_axes,
        head_axes=head_axes,
    )


def head_point(body: Body, skeleton: Skeleton, forward: float, left: float, up: float) -> np.ndarray:
    """Point ``[F, 3]`` relative to the head's centre, in units of its half depth, width and height."""
    axes, (half_height, half_width, half_depth) = skeleton.head_axes, body.head
    return (
        skeleton.head
        + forward * half_depth * axes.forward
        + left * half_width * axes.left
        + up * half_height * axes.up
    )


def _leg(body: Body, gait: Gait, angles: JointAngles, side: int) -> dict[str, np.ndarray]:
    """Points of one leg relative to the pelvis."""
    outward = 1 - 2 * side
    hip = np.zeros((len(angles.hip), 3))
    hip[:, 1] = outward * body.hip_half
    shank_angle = angles.hip - angles.knee
    # Thighs converge a little towards the knees.
    knee = hip + body.thigh * _swung(angles.hip, -0.03 * outward)
    ankle = knee + body.shank * _swung(shank_angle, 0.0)
    pitch = shank_angle + angles.ankle
    toe_out = outward * np.radians(gait.toe_out)
    zero = np.zeros_like(pitch)
    along = np.column_stack([np.cos(pitch) * np.cos(toe_out), zero + np.sin(toe_out), np.sin(pitch)])
    across = np.column_stack([zero - np.sin(toe_out), zero + np.cos(toe_out), zero]) * outward
    sole = ankle + body.ankle * np.column_stack([np.sin(pitch), zero, -np.cos(pitch)])
    return {
        "hip": hip,
        "knee": knee,
        "ankle": ankle,
        "heel": sole - 0.24 * body.foot * along,
        "big_toe": sole + 0.76 * body.foot * along - 0.08 * body.foot * across,
        "small_toe": sole + 0.62 * body.foot * along + 0.17 * body.foot * across,
    }


def _arm(
    body: Body, gait: Gait, neck: np.ndarray, axes: Axes, angles: JointAngles, side: int
) -> dict[str, np.ndarray]:
    outward = 1 - 2 * side
    # The joint lies within the shoulder, whose top is the shoulder line.
    shoulder = neck + outward * body.shoulder_half * axes.left - 1.05 * body.arm_radius * axes.up
    shoulder = shoulder + gait.hunch * (0.03 * axes.forward - 0.012 * axes.up)
    abduction = outward * np.radians(gait.abduction)
    elbow = shoulder + body.upper_arm * _swung(angles.shoulder, abduction)
    bent = angles.shoulder + angles.elbow
    wrist = elbow + body.forearm * _swung(bent, -0.2 * abduction)
    hand = wrist + body.hand * _swung(bent, -0.6 * abduction)
    return {"shoulder": shoulder, "elbow": elbow, "wrist": wrist, "hand": hand}


def _swung(flexion: np.ndarray, sideways: float) -> np.ndarray:
    """Direction ``[F, 3]`` of a segment that hangs down, swung forward and then to the left."""
    return np.column_stack(
        [
            np.sin(flexion),
            np.full_like(flexion, np.sin(sideways)) * np.cos(flexion),
            -np.cos(flexion) * np.cos(sideways),
        ]
    )


def _axes(turn: np.ndarray, lean: np.ndarray, roll: np.ndarray) -> Axes:
    """Axes turned so that the left side comes forward, leaning forward, rolling to the left."""
    zero = np.zeros_like(turn)
    left = np.column_stack([np.sin(turn), np.cos(turn), zero])
    up = _unit(np.column_stack([np.sin(lean), np.sin(roll), np.cos(lean) * np.cos(roll)]))
    forward = _unit(_cross(left, up))
    return Axes(forward=forward, left=_cross(up, forward), up=up)


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    # On a handful of vectors, numpy.cross spends most of its time on its generality.
    (a, b, c), (d, e, f) = first.T, second.T
    return np.column_stack([b * f - c * e, c * d - a * f, a * e - b * d])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
