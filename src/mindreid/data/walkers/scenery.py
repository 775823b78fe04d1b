"""Procedural surroundings: what stands behind the walkers, and what passes in front of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Optional

import cv2
import numpy as np

from mindreid.data.walkers.camera import draw_camera
from mindreid.data.walkers.seeding import generator

#: Width of a camera's scene in crop widths.
_PANORAMA = 6
_KINDS = ("wall", "street", "park", "hall")


@lru_cache(maxsize=128)
def draw_scene(seed: int, camid: int, height: int, width: int) -> np.ndarray:
    """Draw what camera ``camid`` sees without persons, uint8 RGB ``[height, 6 * width, 3]``."""
    rng = generator(seed, "scene", camid)
    pitch = draw_camera(seed, camid).pitch
    span = _PANORAMA * width
    # The steeper the camera looks down, the more ground is behind a person.
    horizon = int(height * np.clip(0.86 - 0.030 * pitch + rng.uniform(-0.1, 0.06), 0.08, 0.86))
    scene = np.empty((height, span, 3), dtype=np.uint8)
    wall = _muted(rng, 70, 215)
    scene[:horizon] = wall
    kind = _KINDS[rng.integers(len(_KINDS))]
    _draw_distance(scene, rng, kind, horizon, width, wall)
    scene[horizon:] = _muted(rng, 80, 190) if kind != "park" else (96, 118, 66)
    _draw_ground(scene, rng, kind, horizon, width)
    scene = cv2.GaussianBlur(scene, (0, 0), float(rng.uniform(0.6, 2.0)) * height / 256)
    return _uneven_light(scene, rng)


def _draw_distance(
    scene: np.ndarray, rng: np.random.Generator, kind: str, horizon: int, width: int, wall: tuple
) -> None:
    """Fill the rows above ``horizon``."""
    if kind in ("wall", "hall"):
        pitch = int(width * rng.uniform(0.35, 0.9))
        frame, pane = _muted(rng, 40, 150), _muted(rng, 50, 235)
        top, bottom = int(horizon * rng.uniform(0.0, 0.3)), int(horizon * rng.uniform(0.6, 1.0))
        for left in range(0, scene.shape[1], pitch):
            right = left + int(pitch * rng.uniform(0.4, 0.75))
            cv2.rectangle(scene, (left, top), (right, bottom), frame, -1)
            cv2.rectangle(scene, (left + 4, top + 4), (right - 4, max(bottom - 4, top + 5)), pane, -1)
        cv2.line(
            scene, (0, horizon - 3), (scene.shape[1], horizon - 3), tuple(0.6 * value for value in wall), 5
        )
        return
    for _ in range(60 if kind == "park" else 36):
        centre = int(rng.integers(scene.shape[1])), int(horizon * rng.uniform(0.0, 1.05))
        size = int(width * rng.uniform(0.08, 0.35)), int(max(horizon, 30) * rng.uniform(0.08, 0.30))
        green = np.array([0.75, 1.1, 0.6]) * rng.uniform(45, 120)
        colour = tuple(green.tolist()) if kind == "park" else _muted(rng, 35, 225)
        if kind == "park" or rng.random() < 0.4:
            cv2.ellipse(scene, centre, size, 0, 0, 360, colour, -1)
        else:
            corner = centre[0] + size[0], centre[1] + size[1]
            cv2.rectangle(scene, centre, corner, colour, -1)


def _draw_ground(scene: np.ndarray, rng: np.random.Generator, kind: str, horizon: int, width: int) -> None:
    """Draw joints between tiles, or spots, below ``horizon``."""
    height, span = scene.shape[:2]
    base = scene[horizon:].reshape(-1, 3)[0] if horizon < height else np.zeros(3)
    joint = tuple((base * rng.uniform(0.72, 0.9)).tolist())
    if kind == "park":
        for _ in range(160):
            centre = int(rng.integers(span)), int(rng.integers(horizon, height + 1))
            shade = tuple((base * rng.uniform(0.75, 1.2)).clip(0, 255).tolist())
            cv2.ellipse(
                scene, centre, (int(rng.integers(4, 30)), int(rng.integers(2, 7))), 0, 0, 360, shade, -1
            )
        return
    row, gap = float(horizon), 4.0
    while row < height:
        cv2.line(scene, (0, int(row)), (span, int(row)), joint, 1)
        row, gap = row + gap, gap * 1.35
    vanishing = int(rng.integers(span)), horizon - int(0.8 * height)
    for foot in range(-span, 2 * span, int(width * rng.uniform(0.4, 0.9))):
        slope = (foot - vanishing[0]) / (height - vanishing[1])
        start = int(vanishing[0] + slope * (horizon - vanishing[1])), horizon
        cv2.line(scene, start, (foot, height), joint, 1)


def _uneven_light(scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Multiply by a smooth field of light and shade."""
    coarse = rng.uniform(0.72, 1.22, (5, 14)).astype(np.float32)
    field = cv2.resize(coarse, (scene.shape[1], scene.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.clip(scene * field[..., None], 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Obstacle:
    """Something between camera and person.

    Attributes
    ----------
    left, right, top : float
        Its edges as fractions of the crop in the first frame; it reaches down to the ground.
    colour : tuple of float
        RGB.
    """

    left: float
    right: float
    top: float
    colour: tuple[float, float, float]

    def cover(self, image: np.ndarray, parts: np.ndarray, shift: float) -> None:
        """Draw it in place, ``shift`` crop widths to the right, and clear ``parts`` beneath it."""
        height, width = parts.shape
        left, right = (round((edge + shift) * width) for edge in (self.left, self.right))
        top, left = round(self.top * height), max(left, 0)
        if right <= left:
            return
        parts[top:, left:right] = 0
        image[top:, left:right] = self.colour
        image[top:, left : left + 2] = tuple(0.75 * value for value in self.colour)
        image[top : top + 3, left:right] = tuple(min(1.2 * value, 255) for value in self.colour)


def draw_obstacle(rng: np.random.Generator, probability: float) -> Optional[Obstacle]:
    """Draw a pole, a low block or a wall's edge, or nothing with probability ``1 - probability``."""
    if rng.random() >= probability:
        return None
    kind, colour = rng.integers(3), _muted(rng, 40, 200)
    if kind == 0:
        left = rng.uniform(0.15, 0.75)
        return Obstacle(left, left + rng.uniform(0.07, 0.16), 0.0, colour)
    if kind == 1:
        return Obstacle(-2.0, 3.0, rng.uniform(0.60, 0.86), colour)
    edge = rng.uniform(0.22, 0.40)
    return Obstacle(-2.0, edge, 0.0, colour) if rng.random() < 0.5 else Obstacle(1 - edge, 3.0, 0.0, colour)


def _muted(rng: np.random.Generator, low: float, high: float) -> tuple[float, float, float]:
    """Draw an RGB colour of little saturation."""
    red, green, blue = (rng.uniform(low, high) + rng.uniform(-22, 22, 3)).clip(0, 255).tolist()
    return red, green, blue
