"""Procedural surroundings of a camera: what stands behind the walkers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from mindreid.walkers.scene.camera import draw_camera
from mindreid.walkers.seeding import generator

#: Width of a camera's scene in crop widths.
PANORAMA = 6

Colour = tuple[float, float, float]


@lru_cache(maxsize=128)
def draw_scene(seed: int, camid: int, height: int, width: int) -> np.ndarray:
    """Draw what a camera sees without persons.

    Parameters
    ----------
    seed, camid : int
        Which camera.
    height, width : int
        Size of a crop in pixels.

    Returns
    -------
    ndarray
        uint8 RGB ``[height, 6 * width, 3]``.
    """
    rng = generator(seed, "scene", camid)
    pitch = draw_camera(seed, camid).pitch
    # The steeper the camera looks down, the more ground is behind a person.
    horizon = int(height * np.clip(0.88 - 0.026 * pitch + rng.uniform(-0.08, 0.05), 0.15, 0.86))
    scene = np.empty((height, PANORAMA * width, 3), dtype=np.uint8)
    # Turns through the kinds, so that few cameras already show different places.
    kind = (camid + int(generator(seed, "first scene").integers(4))) % 4
    _DISTANCES[kind](scene, rng, horizon, width)
    _draw_ground(scene, rng, horizon, width, lawn=kind == 2)
    blurred = cv2.GaussianBlur(scene, (0, 0), float(rng.uniform(0.6, 1.6)) * height / 256)
    return _uneven_light(np.asarray(blurred), rng)


def muted(rng: np.random.Generator, low: float, high: float) -> Colour:
    """Draw an RGB colour of little saturation."""
    red, green, blue = (rng.uniform(low, high) * rng.uniform(0.9, 1.1, 3)).clip(0, 255).tolist()
    return red, green, blue


def _darker(colour: Colour, factor: float) -> Colour:
    red, green, blue = (factor * value for value in colour)
    return red, green, blue


def _box(scene: np.ndarray, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
    cv2.rectangle(scene, (int(left), int(top)), (int(right), int(bottom)), colour, -1)


def _draw_facade(scene: np.ndarray, rng: np.random.Generator, horizon: int, width: int) -> None:
    """Fill the rows above ``horizon`` with a wall, its windows and doors."""
    wall = muted(rng, 95, 205)
    scene[:horizon] = wall
    course = max(scene.shape[0] // 26, 4)
    for row in range(0, horizon, course):
        cv2.line(scene, (0, row), (scene.shape[1], row), _darker(wall, 0.93), 1)
    frame, step = muted(rng, 50, 150), int(width * rng.uniform(0.55, 1.0))
    sill, lintel = horizon * rng.uniform(0.55, 0.75), horizon * rng.uniform(0.05, 0.3)
    for left in range(0, scene.shape[1], step):
        door = rng.random() < 0.25
        right, bottom = left + 0.55 * step, horizon if door else sill
        _box(scene, left, lintel, right, bottom, frame)
        _box(scene, left + 4, lintel + 4, right - 4, bottom - 4, muted(rng, 60, 130 if door else 220))
        if not door:
            _box(scene, left + 0.26 * step, lintel, left + 0.29 * step, bottom, frame)
    _box(scene, 0, horizon - 5, scene.shape[1], horizon, _darker(wall, 0.7))


def _draw_street(scene: np.ndarray, rng: np.random.Generator, horizon: int, width: int) -> None:
    """Fill the rows above ``horizon`` with houses, and parked cars before them."""
    scene[:horizon] = muted(rng, 170, 225)
    left, span, height = 0, scene.shape[1], scene.shape[0]
    while left < span:
        right = left + int(width * rng.uniform(0.5, 1.2))
        house, roof = muted(rng, 80, 190), horizon * rng.uniform(-0.2, 0.35)
        _box(scene, left, roof, right, horizon, house)
        pane, step = muted(rng, 55, 120), max(width // 5, 6)
        for column in range(left + step // 2, right - step // 2, step):
            for row in range(int(roof) + step // 2, int(0.8 * horizon), int(1.5 * step)):
                _box(scene, column, row, column + 0.5 * step, row + 0.8 * step, pane)
        left = right
    for _ in range(6):
        start, length, tall = rng.uniform(0, span), width * rng.uniform(0.8, 1.2), 0.11 * height
        paint, base = muted(rng, 40, 210), horizon + 0.02 * height
        _box(scene, start, base - 0.55 * tall, start + length, base, paint)
        _box(
            scene,
            start + 0.2 * length,
            base - tall,
            start + 0.8 * length,
            base - 0.5 * tall,
            _darker(paint, 0.7),
        )
        for wheel in (0.2, 0.8):
            cv2.circle(scene, (int(start + wheel * length), int(base)), int(0.22 * tall), (30, 30, 30), -1)


def _draw_park(scene: np.ndarray, rng: np.random.Generator, horizon: int, width: int) -> None:
    """Fill the rows above ``horizon`` with trees and a hedge."""
    scene[:horizon] = muted(rng, 150, 215)
    span, height = scene.shape[1], scene.shape[0]
    for _ in range(26):
        centre, trunk = int(rng.integers(span)), rng.uniform(0.03, 0.08) * width
        _box(scene, centre - trunk, 0, centre + trunk, horizon, (88, 70, 54))
        for _ in range(5):
            leaf = rng.uniform(40, 105) * np.array([0.8, 1.1, 0.6])
            middle = centre + int(rng.normal(0, 0.2 * width)), int(horizon * rng.uniform(-0.2, 0.5))
            size = int(width * rng.uniform(0.12, 0.28)), int(height * rng.uniform(0.04, 0.1))
            cv2.ellipse(scene, middle, size, 0, 0, 360, leaf.tolist(), -1)
    hedge = (rng.uniform(55, 85) * np.array([0.8, 1.15, 0.65])).tolist()
    for left in range(0, span, max(width // 6, 4)):
        middle = left, horizon - int(height * rng.uniform(0.01, 0.04))
        cv2.ellipse(scene, middle, (width // 6, height // 22), 0, 0, 360, hedge, -1)


def _draw_hall(scene: np.ndarray, rng: np.random.Generator, horizon: int, width: int) -> None:
    """Fill the rows above ``horizon`` with panels, posters and pillars."""
    wall = muted(rng, 120, 215)
    scene[:horizon] = wall
    _box(scene, 0, 0.6 * horizon, scene.shape[1], horizon, _darker(wall, rng.uniform(0.55, 0.85)))
    for left in range(0, scene.shape[1], int(width * rng.uniform(0.6, 1.0))):
        poster = muted(rng, 60, 230)
        _box(scene, left, 0.12 * horizon, left + 0.35 * width, 0.5 * horizon, poster)
        _box(scene, left + 6, 0.2 * horizon, left + 0.3 * width, 0.3 * horizon, _darker(poster, 0.6))
    pillar = muted(rng, 120, 200)
    for left in range(int(rng.integers(width)), scene.shape[1], int(width * rng.uniform(1.3, 2.2))):
        _box(scene, left, 0, left + 0.16 * width, horizon + 4, pillar)
        _box(scene, left + 0.12 * width, 0, left + 0.16 * width, horizon + 4, _darker(pillar, 0.75))


_DISTANCES: tuple[Callable[[np.ndarray, np.random.Generator, int, int], None], ...] = (
    _draw_facade,
    _draw_street,
    _draw_park,
    _draw_hall,
)


def _draw_ground(
    scene: np.ndarray, rng: np.random.Generator, horizon: int, width: int, *, lawn: bool
) -> None:
    """Fill the rows below ``horizon`` with grass, or with slabs in perspective."""
    height, span = scene.shape[:2]
    base: Colour = (96.0, 118.0, 66.0) if lawn else muted(rng, 95, 190)
    scene[horizon:] = base
    if lawn:
        for _ in range(400):
            centre = int(rng.integers(span)), int(rng.integers(horizon, height + 1))
            size = int(rng.integers(2, 16)), int(rng.integers(1, 4))
            cv2.ellipse(scene, centre, size, 0, 0, 360, _darker(base, rng.uniform(0.8, 1.15)), -1)
        return
    joint = _darker(base, rng.uniform(0.74, 0.9))
    row, gap = float(horizon), 0.018 * height
    while row < height:
        cv2.line(scene, (0, int(row)), (span, int(row)), joint, 1)
        row, gap = row + gap, gap * 1.35
    vanishing = span // 2, horizon - int(0.8 * height)
    for foot in range(-2 * span, 3 * span, int(width * rng.uniform(0.4, 0.9))):
        slope = (foot - vanishing[0]) / (height - vanishing[1])
        start = int(vanishing[0] + slope * (horizon - vanishing[1])), horizon
        cv2.line(scene, start, (foot, height), joint, 1)


def _uneven_light(scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Multiply by a smooth field of light and shade, and by fine grain."""
    coarse = rng.uniform(0.78, 1.18, (5, 14)).astype(np.float32)
    field = cv2.resize(coarse, (scene.shape[1], scene.shape[0]), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(rng.normal(1, 0.1, field.shape).astype(np.float32), (0, 0), 1.2)
    return np.clip(scene * (field * grain)[..., None], 0, 255).astype(np.uint8)
