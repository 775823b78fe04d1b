"""What stands between camera and person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from mindreid.walkers.scene.scenery import muted


@dataclass(frozen=True)
class Obstacle:
    """A post, a low block or a wall's edge that reaches down to the ground.

    Attributes
    ----------
    left, right, top : float
        Its edges as fractions of the crop in the first frame.
    colour : tuple of float
        RGB.
    """

    left: float
    right: float
    top: float
    colour: tuple[float, float, float]

    def cover(self, image: np.ndarray, parts: np.ndarray, shift: float) -> None:
        """Draw it in place, ``shift`` crop widths to the right, and clear ``parts`` beneath it.

        Parameters
        ----------
        image : ndarray
            uint8 ``[H, W, 3]``.
        parts : ndarray
            uint8 ``[H, W]``.
        shift : float
            In crop widths.
        """
        height, width = parts.shape
        left, right = (round((edge + shift) * width) for edge in (self.left, self.right))
        top, left = round(self.top * height), max(left, 0)
        if right <= left or left >= width:
            return
        parts[top:, left:right] = 0
        falling = np.linspace(1.12, 0.78, height - top)[:, None, None]
        image[top:, left:right] = np.clip(falling * np.asarray(self.colour), 0, 255)
        rim = np.clip(1.2 * np.asarray(self.colour), 0, 255)
        image[top : top + max(height // 85, 1), left:right] = rim
        image[top:, left : left + max(width // 64, 1)] = 0.7 * rim


def draw_obstacle(rng: np.random.Generator, probability: float) -> Optional[Obstacle]:
    """Draw an obstacle, or nothing with probability ``1 - probability``."""
    if rng.random() >= probability:
        return None
    kind, colour = rng.integers(3), muted(rng, 50, 190)
    if kind == 0:
        left = rng.uniform(0.15, 0.75)
        return Obstacle(left, left + rng.uniform(0.07, 0.16), 0.0, colour)
    if kind == 1:
        return Obstacle(-9.0, 9.0, rng.uniform(0.60, 0.86), colour)
    edge = rng.uniform(0.22, 0.40)
    return Obstacle(-9.0, edge, 0.0, colour) if rng.random() < 0.5 else Obstacle(1 - edge, 9.0, 0.0, colour)
