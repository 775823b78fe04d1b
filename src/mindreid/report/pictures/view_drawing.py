"""A drawing of the view angle: generated persons on a circle, each facing as its angle says."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from mindreid.atomic import atomic_path
from mindreid.preprocess.views.view_angles import DEFAULT_BINS, ViewBins
from mindreid.walkers import Walk, render_walk

_CELL = (128, 64)
_SIZE, _RADIUS, _DIAL = 640, 235, 120
_COLOURS = ((86, 150, 214), (226, 140, 74), (120, 180, 110))
_TEXT = (50, 50, 50)


def draw_view_angle(path: Path, *, seed: int = 5) -> None:
    """Draw eight persons around a dial whose arcs are the usual bins; the camera is at the bottom.

    Parameters
    ----------
    path : Path
        The PNG to write.
    seed : int
        The world, as in :func:`mindreid.walkers.synthesize`.
    """
    bins = ViewBins.parse(DEFAULT_BINS)
    sheet = Image.new("RGB", (_SIZE, _SIZE + 40), "white")
    draw = ImageDraw.Draw(sheet)
    _draw_dial(draw, bins)
    for angle in range(-135, 181, 45):
        frame = render_walk(
            seed, Walk(pid=1), 1, size=(2 * _CELL[0], 2 * _CELL[1]), occlusion=0.0, azimuth=float(angle)
        )[0]
        crop = cv2.resize(frame.image, _CELL[::-1], interpolation=cv2.INTER_AREA)
        x, y = _place(angle, _RADIUS)
        sheet.paste(Image.fromarray(crop), (round(x - _CELL[1] / 2), round(y - _CELL[0] / 2)))
        name = bins.names[int(bins.numbers(np.array(angle)))]
        draw.text((x, y + _CELL[0] / 2 + 3), f"{angle}° {name}", fill=_TEXT, anchor="mt")
    draw.text((_SIZE / 2, _SIZE + 22), "camera", fill=_TEXT, anchor="mm")
    draw.polygon(
        [(_SIZE / 2, _SIZE - 2), (_SIZE / 2 - 12, _SIZE + 12), (_SIZE / 2 + 12, _SIZE + 12)], fill=_TEXT
    )
    with atomic_path(path) as temporary:
        sheet.quantize(256, kmeans=1, dither=Image.Dither.NONE).save(temporary, optimize=True)


def _draw_dial(draw: ImageDraw.ImageDraw, bins: ViewBins) -> None:
    centre = _SIZE / 2
    box = [centre - _DIAL, centre - _DIAL, centre + _DIAL, centre + _DIAL]
    for sector in bins.sectors:
        # Pillow's angles start at the right and grow clockwise, these at the bottom and grow to the right.
        colour = _COLOURS[bins.names.index(sector.name) % len(_COLOURS)]
        draw.pieslice(box, 90 - sector.start - sector.width, 90 - sector.start, fill=colour, outline="white")
    for angle in range(-135, 181, 45):
        draw.line([(centre, centre), _place(angle, 0.85 * _DIAL)], fill="white", width=3)
        tip = _place(angle, 0.97 * _DIAL)
        draw.polygon([tip, _place(angle - 5, 0.83 * _DIAL), _place(angle + 5, 0.83 * _DIAL)], fill="white")


def _place(angle: float, radius: float) -> tuple[float, float]:
    """Where a person facing ``angle`` away from the middle stands, seen from above the camera."""
    turn = np.radians(angle)
    return float(_SIZE / 2 + radius * np.sin(turn)), float(_SIZE / 2 + radius * np.cos(turn))
