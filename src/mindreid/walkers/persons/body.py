"""Body shape: what of a person's identity stands still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from mindreid.walkers.seeding import generator

Colour = tuple[float, float, float]

HAIR_STYLES = ("shaved", "short", "parted", "afro", "bob", "long", "ponytail", "bun")

# Two ends of a scale of skin tones and hair colours between which a person's own one is mixed.
_SKINS = np.array(
    [(246, 212, 188), (226, 178, 145), (186, 128, 94), (132, 85, 58), (78, 50, 38)], dtype=float
)
_HAIRS = np.array([(24, 20, 20), (62, 40, 28), (118, 76, 42), (196, 158, 96), (150, 72, 36), (176, 172, 168)])


@dataclass(frozen=True)
class Body:
    """Lengths, half widths and radii of one person in metres, and what the head looks like.

    Attributes
    ----------
    thigh, shank, ankle : float
        Hip to knee, knee to ankle, ankle to sole.
    foot : float
        Heel to toe.
    torso, neck : float
        Hip line to shoulder line, shoulder line to chin.
    upper_arm, forearm, hand : float
        Lengths of the arm's segments.
    shoulder_half, hip_half : float
        From the spine to the shoulder joint, to the hip joint.
    chest, waist, hips : tuple of float
        Half width and half depth of the torso at these heights.
    thigh_radius, knee_radius, calf_radius, ankle_radius : float
        Radii along the leg.
    arm_radius, elbow_radius, wrist_radius : float
        Radii along the arm.
    head : tuple of float
        Half height, half width and half depth.
    skin, hair : tuple of float
        RGB, 0..255.
    hair_style : str
        One of :data:`HAIR_STYLES`.
    hair_volume : float
        Thickness of the hair in metres.
    beard : bool
        Whether the lower face is covered.
    moustache : bool
        Whether the upper lip is.
    glasses : tuple of float, optional
        RGB of their frame, 0..255; ``None`` without any.
    """

    thigh: float
    shank: float
    ankle: float
    foot: float
    torso: float
    neck: float
    upper_arm: float
    forearm: float
    hand: float
    shoulder_half: float
    hip_half: float
    chest: tuple[float, float]
    waist: tuple[float, float]
    hips: tuple[float, float]
    thigh_radius: float
    knee_radius: float
    calf_radius: float
    ankle_radius: float
    arm_radius: float
    elbow_radius: float
    wrist_radius: float
    head: tuple[float, float, float]
    skin: Colour
    hair: Colour
    hair_style: str
    hair_volume: float
    beard: bool
    moustache: bool = False
    glasses: Optional[Colour] = None

    @property
    def stature(self) -> float:
        """Height of the standing body in metres."""
        return self.ankle + self.shank + self.thigh + self.torso + self.neck + 2 * self.head[0]


def draw_body(seed: int, pid: int) -> Body:
    """Draw the body of person ``pid``.

    Segment lengths vary around the fractions of stature of Drillis and Contini (1966, as
    tabulated in Winter, *Biomechanics and Motor Control of Human Movement*); the spread is
    somewhat wider than in a population, since a crop shows proportions but not stature.
    """
    rng = generator(seed, "body", pid)

    def vary(spread: float) -> float:
        return 1 + spread * float(np.clip(rng.standard_normal(), -2, 2))

    stature = 1.72 * vary(0.05)
    build, frame = (float(np.clip(value, -1.9, 1.9)) for value in rng.standard_normal(2))
    thigh, shank = 0.245 * vary(0.045), 0.246 * vary(0.045)
    # Long legs come with a short torso, so that the parts still add up to the stature.
    torso = 0.288 - (thigh + shank - 0.491)
    arms, limbs = vary(0.05), vary(0.08)
    length = {
        "thigh": thigh,
        "shank": shank,
        "ankle": 0.039,
        "foot": 0.150 * vary(0.05),
        "torso": torso,
        "neck": 0.046 * vary(0.18),
        "upper_arm": 0.178 * arms,
        "forearm": 0.146 * arms,
        "hand": 0.085 * arms,
        "shoulder_half": 0.103 * (1 + 0.09 * frame + 0.03 * build),
        "hip_half": 0.049 * (1 - 0.08 * frame + 0.04 * build),
        "thigh_radius": 0.046 * limbs * (1 + 0.17 * build),
        "knee_radius": 0.032 * limbs * (1 + 0.10 * build),
        "calf_radius": 0.034 * limbs * (1 + 0.12 * build) * vary(0.07),
        "ankle_radius": 0.021 * limbs * (1 + 0.05 * build),
        "arm_radius": 0.029 * limbs * (1 + 0.16 * build) * vary(0.06),
        "elbow_radius": 0.022 * limbs * (1 + 0.12 * build),
        "wrist_radius": 0.016 * limbs * (1 + 0.05 * build),
    }
    width = {
        "chest": (0.092 * (1 + 0.09 * build + 0.05 * frame), 0.062 * (1 + 0.16 * build)),
        "waist": (0.078 * (1 + 0.22 * build + 0.03 * frame), 0.055 * (1 + 0.30 * build)),
        "hips": (0.097 * (1 + 0.12 * build - 0.08 * frame), 0.064 * (1 + 0.18 * build)),
    }
    measures: dict[str, Any] = {name: stature * value for name, value in length.items()}
    measures.update({name: (stature * half, stature * depth) for name, (half, depth) in width.items()})
    measures["head"] = (0.118 * vary(0.06), 0.077 * vary(0.07), 0.096 * vary(0.05))
    return Body(**measures, **_draw_complexion(rng))


def _draw_complexion(rng: np.random.Generator) -> dict[str, Any]:
    style = HAIR_STYLES[rng.integers(len(HAIR_STYLES))]
    return {
        "skin": _mix(_SKINS, rng.random() * (len(_SKINS) - 1)),
        "hair": _mix(_HAIRS[[rng.integers(len(_HAIRS)), rng.integers(len(_HAIRS))]], 0.35 * rng.random()),
        "hair_style": style,
        "hair_volume": float(rng.uniform(0.012, 0.030) * (2.2 if style == "afro" else 1.0)),
        "beard": bool(style in HAIR_STYLES[:4] and rng.random() < 0.35),
    }


def _mix(scale: np.ndarray, position: float) -> Colour:
    """Interpolate the rows of ``scale`` at a fractional row number."""
    rows = np.arange(len(scale))
    red, green, blue = (float(np.interp(position, rows, scale[:, channel])) for channel in range(3))
    return red, green, blue
