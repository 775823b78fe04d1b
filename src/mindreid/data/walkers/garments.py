"""Clothes of the trunk, skirts, and bags."""

from __future__ import annotations

import numpy as np

from mindreid.data.walkers.clothing import Garment
from mindreid.data.walkers.figure import BEHIND, HIPS, TRUNK, Figure, tint
from mindreid.data.walkers.painter import Part
from mindreid.data.walkers.trunk import CHEST, COLLAR, CROTCH, HIP_LINE, SHOULDERS, WAIST, on_rings

#: Metres of cloth around the trunk, and the hem's height along the spine, by type of top.
_TOPS = {
    "t-shirt": (0.014, -0.10),
    "shirt": (0.014, -0.16),
    "hoodie": (0.030, -0.06),
    "jacket": (0.030, -0.14),
    "coat": (0.038, -0.14),
}
#: Hem (0 hips, 1 knees, 2 ankles) and width of what hangs around both legs.
_SKIRTS = {"skirt": (0.92, 0.055), "long skirt": (1.72, 0.070)}
_COAT_HEM = 0.95


def draw_bottom(figure: Figure) -> None:
    """Add the seat of trousers and shorts, or the skirt."""
    bottom = figure.outfit.bottom
    seat = [figure.trunk.ring(height, 0.008) for height in (CROTCH, HIP_LINE, 0.16)]
    if bottom.kind in _SKIRTS:
        hem, flare = _SKIRTS[bottom.kind]
        stops = np.linspace(hem, 0.12, 5)
        hanging = [figure.trunk.skirt_ring(stop, 0.012 + flare * stop / hem) for stop in stops]
        _skin(figure, bottom, np.stack([*hanging, *seat[1:]], axis=1), HIPS)
        return
    _skin(figure, bottom, np.stack(seat, axis=1), HIPS)


def draw_top(figure: Figure) -> None:
    """Add what covers the trunk."""
    top = figure.outfit.top
    ease, hem = _TOPS[top.kind]
    heights = [hem, HIP_LINE + 0.05, WAIST, CHEST, SHOULDERS, COLLAR]
    # Cloth hangs from the chest and does not follow the waist all the way in.
    slack = [ease, ease, ease + 0.35 * ease, ease, 0.6 * ease, 0.4 * ease]
    rings = [figure.trunk.ring(height, extra) for height, extra in zip(heights, slack)]
    if top.kind == "coat":
        stops = np.linspace(_COAT_HEM, 0.2, 4)
        rings = [figure.trunk.skirt_ring(stop, ease + 0.03 * stop) for stop in stops] + rings[1:]
    stacked = np.stack(rings, axis=1)
    _skin(figure, top, stacked, TRUNK)
    _draw_front(figure, stacked)


def _skin(figure: Figure, garment: Garment, rings: np.ndarray, layer: float) -> None:
    """Add a garment over ``rings`` (``[F, K, M, 3]``, from below) with its pattern."""
    plain, accent = tint(garment.colour, 1), tint(garment.accent, 1)
    gaps = rings.shape[1] - 1
    if garment.pattern in ("stripes", "checks"):
        levels = np.linspace(0, gaps, 4 * gaps + 1)
        fine = np.stack([_between(rings, level) for level in levels], axis=1)
        band = accent if garment.pattern == "stripes" else 0.6 * plain + 0.4 * accent
        figure.painter.loft(fine, [plain, plain, band, band], Part.TRUNK, layer)
    else:
        figure.painter.loft(rings, [plain], Part.TRUNK, layer)
    if garment.pattern in ("pinstripes", "checks"):
        step, half = (24, 3) if garment.pattern == "pinstripes" else (40, 8)
        for angle in range(10, 370, step):
            _strip(figure, rings, (0, gaps), (angle - half, angle + half), accent, layer + 0.1)
    if garment.pattern == "print":
        _strip(figure, rings, (gaps - 2.8, gaps - 1.4), (58, 74, 90, 106, 122), accent, layer + 0.1)
        _strip(figure, rings, (gaps - 2.4, gaps - 1.8), (78, 90, 102), tint(garment.colour, 1), layer + 0.15)


