"""Head: skull, hair, face, ears and neck."""

from __future__ import annotations

import numpy as np

from mindreid.walkers.persons.figure import BACK, BEHIND, HEAD, NECK, Figure, tint
from mindreid.walkers.persons.skeleton import head_point
from mindreid.walkers.persons.torso import COLLAR, on_rings
from mindreid.walkers.scene.painter import CIRCLE, Layer, Part

# Cross-sections of a head: height (-1 chin, 1 crown), half width, half depth and forward offset,
# in units of the head's half height, half width and half depth.
_LEVELS = np.array([-1.0, -0.72, -0.35, 0.1, 0.5, 0.8, 1.0])
_WIDTHS = np.array([0.38, 0.72, 0.92, 1.0, 0.95, 0.70, 0.25])
_DEPTHS = np.array([0.35, 0.68, 0.85, 1.0, 0.97, 0.72, 0.25])
_OFFSETS = np.array([0.45, 0.22, 0.08, 0.0, -0.03, -0.05, -0.05])

#: How far down the hair reaches at the back, as a height of the head.
_HAIR_ENDS = {
    "short": -0.25,
    "parted": -0.3,
    "afro": -0.35,
    "bob": -1.15,
    "long": -0.9,
    "ponytail": -0.35,
    "bun": -0.35,
}
_FRAMES_FACE = ("afro", "bob", "long")
_HAIRLINE = 0.52
_EYES = np.array([46.0, 34.0, 32.0])


def draw_head(figure: Figure) -> None:
    """Add neck, head, hair and face."""
    body, skeleton = figure.body, figure.skeleton
    base = figure.torso.centre(COLLAR - 0.08)
    top = skeleton.head - 0.45 * body.head[0] * skeleton.head_axes.up
    radius = 0.68 * body.head[1]
    figure.painter.limb([base, top], [1.05 * radius, 0.95 * radius], tint(body.skin, 0.86), Part.NECK, NECK)
    skull = _head_rings(figure)
    figure.painter.blob(skull, tint(body.skin, 0.93), Part.HEAD, HEAD)
    _draw_hair(figure)
    _draw_face(figure, skull)
    if body.hair_style not in _FRAMES_FACE:
        _draw_ears(figure)


def _head_rings(
    figure: Figure, volume: float = 0.0, lowest: float = -1.0, *, hair: bool = False
) -> np.ndarray:
    """Cross-sections ``[F, 7, 12, 3]`` of the head above ``lowest``, ``volume`` metres larger all round.

    Those of ``hair`` leave out the face: below the forehead they lack the front half.
    """
    axes, (half_height, half_width, half_depth) = figure.skeleton.head_axes, figure.body.head
    levels = lowest + (1 - lowest) * (_LEVELS + 1) / 2
    width = np.interp(levels, _LEVELS, _WIDTHS) * half_width + volume
    depth = np.interp(levels, _LEVELS, _DEPTHS) * half_depth + volume
    offset = np.interp(levels, _LEVELS, _OFFSETS) * half_depth
    rise = levels * half_height + volume * np.maximum(levels, 0.0)
    across, along = CIRCLE.T
    frontness = np.interp(levels, (0.1, 0.5), (0.1, 1.0)) if hair else np.ones_like(levels)
    forward = offset[:, None] + depth[:, None] * np.where(along > 0, frontness[:, None] * along, along)
    left = width[:, None] * across
    up = np.broadcast_to(rise[:, None], left.shape)
    directions = np.stack([axes.forward, axes.left, axes.up], axis=1)
    offsets = np.stack([forward, left, up], axis=-1).reshape(-1, 3) @ directions
    return figure.skeleton.head[:, None, None] + offsets.reshape(len(directions), *left.shape, 3)


def _draw_hair(figure: Figure) -> None:
    body, painter = figure.body, figure.painter
    if body.hair_style == "shaved":
        cap = _head_rings(figure, 0.002, 0.35)
        painter.blob(cap, 0.75 * tint(body.skin, 0.9) + 0.25 * np.asarray(body.hair), Part.HEAD, HEAD)
        return
    shell = _head_rings(figure, body.hair_volume, _HAIR_ENDS[body.hair_style], hair=True)
    painter.blob(shell, np.asarray(body.hair), Part.HEAD, HEAD)
    facing = figure.view.facing(figure.skeleton.head_axes.forward) > 0
    # A little above a backpack or hood, which hangs in the same layer.
    layer = np.where(facing, BEHIND, BACK) + 0.4

    def behind(back: float, up: float) -> np.ndarray:
        return head_point(body, figure.skeleton, -back, 0.0, up)

    if body.hair_style == "long":
        _draw_long_hair(figure, layer)
    elif body.hair_style == "ponytail":
        tail = [behind(1.0, 0.35), behind(1.4, 0.0), behind(1.25, -1.6)]
        painter.limb(tail, [0.026, 0.034, 0.012], tint(body.hair, 0.88), Part.HEAD, layer)
    elif body.hair_style == "bun":
        knot = [behind(0.8, 0.75), behind(0.85, 0.9)]
        painter.limb(knot, [0.045, 0.045], tint(body.hair, 0.85), Part.HEAD, layer)


