"""Gait: what of a person's identity moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mindreid.walkers.seeding import generator

# Flexion in degrees at every 5 % of the cycle from heel strike on: the textbook shape of normal
# level walking (Winter, The Biomechanics and Motor Control of Human Gait, 1991), rounded.
_HIP = (28, 27, 24, 20, 15, 10, 5, 0, -5, -9, -11, -9, -2, 8, 18, 25, 30, 32, 31, 29)
_KNEE = (6, 11, 17, 19, 17, 13, 9, 6, 5, 7, 13, 24, 39, 53, 60, 59, 50, 35, 18, 7)
_ANKLE = (1, -4, -3, 1, 4, 6, 7, 8, 9, 9, 6, -3, -15, -17, -10, -4, -1, 1, 2, 2)


@dataclass(frozen=True)
class Gait:
    """How one person walks; angles in degrees.

    Attributes
    ----------
    cadence : float
        Strides (two steps) per second.
    stride : float
        Factor on the hip's excursion.
    knee_lift : float
        Factor on the knee's flexion.
    arm_swing : tuple of float
        Amplitude of the left and of the right shoulder.
    elbow : float
        Elbow flexion at rest.
    abduction : float
        How far the arms stand off the torso.
    lean, sway : float
        Forward lean of the torso; amplitude of its sideways roll.
    hunch : float
        How far the shoulders are pulled forward, 0..1.
    head_pitch : float
        How far the head looks down.
    toe_out : float
        Outward angle of the feet.
    twist : float
        Amplitude of the counter-rotation of shoulders and pelvis.
    """

    cadence: float
    stride: float
    knee_lift: float
    arm_swing: tuple[float, float]
    elbow: float
    abduction: float
    lean: float
    sway: float
    hunch: float
    head_pitch: float
    toe_out: float
    twist: float


@dataclass(frozen=True)
class JointAngles:
    """Flexion of one side's joints in radians, each ``[F]``; forward is positive, knees bend back."""

    hip: np.ndarray
    knee: np.ndarray
    ankle: np.ndarray
    shoulder: np.ndarray
    elbow: np.ndarray


def draw_gait(seed: int, pid: int) -> Gait:
    """Draw the gait of person ``pid``."""
    rng = generator(seed, "gait", pid)
    swing = rng.uniform(6, 28)
    return Gait(
        cadence=rng.uniform(0.78, 1.08),
        stride=rng.uniform(0.72, 1.15),
        knee_lift=rng.uniform(0.85, 1.2),
        arm_swing=(swing * rng.uniform(0.7, 1.15), swing * rng.uniform(0.7, 1.15)),
        elbow=rng.uniform(6, 38),
        abduction=rng.uniform(3, 15),
        lean=rng.uniform(-3, 10),
        sway=rng.uniform(0, 4),
        hunch=rng.uniform(0, 1),
        head_pitch=rng.uniform(-4, 18),
        toe_out=rng.uniform(-4, 22),
        twist=rng.uniform(2, 9),
    )


def joint_angles(gait: Gait, phase: np.ndarray, side: int) -> JointAngles:
    """Angles of the left (``side=0``) or right (``side=1``) limbs.

    Parameters
    ----------
    gait : Gait
        The person's gait.
    phase : ndarray
        ``[F]``, in cycles; 0 is the left foot's heel strike.
    side : int
        0 left, 1 right: half a cycle later.
    """
    own = phase + 0.5 * side
    hip = _along_cycle(_HIP, own)
    # An arm swings against the leg of its side.
    swing = -np.cos(2 * np.pi * own)
    return JointAngles(
        hip=np.radians(3 + gait.stride * hip),
        knee=np.radians(gait.knee_lift * _along_cycle(_KNEE, own)),
        ankle=np.radians(_along_cycle(_ANKLE, own)),
        shoulder=np.radians(gait.arm_swing[side] * (swing - 0.1)),
        elbow=np.radians(gait.elbow + 0.3 * gait.arm_swing[side] * (1 + swing)),
    )


def _along_cycle(table: tuple[int, ...], phase: np.ndarray) -> np.ndarray:
    closed = np.array([*table, table[0]], dtype=float)
    return np.interp(phase % 1.0, np.linspace(0, 1, len(closed)), closed)
