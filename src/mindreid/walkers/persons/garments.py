"""Clothes of the torso, and skirts, with their patterns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mindreid.walkers.persons.clothing import Garment
from mindreid.walkers.persons.figure import HIPS, TRUNK, Figure, tint
from mindreid.walkers.persons.torso import CHEST, COLLAR, CROTCH, HIP_LINE, SHOULDERS, WAIST, on_rings
from mindreid.walkers.scene.painter import Part

#: Metres of cloth around the torso, and the hem's height along the spine, by type of top.
_TOPS = {
    "t-shirt": (0.014, -0.10),
    "shirt": (0.014, -0.16),
    "hoodie": (0.030, -0.06),
    "jacket": (0.030, -0.14),
    "coat": (0.038, -0.14),
}
#: Hem (0 hips, 1 knees, 2 ankles) and width of what hangs around both legs.
_SKIRTS = {"skirt": (0.92, 0.050), "long skirt": (1.72, 0.045)}
_COAT_HEM = 0.95
#: Depth of the neckline in rings, by type of top.
_NECKLINES = {"t-shirt": 0.55, "shirt": 0.7, "hoodie": 0.4, "jacket": 0.45, "coat": 0.7}


def top_ease(kind: str) -> float:
    """Metres of cloth that a top of ``kind`` adds around the chest."""
    return _TOPS[kind][0]


def draw_bottom(figure: Figure) -> None:
    """Add the seat of trousers and shorts, or the skirt."""
    bottom = figure.outfit.bottom
    seat = [figure.torso.ring(height, 0.008) for height in (CROTCH, HIP_LINE, 0.16)]
    if bottom.kind in _SKIRTS:
        hem, flare = _SKIRTS[bottom.kind]
        hanging = [
            figure.torso.skirt_ring(stop, 0.012 + flare * stop / hem) for stop in np.linspace(hem, 0.12, 5)
        ]
        seat = hanging + seat[1:]
    elif bottom.pattern == "pinstripes":
        # On trousers it is a stripe along the leg, which begins below the seat.
        bottom = replace(bottom, pattern="plain")
    _drape(figure, bottom, np.stack(seat, axis=1), HIPS)


def draw_top(figure: Figure) -> None:
    """Add what covers the torso."""
    top = figure.outfit.top
    ease, hem = _TOPS[top.kind]
    heights = [hem, HIP_LINE + 0.05, WAIST, CHEST, SHOULDERS, COLLAR]
    # Cloth hangs from the chest and does not follow the waist all the way in.
    slack = [ease, ease, 1.35 * ease, ease, 0.6 * ease, 0.4 * ease]
    rings = [figure.torso.ring(height, extra) for height, extra in zip(heights, slack)]
    if top.kind == "coat":
        stops = np.linspace(_COAT_HEM, 0.2, 4)
        rings = [figure.torso.skirt_ring(stop, ease + 0.03 * stop) for stop in stops] + rings[1:]
    stacked = np.stack(rings, axis=1)
    _drape(figure, top, stacked, TRUNK)
    _draw_front(figure, stacked)
    if top.kind == "hoodie":
        _draw_hood(figure)


def add_surface(
    figure: Figure,
    rings: np.ndarray,
    levels: Sequence[float],
    angles: Sequence[tuple[float, float]],
    colour: np.ndarray,
    layer: float,
    part: Part = Part.TRUNK,
) -> None:
    """Colour parts of the skin over ``rings``.

    Parameters
    ----------
    figure : Figure
        Whose painter takes the pieces.
    rings : ndarray
        ``[F, K, M, 3]``, metres, from below.
    levels : sequence of float
        Ring numbers between which the pieces lie, ascending.
    angles : sequence of pairs of float
        Sectors in degrees: 0 is the left side, 90 the front.
    colour, layer, part
        As in :meth:`mindreid.walkers.scene.painter.Painter.hull`.
    """
    corners = [
        corner
        for low, high in zip(levels[:-1], levels[1:])
        for start, end in angles
        for corner in ((low, start), (low, end), (high, end), (high, start))
    ]
    points, normals = on_rings(rings, *np.array(corners, dtype=float).T)
    shape = (len(rings), -1, 4, 3)
    figure.painter.patches(points.reshape(shape), normals.reshape(shape), colour, part, layer)


def _drape(figure: Figure, garment: Garment, rings: np.ndarray, layer: float) -> None:
    """Add a garment over ``rings`` (``[F, K, M, 3]``, from below) with its pattern."""
    colour, accent = tint(garment.colour, 1), tint(garment.accent, 1)
    gaps = rings.shape[1] - 1
    if garment.pattern in ("stripes", "checks"):
        levels = np.linspace(0, gaps, 4 * gaps + 1)
        fine = np.stack([_between(rings, level) for level in levels], axis=1)
        band = accent if garment.pattern == "stripes" else 0.6 * colour + 0.4 * accent
        figure.painter.loft(fine, [colour, colour, band, band], Part.TRUNK, layer)
    else:
        figure.painter.loft(rings, [colour], Part.TRUNK, layer)
    every = list(range(gaps + 1))
    if garment.pattern == "pinstripes":
        sectors = [(angle, angle + 7.0) for angle in range(5, 365, 24)]
        add_surface(figure, rings, every, sectors, accent, layer + 0.1)
    elif garment.pattern == "checks":
        sectors = [(angle, angle + 16.0) for angle in range(2, 362, 40)]
        add_surface(figure, rings, every, sectors, 0.3 * colour + 0.7 * accent, layer + 0.1)
    elif garment.pattern == "print":
        _draw_print(figure, rings, colour, accent, layer)


def _draw_print(
    figure: Figure, rings: np.ndarray, colour: np.ndarray, accent: np.ndarray, layer: float
) -> None:
    """Add a motif on the chest: a field with a hole."""
    chest = rings.shape[1] - 3.0
    sectors = [(55.0, 78.0), (78.0, 102.0), (102.0, 125.0)]
    add_surface(figure, rings, (chest - 0.7, chest, chest + 0.7), sectors, accent, layer + 0.1)
    add_surface(figure, rings, (chest - 0.3, chest + 0.3), sectors[1:2], colour, layer + 0.15)


def _draw_front(figure: Figure, rings: np.ndarray) -> None:
    """Add what tells front from back: buttons, zip, pocket, neckline."""
    top, collar, layer = figure.outfit.top, rings.shape[1] - 1, TRUNK + 0.3
    below_collar = [*range(collar), collar - 0.3]
    seam = tint(top.colour, 0.5)
    if top.kind in ("jacket", "coat"):
        opening = below_collar if top.kind == "jacket" else below_collar[-4:]
        add_surface(figure, rings, opening, [(78, 90), (90, 102)], tint(top.accent, 1), layer)
        add_surface(figure, rings, below_collar, [(88, 92)], seam, layer + 0.05)
    elif top.kind == "shirt":
        add_surface(figure, rings, below_collar, [(87, 93)], seam, layer)
    elif top.kind == "hoodie":
        add_surface(figure, rings, (0.4, 1.0, 1.7), [(60, 90), (90, 120)], tint(top.colour, 0.8), layer)
    levels = np.array([collar, collar, collar, collar - _NECKLINES[top.kind]])
    points, normals = on_rings(rings, levels, np.array([25, 90, 155, 90]))
    skin = tint(figure.body.skin, 0.9)
    figure.painter.patches(points[:, None], normals[:, None], skin, Part.NECK, layer + 0.1, 0.1)


def _draw_hood(figure: Figure) -> None:
    axes, neck = figure.skeleton.chest_axes, figure.skeleton.neck
    width = figure.body.shoulder_half * 0.62
    points = [
        neck + back * axes.forward + sideways * width * axes.left + rise * axes.up
        for back, sideways, rise in (
            (-0.02, 1, 0.05),
            (-0.02, -1, 0.05),
            (-0.10, 0.8, 0.06),
            (-0.10, -0.8, 0.06),
            (-0.13, 0.5, -0.06),
            (-0.13, -0.5, -0.06),
            (-0.09, 0, -0.13),
        )
    ]
    colour = tint(figure.outfit.top.colour, 0.82)
    figure.painter.blob(np.stack(points, axis=1), colour, Part.TRUNK, figure.back_layer)


def _between(rings: np.ndarray, level: float) -> np.ndarray:
    below = min(int(level), rings.shape[1] - 2)
    return rings[:, below] + (level - below) * (rings[:, below + 1] - rings[:, below])
