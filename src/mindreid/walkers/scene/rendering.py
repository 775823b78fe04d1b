"""From the figure's pieces to a camera's image: light, surroundings, sensor."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from mindreid.walkers.scene.camera import Camera, draw_camera
from mindreid.walkers.seeding import generator


def split_canvas(canvas: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average the painter's canvas down to the crop.

    Parameters
    ----------
    canvas : ndarray
        uint8 ``[s * height, s * width, 4]``, see :meth:`mindreid.walkers.scene.painter.Painter.fill`.

    Returns
    -------
    colour : ndarray
        uint8 ``[height, width, 3]``, multiplied by the coverage.
    coverage : ndarray
        uint8 ``[height, width]``: share of the pixel that the figure covers, 255 for all of it.
    parts : ndarray
        uint8 ``[height, width]``: the part seen, 0 where less than half is covered.
    """
    step = canvas.shape[0] // height
    labels = np.asarray(cv2.extractChannel(canvas, 3))
    averaged = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    filled = cv2.threshold(labels, 0, 255, cv2.THRESH_BINARY)[1]
    coverage = cv2.resize(filled, (width, height), interpolation=cv2.INTER_AREA)
    # The largest label of a pixel's samples is one that is really there, unlike their mean.
    parts = labels[::step, ::step]
    for row in range(step):
        for column in range(step):
            parts = np.maximum(parts, labels[row::step, column::step])
    colour = cv2.cvtColor(averaged, cv2.COLOR_RGBA2RGB)
    return colour, coverage, np.where(coverage >= 128, parts, 0).astype(np.uint8)


def shade(colour: np.ndarray, coverage: np.ndarray, light: tuple[float, float]) -> np.ndarray:
    """Make the flat figure look round: darker towards its rim, lit from one side.

    Parameters
    ----------
    colour, coverage : ndarray
        As :func:`split_canvas` returns them.
    light : tuple of float
        Strength of the light from the right and from below.
    """
    spread = colour.shape[0] // 32
    soft = cv2.blur(coverage, (2 * spread + 1, 2 * spread + 1)).astype(np.float32) / 255
    relief = 0.68 + 0.36 * soft
    # The slope of the blurred outline stands for the surface's normal.
    relief[:, spread:-spread] += light[0] * (soft[:, : -2 * spread] - soft[:, 2 * spread :])
    relief[spread:-spread] -= light[1] * (soft[: -2 * spread] - soft[2 * spread :])
    return cv2.multiply(colour, cv2.merge([relief] * 3), dtype=cv2.CV_8U)


def compose(colour: np.ndarray, coverage: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Lay the figure (multiplied by its coverage) over ``background``; all uint8."""
    rest = cv2.bitwise_not(coverage)
    return cv2.add(colour, cv2.multiply(background, cv2.merge([rest] * 3), scale=1 / 255))


def cast_shadow(background: np.ndarray, foot: np.ndarray, reach: float) -> np.ndarray:
    """Darken the ground around ``foot`` (x, y in pixels), ``reach`` pixels to either side."""
    mask = np.full(background.shape[:2], 255, dtype=np.uint8)
    centre = round(float(foot[0])), round(float(foot[1]))
    axes = max(int(reach), 2), max(int(0.22 * reach), 1)
    cv2.ellipse(mask, centre, axes, 0, 0, 360, (150.0,), -1)
    soft = cv2.blur(mask, (9, 5))
    return cv2.multiply(background, cv2.merge([soft] * 3), scale=1 / 255)


def record(image: np.ndarray, camera: Camera, noise: np.ndarray) -> np.ndarray:
    """Apply a camera's exposure, resolution, blur and noise to an RGB image.

    Parameters
    ----------
    image : ndarray
        uint8 ``[H, W, 3]``.
    camera : Camera
        The camera.
    noise : ndarray
        int16 ``[H, W, 3]``, added last.
    """
    height, width = image.shape[:2]
    image = cv2.LUT(image, camera.tone_curves)
    share = camera.resolution / height
    if share < 1:
        coarse = max(round(width * share), 1), max(round(height * share), 1)
        image = cv2.resize(image, coarse, interpolation=cv2.INTER_AREA)
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    if camera.blur > 0.25:
        image = cv2.GaussianBlur(image, (0, 0), camera.blur * height / 256)
    return cv2.add(image, noise, dtype=cv2.CV_8U)


@lru_cache(maxsize=128)
def draw_noise(seed: int, camid: int, height: int, width: int) -> np.ndarray:
    """Draw a camera's noise, int16 ``[height + 32, width + 32, 3]``, to cut every frame's from."""
    rng = generator(seed, "noise", camid)
    sigma = draw_camera(seed, camid).noise
    return np.rint(sigma * rng.standard_normal((height + 32, width + 32, 3))).astype(np.int16)
