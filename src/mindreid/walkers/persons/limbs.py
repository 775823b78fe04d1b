"""Arms and legs: skin, sleeves, trouser legs, hands and shoes."""

from __future__ import annotations

import numpy as np

from mindreid.walkers.persons.clothing import Garment
from mindreid.walkers.persons.figure import Figure, tint
from mindreid.walkers.persons.skeleton import SIDES
from mindreid.walkers.persons.torso import leg_point
from mindreid.walkers.scene.painter import Layer, Part

#: Metres of cloth around the arm by type of top, and how far it reaches (1 elbow, 2 wrist).
_SLEEVES = {
    "t-shirt": (0.014, 0.62),
    "shirt": (0.010, 1.92),
    "hoodie": (0.022, 1.95),
    "jacket": (0.022, 1.97),
    "coat": (0.027, 2.0),
}
#: Metres of cloth at hip, knee and hem by type of bottom, and how far it reaches (1 knee, 2 ankle).
_LEGS = {
    "trousers": (0.010, 0.016, 0.024, 1.97),
    "slim trousers": (0.003, 0.004, 0.006, 1.9),
    "wide trousers": (0.016, 0.036, 0.060, 2.04),
    "shorts": (0.016, 0.034, 0.034, 0.84),
}
_BANDS_PER_SEGMENT = 4


def draw_arms(figure: Figure) -> None:
    """Add both arms."""
    for side in SIDES:
        _draw_arm(figure, side)


def draw_legs(figure: Figure) -> None:
    """Add both legs."""
    for side in SIDES:
        _draw_leg(figure, side)


def _draw_arm(figure: Figure, side: int) -> None:
    body, joints, layer = figure.body, figure.skeleton, figure.arm_layer[side]
    upper, lower = (Part.LEFT_UPPER_ARM, Part.LEFT_FOREARM) if side == 0 else (
        Part.RIGHT_UPPER_ARM, Part.RIGHT_FOREARM)  # fmt: skip
    axis = [joints.shoulder[side], joints.elbow[side], joints.wrist[side]]
    radii = [body.arm_radius, body.elbow_radius, body.wrist_radius]
    skin = tint(body.skin, 1) * figure.arm_shade[side]
    ease, reach = _SLEEVES[figure.outfit.top.kind]
    figure.painter.limb(axis[1:], radii[1:], skin, lower, layer)
    palm = axis[2] + 0.35 * (joints.hand[side] - axis[2])
    tips = axis[2] + 0.85 * (joints.hand[side] - axis[2])
    wrist = body.wrist_radius
    figure.painter.limb([axis[2], palm, tips], [wrist, 1.35 * wrist, 0.85 * wrist], 0.96 * skin, lower, layer)
    figure.painter.limb(axis[:2], radii[:2], skin, upper, layer)
    # Little cloth at the root, where a sleeve is sewn to the shoulder.
    eased = [radii[0] + 0.3 * ease, radii[1] + ease, radii[2] + ease]
    if reach > 1:
        _cloth(
            figure, axis[1:], eased[1:], reach - 1, figure.outfit.top, figure.arm_shade[side], lower, layer
        )
    _cloth(
        figure, axis[:2], eased[:2], min(reach, 1), figure.outfit.top, figure.arm_shade[side], upper, layer
    )


def _draw_leg(figure: Figure, side: int) -> None:
    body, joints, layer = figure.body, figure.skeleton, figure.leg_layer[side]
    thigh, shank = (Part.LEFT_THIGH, Part.LEFT_SHANK) if side == 0 else (Part.RIGHT_THIGH, Part.RIGHT_SHANK)
    hip, knee, ankle = joints.hip[side], joints.knee[side], joints.ankle[side]
    calf = knee + 0.3 * (ankle - knee)
    shade = figure.leg_shade[side]
    skin = tint(body.skin, 1) * shade
    figure.painter.limb(
        [knee, calf, ankle], [body.knee_radius, body.calf_radius, body.ankle_radius], skin, shank, layer
    )
    figure.painter.limb([hip, knee], [body.thigh_radius, body.knee_radius], skin, thigh, layer)
    _draw_shoe(figure, side)
    cut = _LEGS.get(figure.outfit.bottom.kind)
    if cut is None:
        return
    at_hip, at_knee, at_hem, reach = cut
    bottom = figure.outfit.bottom
    if reach > 1:
        radii = [body.knee_radius + at_knee, body.ankle_radius + at_hem]
        calf_radii = [radii[0], max(body.calf_radius + at_knee, 0.7 * radii[0] + 0.3 * radii[1])]
        _cloth(figure, [knee, calf], calf_radii, 1, bottom, shade, shank, layer)
        _cloth(
            figure, [calf, ankle], [calf_radii[1], radii[1]], (reach - 1.3) / 0.7, bottom, shade, shank, layer
        )
    radii = [body.thigh_radius + at_hip, body.knee_radius + at_knee]
    _cloth(figure, [hip, knee], radii, min(reach, 1), bottom, shade, thigh, layer)
    if bottom.pattern == "pinstripes":
        _draw_side_stripe(figure, side, radii, reach)
    if figure.outfit.shoes.kind == "boots" and bottom.kind != "wide trousers":
        _draw_boot(figure, side)


