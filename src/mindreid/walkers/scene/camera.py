"""Cameras: where they stand, how they project, and what their sensor does to an image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from mindreid.walkers.seeding import generator

#: Turn between the main walking directions that consecutive cameras see: spreads any number evenly.
_GOLDEN_ANGLE = 137.50776


@dataclass(frozen=True)
class Camera:
    """One fixed camera.

    Attributes
    ----------
    azimuth : float
        Facing angle in degrees of most persons that pass (0 towards the camera, +90 to the
        image's right, 180 away).
    pitch : float
        Downward tilt in degrees.
    distance : float
        Metres to the persons; short distances distort.
    gain : tuple of float
        Factor on red, green and blue.
    gamma : float
        Exponent of the brightness.
    light : tuple of float
        Where the light comes from in the image (right, down), as strength of the shading.
    resolution : float
        Height in pixels at which persons were recorded.
    blur, noise : float
        Standard deviations: of the blur in pixels, of the noise in grey levels.
    """

    azimuth: float
    pitch: float
    distance: float
    gain: tuple[float, float, float]
    gamma: float
    light: tuple[float, float]
    resolution: float
    blur: float
    noise: float

    @property
    def tone_curves(self) -> np.ndarray:
        """Look-up table of gain and gamma, uint8 ``[1, 256, 3]`` as ``cv2.LUT`` takes it."""
        grey = (np.arange(256)[:, None] / 255) ** self.gamma
        return np.clip(255 * grey * self.gain + 0.5, 0, 255).astype(np.uint8)[None]


@lru_cache(maxsize=256)
def draw_camera(seed: int, camid: int) -> Camera:
    """Draw camera ``camid`` (from 0) of the world ``seed``."""
    rng = generator(seed, "camera", camid)
    start = generator(seed, "camera direction").uniform(0, 360)
    brightness = rng.uniform(0.72, 1.18)
    cast = 1 + rng.uniform(-0.08, 0.08, 3)
    return Camera(
        azimuth=float(wrap_degrees(start + _GOLDEN_ANGLE * camid + rng.uniform(-15, 15))),
        pitch=rng.uniform(4, 24),
        distance=rng.uniform(4.5, 14),
        gain=tuple(brightness * cast),
        gamma=rng.uniform(0.8, 1.25),
        light=(rng.choice([-1, 1]) * rng.uniform(0.15, 0.5), rng.uniform(0.0, 0.25)),
        resolution=rng.uniform(90, 280),
        blur=rng.uniform(0.0, 0.9),
        noise=rng.uniform(1.0, 6.0),
    )


def wrap_degrees(angle: Any) -> Any:
    """Bring an angle in degrees, or an array of them, into (-180, 180]."""
    return 180.0 - (180.0 - angle) % 360.0


class View:
    """Perspective projection of one walk: body frame in metres to pixels.

    Parameters
    ----------
    azimuth : ndarray
        ``[F]``, facing angle in degrees.
    pitch : float
        Downward tilt of the camera in degrees.
    distance : float
        Distance of the camera in metres from the point ``centre_height`` above the ground.
    centre_height : float
        Height in metres that the camera looks at.

    Attributes
    ----------
    towards_camera : ndarray
        ``[F, 3]``, unit vectors in the body frame.
    """

    def __init__(self, azimuth: np.ndarray, pitch: float, distance: float, centre_height: float) -> None:
        angle, tilt = np.radians(azimuth), np.radians(pitch)
        sin, cos, zero = np.sin(angle), np.cos(angle), np.zeros_like(angle)
        self._distance, self._centre_height = distance, centre_height
        # Rows: image right, image down, away from the camera; columns: forward, left, up.
        away = np.stack([-cos, sin, zero], axis=-1)
        up = np.array([0.0, 0.0, 1.0])
        self._rotation = np.stack(
            [
                np.stack([sin, cos, zero], axis=-1),
                -(np.cos(tilt) * up + np.sin(tilt) * away),
                np.cos(tilt) * away - np.sin(tilt) * up,
            ],
            axis=1,
        )
        self.towards_camera = -self._rotation[:, 2]
        self._zoom = np.ones((len(azimuth), 1))
        self._shift = np.zeros((len(azimuth), 2))

    def place(self, zoom: np.ndarray, shift: np.ndarray) -> None:
        """Map the image plane into the crop: ``pixel = zoom * plane + shift``; ``[F]`` and ``[F, 2]``."""
        self._zoom, self._shift = zoom[:, None], shift

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project ``[F, ..., 3]`` in metres to ``[F, ..., 2]`` in pixels (x right, y down)."""
        return self.project_with_scale(points)[0]

    def project_with_scale(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return also the scale at every point in pixels per metre, ``[F, ...]``."""
        frames, shape = len(points), points.shape[:-1]
        flat = points.reshape(frames, -1, 3) - np.array([0.0, 0.0, self._centre_height])
        seen = flat @ self._rotation.transpose(0, 2, 1)
        scale = self._zoom * self._distance / (self._distance + seen[..., 2])
        pixels = seen[..., :2] * scale[..., None] + self._shift[:, None]
        return pixels.reshape(*shape, 2), scale.reshape(shape)

    def facing(self, directions: np.ndarray) -> np.ndarray:
        """Cosine ``[F, ...]`` between ``directions`` (``[F, ..., 3]``, unit length) and the line of sight."""
        return np.einsum("f...i,fi->f...", directions, self.towards_camera)

    def level_depth(self, points: np.ndarray) -> np.ndarray:
        """Like :meth:`depth`, but for a camera that does not look down, so that height plays no part."""
        away = self._rotation[:, 2] * np.array([1.0, 1.0, 0.0])
        away = away / np.linalg.norm(away, axis=-1, keepdims=True)
        return np.einsum("f...i,fi->f...", points, away)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Distance ``[F, ...]`` in metres by which points lie behind the body's axis."""
        flat = points - np.array([0.0, 0.0, self._centre_height])
        return np.einsum("f...i,fi->f...", flat, self._rotation[:, 2])
