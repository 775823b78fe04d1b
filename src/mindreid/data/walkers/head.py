"""Head: skull, hair, face, ears and neck."""

from __future__ import annotations

import numpy as np

from mindreid.data.walkers.figure import BACK, BEHIND, HEAD, NECK, Figure, tint
from mindreid.data.walkers.painter import CIRCLE, Part
from mindreid.data.walkers.trunk import COLLAR, on_rings

# Cross-sections of a head: height (-1 chin, 1 crown), half width, half depth and forward offset,
# in units of the head's half height, half width and half depth.
_LEVELS = np.array([-1.0, -0.72, -0.35, 0.1, 0.5, 0.8, 1.0])
_WIDTHS = np.array([0.38, 0.72, 0.92, 1.0, 0.95, 0.70, 0.25])
_DEPTHS = np.array([0.35, 0.68, 0.85, 1.0, 0.97, 0.72, 0.25])
_OFFSETS = np.array([0.45, 0.22, 0.08, 0.0, -0.03, -0.05, -0.05])

#: How far down the hair reaches at the back, as a height of the head.
_HAIR_ENDS = {
    "short": -0.15, "parted": -0.15, "afro": -0.25, "bob": -1.15, "long": -0.9, "ponytail": -0.25, "bun": -0.25,
}  # fmt: skip
_HAIRLINE = 0.52


def draw_head(figure: Figure) -> None:
    """Add neck, head, hair and face."""
    body, skeleton = figure.body, figure.skeleton
    base = figure.trunk.centre(COLLAR - 0.08)
    top = skeleton.head - 0.45 * body.head[0] * skeleton.head_axes.up
    radius = 0.68 * body.head[1]
    figure.painter.limb([base, top], [1.05 * radius, 0.95 * radius], tint(body.skin, 0.86), Part.NECK, NECK)
    skull = head_rings(figure)
    figure.painter.blob(skull, tint(body.skin, 0.93), Part.HEAD, HEAD)
    _draw_hair(figure)
    _draw_face(figure, skull)
    if body.hair_style not in ("bob", "long", "afro"):
        _draw_ears(figure)


def head_rings(figure: Figure, volume: float = 0.0, lowest: float = -1.0) -> np.ndarray:
    """Cross-sections ``[F, 7, 12, 3]`` of the head above ``lowest``, ``volume`` metres larger all round."""
    body, skeleton = figure.body, figure.skeleton
    half_height, half_width, half_depth = body.head
    rings = []
    for level in lowest + (1 - lowest) * (_LEVELS + 1) / 2:
        width = np.interp(level, _LEVELS, _WIDTHS) * half_width + volume
        depth = np.interp(level, _LEVELS, _DEPTHS) * half_depth + volume
        offset = np.interp(level, _LEVELS, _OFFSETS) * half_depth
        rise = level * half_height + volume * max(level, 0.0)
        centre = skeleton.head + rise * skeleton.head_axes.up + offset * skeleton.head_axes.forward
        left = width * skeleton.head_axes.left
        forward = depth * skeleton.head_axes.forward
        rings.append(
            centre[:, None] + CIRCLE[None, :, :1] * left[:, None] + CIRCLE[None, :, 1:] * forward[:, None]
        )
    return np.stack(rings, axis=1)


def head_point(figure: Figure, forward: float, left: float, up: float) -> np.ndarray:
    """Point ``[F, 3]`` relative to the head's centre, in units of its half depth, width and height."""
    axes, (half_height, half_width, half_depth) = figure.skeleton.head_axes, figure.body.head
    return (
        figure.skeleton.head
        + forward * half_depth * axes.forward
        + left * half_width * axes.left
        + up * half_height * axes.up
    )


def towards_camera(figure: Figure, direction: np.ndarray) -> np.ndarray:
    """Cosine ``[F]`` between ``direction`` (``[F, 3]``) and the direction of the camera."""
    return np.einsum("fi,fi->f", direction, figure.view.towards_camera)