def _draw_front(figure: Figure, rings: np.ndarray) -> None:
    top, collar = figure.outfit.top, rings.shape[1] - 1.0
    painter_layer = TRUNK + 0.3
    neckline = {"t-shirt": 0.5, "shirt": 0.62, "hoodie": 0.35, "jacket": 0.3, "coat": 0.6}[top.kind]
    if top.kind in ("jacket", "coat"):
        inner = (collar - 2.2 if top.kind == "coat" else 0.0, collar)
        _strip(figure, rings, inner, (80, 90, 100), tint(top.accent, 1), painter_layer)
        _strip(figure, rings, (0, collar - 0.6), (88, 92), tint(top.colour, 0.45), painter_layer + 0.05)
    if top.kind == "shirt":
        _strip(figure, rings, (0, collar), (87, 93), tint(top.colour, 0.6), painter_layer)
    if top.kind == "hoodie":
        _strip(figure, rings, (0.5, 1.6), (62, 90, 118), tint(top.colour, 0.78), painter_layer)
        _draw_hood(figure)
    skin = tint(figure.body.skin, 0.9)
    _strip(figure, rings, (collar - neckline, collar), (90,), skin, painter_layer + 0.1, Part.NECK)
    _wedge(figure, rings, collar, neckline, skin, painter_layer + 0.1)


def _wedge(
    figure: Figure, rings: np.ndarray, collar: float, depth: float, colour: np.ndarray, layer: float
) -> None:
    """Add a neckline: a triangle from the collar's sides down the front."""
    levels = np.array([collar, collar, collar, collar - depth])
    points, normals = on_rings(rings, levels, np.array([25, 90, 155, 90]))
    figure.painter.patch(points, normals, colour, Part.NECK, layer, -0.1)


def _draw_hood(figure: Figure) -> None:
    axes, neck = figure.skeleton.chest_axes, figure.skeleton.neck
    width = figure.body.shoulder_half * 0.62
    points = [
        neck + back * axes.forward + sideways * width * axes.left + rise * axes.up
        for back, sideways, rise in (
            (-0.02, 1, 0.05), (-0.02, -1, 0.05), (-0.10, 0.8, 0.06), (-0.10, -0.8, 0.06),
            (-0.13, 0.5, -0.06), (-0.13, -0.5, -0.06), (-0.09, 0, -0.13),
        )
    ]  # fmt: skip
    figure.painter.blob(
        np.stack(points, axis=1), tint(figure.outfit.top.colour, 0.82), Part.TRUNK, figure.back_layer
    )


def draw_bag(figure: Figure) -> None:
    """Add the bag, if there is one."""
    kind = figure.outfit.bag.kind
    if kind == "backpack":
        _draw_backpack(figure)
    elif kind == "shoulder bag":
        _draw_shoulder_bag(figure)
    elif kind == "handbag":
        _draw_handbag(figure)


def _draw_backpack(figure: Figure) -> None:
    bag, trunk, axes = figure.outfit.bag, figure.trunk, figure.skeleton.chest_axes
    ease = _TOPS[figure.outfit.top.kind][0]
    back = trunk.half_depth(CHEST, ease)
    middle = trunk.centre(0.62) - (back + 0.075) * axes.forward
    _box(figure, middle, (0.085, 0.145, 0.22), tint(bag.colour, 1), figure.back_layer + 0.2)
    pocket = middle - 0.02 * axes.forward - 0.07 * axes.up
    _box(figure, pocket, (0.085, 0.11, 0.10), tint(bag.colour, 0.8), figure.back_layer + 0.25)
    heights = (0.42, WAIST + 0.15, CHEST, SHOULDERS, COLLAR - 0.03)
    rings = np.stack([trunk.ring(height, ease + 0.008) for height in heights], axis=1)
    for angle in (54, 126):
        _strip(
            figure,
            rings,
            (0, 2.0, 4.0),
            (angle - 7, angle + 7),
            tint(bag.colour, 0.75),
            TRUNK + 0.5,
            Part.BAG,
        )