def _draw_long_hair(figure: Figure, layer: Layer) -> None:
    axes, neck = figure.skeleton.chest_axes, figure.skeleton.neck
    back = figure.torso.half_depth(0.8) * 0.75
    ends = [
        neck - back * axes.forward + sideways * axes.left + rise * axes.up
        for sideways, rise in ((-0.10, -0.02), (0.10, -0.02), (-0.075, -0.19), (0.075, -0.19))
    ]
    roots = _head_rings(figure, figure.body.hair_volume, -0.6, hair=True)[:, 0]
    points = np.concatenate([roots, np.stack(ends, axis=1)], axis=1)
    figure.painter.blob(points, tint(figure.body.hair, 0.92), Part.HEAD, layer)


def _draw_face(figure: Figure, skull: np.ndarray) -> None:
    body, painter, layer = figure.body, figure.painter, HEAD + 0.2
    hairline = 0.8 if body.hair_style == "shaved" else _HAIRLINE
    widest = 58 if body.hair_style in _FRAMES_FACE else 74

    def areas(
        heights: tuple, halves: tuple, colour: np.ndarray, level: float, middles: tuple = (90,)
    ) -> None:
        """Add areas of the face between ``heights``, ``halves`` degrees to either side of ``middles``."""
        angles = [middle + sign * half for middle in middles for half in halves for sign in (-1, 1)]
        grid_angles, grid_heights = (grid.ravel() for grid in np.meshgrid(angles, heights, indexing="ij"))
        rings = np.interp(grid_heights, _LEVELS, np.arange(len(_LEVELS)))
        points, normals = on_rings(skull, rings, grid_angles)
        shape = (len(skull), len(middles), -1, 3)
        patches = points.reshape(shape), normals.reshape(shape)
        painter.patches(*patches, colour, Part.FACE, layer + level, 0.02)

    skin, hair = np.asarray(body.skin), np.asarray(body.hair)
    areas((-1.0, -0.72, -0.35, 0.1, hairline), (0, 25, 50, widest), skin, 0.0)
    if body.beard:
        areas((-1.0, -0.72, -0.42), (0, 30, 62), 0.9 * hair, 0.01)
    if body.hair_style == "parted":
        areas((0.28, _HAIRLINE), (0, 20, 38), hair, 0.01, (68,))
    if body.moustache:
        areas((-0.48, -0.30), (30,), 0.9 * hair, 0.03)
    if body.glasses is not None:
        areas((-0.10, 0.20), (20,), np.asarray(body.glasses), 0.025, (63, 117))
        areas((-0.02, 0.14), (14,), 0.5 * skin + 90.0, 0.028, (63, 117))
    areas((0.0, 0.12), (9,), _EYES, 0.03, (63, 117))
    areas((0.21, 0.26), (13,), 0.4 * hair + 0.3 * skin, 0.03, (63, 117))
    areas((-0.60, -0.51), (17,), skin * np.array([0.68, 0.45, 0.45]), 0.02)
    profile = figure.view.facing(figure.skeleton.head_axes.forward)
    nose = [
        head_point(body, figure.skeleton, 0.93, 0, 0.08),
        head_point(body, figure.skeleton, 1.08, 0, -0.18),
    ]
    in_front = np.where(profile > -0.05, layer + 0.04, HEAD - 0.1)
    painter.limb(nose, [0.009, 0.013], tint(body.skin, 0.86), Part.FACE, in_front)


def _draw_ears(figure: Figure) -> None:
    body, skeleton = figure.body, figure.skeleton
    for outward in (1.0, -1.0):
        seen = figure.view.facing(outward * skeleton.head_axes.left) > 0.2
        upper = head_point(body, skeleton, -0.05, 1.02 * outward, 0.12)
        lower = head_point(body, skeleton, 0.0, outward, -0.14)
        layer = np.where(seen, HEAD + 0.3, HEAD - 0.2)
        figure.painter.limb([upper, lower], [0.016, 0.012], tint(body.skin, 0.8), Part.HEAD, layer)