def _draw_hair(figure: Figure) -> None:
    body = figure.body
    if body.hair_style == "shaved":
        cap = head_rings(figure, 0.002, 0.35)
        figure.painter.blob(cap, 0.75 * tint(body.skin, 0.9) + 0.25 * np.asarray(body.hair), Part.HEAD, HEAD)
        return
    shell = head_rings(figure, body.hair_volume, _HAIR_ENDS[body.hair_style])
    figure.painter.blob(shell, body.hair, Part.HEAD, HEAD)
    if body.hair_style == "long":
        _draw_long_hair(figure)
    elif body.hair_style == "ponytail":
        tail = [
            head_point(figure, -1.0, 0, 0.35),
            head_point(figure, -1.45, 0, -0.1),
            head_point(figure, -1.3, 0, -1.7),
        ]
        figure.painter.limb(tail, [0.026, 0.034, 0.012], tint(body.hair, 0.88), Part.HEAD, _at_back(figure))
    elif body.hair_style == "bun":
        knot = [head_point(figure, -0.85, 0, 0.75), head_point(figure, -0.9, 0, 0.9)]
        figure.painter.limb(knot, [0.045, 0.045], tint(body.hair, 0.85), Part.HEAD, _at_back(figure))


def _draw_long_hair(figure: Figure) -> None:
    axes, neck = figure.skeleton.chest_axes, figure.skeleton.neck
    behind = neck - 0.075 * axes.forward
    ends = [behind + sideways * axes.left + rise * axes.up for sideways, rise in
            ((-0.10, -0.02), (0.10, -0.02), (-0.075, -0.19), (0.075, -0.19))]  # fmt: skip
    roots = head_rings(figure, figure.body.hair_volume, -0.6)[:, 0]
    # Only the back half of the lowest ring: the front half would hide the chin in profile.
    points = np.concatenate([roots[:, 6:], np.stack(ends, axis=1)], axis=1)
    figure.painter.blob(points, tint(figure.body.hair, 0.92), Part.HEAD, _at_back(figure))


def _at_back(figure: Figure) -> np.ndarray:
    # A little above a backpack or hood, which lies at the same layer.
    facing = towards_camera(figure, figure.skeleton.head_axes.forward) > 0
    return np.where(facing, BEHIND + 0.4, BACK + 0.4)


def _draw_face(figure: Figure, skull: np.ndarray) -> None:
    body, painter = figure.body, figure.painter
    layer = HEAD + 0.2
    hairline = 0.8 if body.hair_style == "shaved" else _HAIRLINE

    def area(heights: tuple, angles: tuple, colour: np.ndarray, grazing: float, lift: float = 0.0) -> None:
        grid_heights, grid_angles = (grid.ravel() for grid in np.meshgrid(heights, angles))
        levels = np.interp(grid_heights, _LEVELS, np.arange(len(_LEVELS)))
        points, normals = on_rings(skull, levels, grid_angles)
        painter.patch(points, normals, colour, Part.FACE, layer + lift, grazing)

    area((-1.0, -0.72, -0.35, 0.1, hairline), (12, 35, 60, 90, 120, 145, 168), np.asarray(body.skin), -0.02)
    if body.beard:
        area((-1.0, -0.72, -0.4), (20, 50, 90, 130, 160), tint(body.hair, 0.9), 0.0, 0.02)
    if body.hair_style == "parted":
        area((0.28, _HAIRLINE), (30, 60, 90, 105), np.asarray(body.hair), 0.0, 0.02)
    for angle in (64, 116):
        area((0.0, 0.10), (angle - 9, angle + 9), np.array([46, 34, 32]), 0.22, 0.04)
        area((0.19, 0.24), (angle - 13, angle + 13), tint(body.hair, 0.7), 0.22, 0.04)
    area((-0.58, -0.50), (76, 90, 104), tint(body.skin, 0.62) * np.array([1.1, 0.8, 0.8]), 0.2, 0.04)
    profile = towards_camera(figure, figure.skeleton.head_axes.forward)
    nose = [head_point(figure, 0.93, 0, 0.08), head_point(figure, 1.10, 0, -0.18)]
    painter.limb(
        nose,
        [0.010, 0.014],
        tint(body.skin, 0.82),
        Part.FACE,
        np.where(profile > -0.05, layer + 0.06, HEAD - 0.1),
    )


def _draw_ears(figure: Figure) -> None:
    for outward in (1, -1):
        seen = towards_camera(figure, outward * figure.skeleton.head_axes.left)
        ear = [head_point(figure, -0.05, 1.02 * outward, 0.12), head_point(figure, 0.0, outward, -0.14)]
        figure.painter.limb(
            ear,
            [0.016, 0.012],
            tint(figure.body.skin, 0.8),
            Part.HEAD,
            np.where(seen > 0.2, HEAD + 0.3, HEAD - 0.2),
        )