def _draw_shoulder_bag(figure: Figure) -> None:
    bag, trunk, axes = figure.outfit.bag, figure.trunk, figure.skeleton.pelvis_axes
    outward = 1 - 2 * figure.outfit.bag_side
    ease = _TOPS[figure.outfit.top.kind][0] + 0.01
    side = 0 if outward == 1 else 180
    heights = np.array([-0.1, WAIST, CHEST, SHOULDERS, COLLAR - 0.05])
    rings = np.stack([trunk.ring(height, ease) for height in heights], axis=1)
    for front in (1, -1):
        # From the bag's hip over the chest (or the back) to the opposite shoulder.
        along = np.array([side, 90 * front + 25 * outward * front, 90 * front - 38 * outward * front])
        levels = np.array([0.5, 2.0, 3.75])
        points, normals = on_rings(
            rings, np.concatenate([levels, levels + 0.22]), np.concatenate([along, along])
        )
        figure.painter.patch(points, normals, tint(bag.colour, 0.7), Part.BAG, TRUNK + 0.5)
    middle = trunk.centre(-0.12) + outward * (trunk.half_width(HIP_LINE, ease) + 0.05) * axes.left
    layer = np.where(figure.arm_layer[figure.outfit.bag_side] <= 1, BEHIND + 0.5, TRUNK + 0.7)
    _box(figure, middle, (0.14, 0.045, 0.11), tint(bag.colour, 1), layer)


def _draw_handbag(figure: Figure) -> None:
    side = figure.outfit.bag_side
    hand = figure.skeleton.hand[side]
    shade = figure.arm_shade[side]
    layer = figure.arm_layer[side] - 0.2
    colour = tint(figure.outfit.bag.colour, 1) * shade
    grip = hand - np.array([0, 0, 0.02])
    lower = hand - np.array([0, 0, 0.15])
    figure.painter.limb([grip, lower], [0.008, 0.03], 0.7 * colour, Part.BAG, layer)
    _box(figure, hand - np.array([0, 0, 0.24]), (0.15, 0.05, 0.11), colour, layer)


def _box(figure: Figure, middle: np.ndarray, half: tuple, colour: np.ndarray, layer: np.ndarray) -> None:
    """Add a box with rounded edges; ``half`` is its extent forward, left and up."""
    axes = figure.skeleton.pelvis_axes
    corners = [
        middle + a * half[0] * axes.forward + b * half[1] * axes.left + c * half[2] * axes.up
        for a, b, c in _ROUNDED_CORNERS
    ]
    figure.painter.blob(np.stack(corners, axis=1), colour, Part.BAG, layer)


_ROUNDED_CORNERS = [
    tuple(sign * (0.7 if axis == cut else 1.0) for axis, sign in enumerate(signs))
    for signs in [(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    for cut in range(3)
]


def _strip(
    figure: Figure,
    rings: np.ndarray,
    levels: tuple,
    angles: tuple,
    colour: np.ndarray,
    layer: float,
    part: Part = Part.TRUNK,
) -> None:
    """Add a piece of the surface between ``levels`` (ring numbers) and ``angles`` (degrees)."""
    ends = np.arange(levels[0], levels[-1] + 1e-6, max((levels[-1] - levels[0]) / 4, 1e-3))
    grid_levels, grid_angles = (grid.ravel() for grid in np.meshgrid(ends, angles))
    points, normals = on_rings(rings, grid_levels, grid_angles)
    figure.painter.patch(points, normals, colour, part, layer)


def _between(rings: np.ndarray, level: float) -> np.ndarray:
    below = min(int(level), rings.shape[1] - 2)
    return rings[:, below] + (level - below) * (rings[:, below + 1] - rings[:, below])