def _draw_side_stripe(figure: Figure, side: int, radii: list[float], reach: float) -> None:
    """Add a stripe down the outside of a trouser leg, where that faces the camera."""
    part = Part.LEFT_THIGH if side == 0 else Part.RIGHT_THIGH
    outward = (1 - 2 * side) * figure.skeleton.pelvis_axes.left
    stops = [stop for stop in (0.25, 1.0, 1.9) if stop < reach] + [reach]
    points = [leg_point(figure.skeleton, side, stop) + 0.9 * radii[stop > 0.5] * outward for stop in stops]
    # Under the leg where it faces away.
    layer = figure.leg_layer[side] + np.where(figure.view.facing(outward) > 0.15, 0.01, -0.01)
    colour = tint(figure.outfit.bottom.accent, 1) * figure.leg_shade[side]
    figure.painter.limb(points, [0.014] * len(points), colour, part, layer)


def _cloth(
    figure: Figure,
    axis: list[np.ndarray],
    radii: list[float],
    reach: float,
    garment: Garment,
    shade: np.ndarray,
    part: Part,
    layer: Layer,
) -> None:
    """Add a tube of cloth along ``axis`` (two points) that ends at the fraction ``reach``."""
    banded = garment.pattern in ("stripes", "checks")
    count = 2 * _BANDS_PER_SEGMENT if banded else 1
    stops = np.linspace(0, reach, count + 1)
    points = [axis[0] + stop * (axis[1] - axis[0]) for stop in stops]
    widths = [radii[0] + stop * (radii[1] - radii[0]) for stop in stops]
    figure.painter.limb(points, widths, tint(garment.colour, 1) * shade, part, layer)
    if not banded:
        return
    for band in range(1, count, 2):
        # Bands are thinner than their gaps and flat-ended, so that they read as rings.
        ends = [points[band], points[band] + 0.55 * (points[band + 1] - points[band])]
        figure.painter.band(ends, widths[band : band + 2], tint(garment.accent, 1) * shade, part, layer)


def _draw_shoe(figure: Figure, side: int) -> None:
    body, joints, layer = figure.body, figure.skeleton, figure.leg_layer[side]
    part = Part.LEFT_SHOE if side == 0 else Part.RIGHT_SHOE
    shoes, shade = figure.outfit.shoes, figure.leg_shade[side]
    heel, big, small, ankle = (
        joints.heel[side], joints.big_toe[side], joints.small_toe[side], joints.ankle[side])  # fmt: skip
    thick = 0.020 if shoes.kind == "low" else 0.027
    upward = thick * _unit(ankle - 0.5 * (heel + big))
    instep = 0.45 * ankle + 0.55 * (0.5 * (big + small)) + 0.4 * upward
    upper = [heel + upward, ankle - 0.2 * upward, instep, big + upward, small + 0.8 * upward]
    radii = [thick, body.ankle_radius + 0.008, 0.9 * thick, 0.9 * thick, 0.85 * thick]
    figure.painter.wrap(upper, radii, tint(shoes.colour, 1) * shade, part, layer)
    sole = tint(shoes.accent, 1) if shoes.kind == "sneaker" else tint(shoes.colour, 0.5)
    figure.painter.wrap([heel + 0.25 * upward, big + 0.2 * upward], [0.008, 0.007], sole * shade, part, layer)


def _draw_boot(figure: Figure, side: int) -> None:
    body, joints = figure.body, figure.skeleton
    part = Part.LEFT_SHOE if side == 0 else Part.RIGHT_SHOE
    knee, ankle = joints.knee[side], joints.ankle[side]
    top = ankle + 0.55 * (knee - ankle)
    radii = [body.calf_radius + 0.012, body.ankle_radius + 0.016]
    colour = tint(figure.outfit.shoes.colour, 1) * figure.leg_shade[side]
    figure.painter.limb([top, ankle], radii, colour, part, figure.leg_layer[side])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
