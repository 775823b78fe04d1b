"""What a person carries: backpack, shoulder bag, handbag."""

from __future__ import annotations

import numpy as np

from mindreid.walkers.persons.figure import BEHIND, FAR_ARM, TRUNK, Figure, tint
from mindreid.walkers.persons.garments import add_surface, top_ease
from mindreid.walkers.persons.skeleton import Axes
from mindreid.walkers.persons.torso import CHEST, COLLAR, HIP_LINE, SHOULDERS, WAIST, on_rings
from mindreid.walkers.scene.painter import Layer, Part

#: Corners of a unit box, each cut off three ways, so that its hull looks sewn rather than sawn.
_ROUNDED_CORNERS = [
    tuple(sign * (0.7 if axis == cut else 1.0) for axis, sign in enumerate(signs))
    for signs in [(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    for cut in range(3)
]
_STRAP_HEIGHTS = (0.42, WAIST + 0.15, CHEST, SHOULDERS, COLLAR - 0.03)


def draw_bag(figure: Figure) -> None:
    """Add the bag, if there is one."""
    draw = {"backpack": _draw_backpack, "shoulder bag": _draw_shoulder_bag, "handbag": _draw_handbag}
    if figure.outfit.bag.kind in draw:
        draw[figure.outfit.bag.kind](figure)


def _draw_backpack(figure: Figure) -> None:
    bag, torso, axes = figure.outfit.bag, figure.torso, figure.skeleton.chest_axes
    ease = top_ease(figure.outfit.top.kind)
    middle = torso.centre(0.62) - (torso.half_depth(CHEST, ease) + 0.062) * axes.forward
    _draw_box(figure, axes, middle, (0.085, 0.145, 0.22), tint(bag.colour, 1), figure.back_layer + 0.2)
    pocket = middle - 0.02 * axes.forward - 0.07 * axes.up
    _draw_box(figure, axes, pocket, (0.085, 0.11, 0.10), tint(bag.colour, 0.8), figure.back_layer + 0.25)
    rings = np.stack([torso.ring(height, ease + 0.006) for height in _STRAP_HEIGHTS], axis=1)
    straps = [(47.0, 61.0), (119.0, 133.0)]
    add_surface(figure, rings, (0, 1, 2, 3, 4), straps, tint(bag.colour, 0.75), TRUNK + 0.5, Part.BAG)


def _draw_shoulder_bag(figure: Figure) -> None:
    bag, torso, axes = figure.outfit.bag, figure.torso, figure.skeleton.pelvis_axes
    side = figure.outfit.bag_side
    ease = top_ease(figure.outfit.top.kind)
    rings = np.stack([torso.ring(height, ease + 0.006) for height in _STRAP_HEIGHTS], axis=1)
    # From the bag's hip across the chest (and the back) to the opposite shoulder.
    along = np.linspace(0.0, 1.0, 7)
    for front in (1, -1):
        turn = front * np.interp(along, (0, 0.5, 1), (15, 90, 130))
        angles = turn if side == 0 else 180 - turn
        levels = 0.2 + 3.6 * along
        points, normals = on_rings(rings, np.r_[levels, levels + 0.3], np.r_[angles, angles])
        quads = np.array([(stop, stop + 1, stop + 8, stop + 7) for stop in range(6)])
        strap = tint(bag.colour, 0.7)
        figure.painter.patches(points[:, quads], normals[:, quads], strap, Part.BAG, TRUNK + 0.5)
    outward = 1 - 2 * side
    middle = torso.centre(-0.12) + outward * (torso.half_width(HIP_LINE, ease) + 0.05) * axes.left
    layer = np.where(figure.arm_layer[side] == FAR_ARM, BEHIND + 0.5, TRUNK + 0.7)
    _draw_box(figure, axes, middle, (0.14, 0.045, 0.11), tint(bag.colour, 1), layer)


def _draw_handbag(figure: Figure) -> None:
    side = figure.outfit.bag_side
    hand, layer = figure.skeleton.hand[side], figure.arm_layer[side] - 0.2
    colour = tint(figure.outfit.bag.colour, 1) * figure.arm_shade[side]
    below = np.array([0, 0, 0.13])
    figure.painter.limb([hand, hand - below], [0.008, 0.03], 0.7 * colour, Part.BAG, layer)
    _draw_box(figure, figure.skeleton.pelvis_axes, hand - 1.75 * below, (0.15, 0.05, 0.11), colour, layer)


def _draw_box(
    figure: Figure,
    axes: Axes,
    middle: np.ndarray,
    half: tuple[float, float, float],
    colour: np.ndarray,
    layer: Layer,
) -> None:
    """Add a box along ``axes`` with rounded edges; ``half`` is its extent forward, left and up in metres."""
    corners = [
        middle + forward * half[0] * axes.forward + left * half[1] * axes.left + up * half[2] * axes.up
        for forward, left, up in _ROUNDED_CORNERS
    ]
    figure.painter.blob(np.stack(corners, axis=1), colour, Part.BAG, layer)
