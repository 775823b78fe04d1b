"""The one person who walks to and fro before a camera that is still, or nearly so: found in every frame.

The background is the median of the seconds around, so that an empty picture is not needed, and light
or zoom that change slowly do no harm. A shadow darkens what it falls on by a little and evenly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Optional

import cv2
import numpy as np

from mindreid.preprocess.mot.boxes import Box

#: Frames before and after that a background is the median of (every n-th of them), and how long it
#: serves.
_AROUND, _EVERY, _SERVES = 300, 5, 50
#: Least difference to the background, in grey levels and in deviations of the noise.
_LEAST_DIFFERENCE, _DEVIATIONS = 14.0, 4.0
#: What is darker than the background, but by no more than this, is shadow.
_SHADOW = 0.72
#: A piece this small beside the largest one is noise; another one is the walker's if this share of its
#: width lies over or under the largest.
_LEAST_PIECE, _LEAST_ABOVE = 0.04, 0.7
#: Height as a share of the picture's; height over width; share of the box that is covered.
_LEAST_HEIGHT, _SLENDER, _COVERED = 0.3, (1.3, 6.0), (0.28, 0.85)
#: Farthest height from the median of the frames around, as a share, and how many these are.
_UNSTEADY, _STEADY_FRAMES = 0.1, 15
#: A pass goes on over so many frames without a walker.
_LONGEST_GAP = 4

#: Why a frame with something moving in it is left out.
AT_EDGE, IMPLAUSIBLE, UNSTEADY, SHORT = (
    "at the picture's edge",
    "no plausible outline",
    "height unsteady",
    "pass too short",
)


@dataclass(frozen=True)
class Sighting:
    """The walker in one frame.

    Attributes
    ----------
    frame : int
        Number of the frame, from 0.
    box : Box
        Around the silhouette, in pixels.
    silhouette : np.ndarray
        uint8 ``[h, w]``, the box's content, 255 where the walker is.
    """

    frame: int
    box: Box
    silhouette: np.ndarray


@dataclass(frozen=True)
class Pass:
    """One walk across the picture.

    Attributes
    ----------
    sightings : tuple of Sighting
        In the order of time.
    """

    sightings: tuple[Sighting, ...]

    @property
    def direction(self) -> str:
        """Where the walker goes: to the picture's "left" or "right"."""
        first, last = (sighting.box.left + sighting.box.width / 2 for sighting in self._ends())
        return "right" if last > first else "left"

    def _ends(self) -> tuple[Sighting, Sighting]:
        return self.sightings[0], self.sightings[-1]


def find_passes(frames: np.ndarray, least_frames: int) -> tuple[list[Pass], Counter[str]]:
    """Find the passes of the one walker of a video.

    Parameters
    ----------
    frames : np.ndarray
        uint8 grey ``[T, H, W]``.
    least_frames : int
        Fewest frames of a pass.

    Returns
    -------
    list of Pass
        In the order of time.
    Counter
        How many frames with something moving were left out, by reason.
    """
    left_out: Counter[str] = Counter()
    sightings = []
    for number, mask in enumerate(_foregrounds(frames)):
        walker = _largest_figure(mask)
        if walker is None:
            continue
        sighting, reason = _judged(number, walker)
        if sighting is None:
            left_out[reason] += 1
        else:
            sightings.append(sighting)
    passes = []
    for part in _cut(sightings):
        steady = _steady(part)
        left_out[UNSTEADY] += len(part) - len(steady)
        if len(steady) < least_frames:
            left_out[SHORT] += len(steady)
        else:
            passes.append(Pass(tuple(steady)))
    return passes, +left_out


def _foregrounds(frames: np.ndarray) -> Iterator[np.ndarray]:
    for begin in range(0, len(frames), _SERVES):
        middle = begin + _SERVES // 2
        around = frames[max(middle - _AROUND, 0) : middle + _AROUND : _EVERY]
        background = _smooth(np.median(around, axis=0))
        for frame in frames[begin : begin + _SERVES]:
            yield _foreground(_smooth(frame), background)


def _smooth(image: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(image.astype(np.float32), (3, 3), 0))


def _foreground(frame: np.ndarray, background: np.ndarray) -> np.ndarray:
    ratio = frame / np.maximum(background, 1.0)
    # Most of the picture is background: what it has changed by is the camera's exposure.
    exposure = float(np.median(ratio))
    difference = np.abs(frame - exposure * background)
    noise = 1.4826 * float(np.median(difference))
    differs = difference > max(_DEVIATIONS * noise, _LEAST_DIFFERENCE)
    shadow = (ratio > _SHADOW * exposure) & (ratio < exposure)
    mask = np.where(differs & ~shadow, 255, 0).astype(np.uint8)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _ellipse(3, 7))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, _ellipse(3, 3)))


def _ellipse(width: int, height: int) -> np.ndarray:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, height)))


def _largest_figure(mask: np.ndarray) -> Optional[np.ndarray]:
    """Keep the largest piece and what lies over and under it; ``None`` if nothing moves."""
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(mask)
    if count == 1:
        return None
    areas = statistics[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    largest = int(areas.argmax())
    left, width = statistics[largest, [cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH]]
    above = np.bincount(labels[:, left : left + width].ravel(), minlength=count)
    own = (areas >= _LEAST_PIECE * areas[largest]) & (above >= _LEAST_ABOVE * areas)
    return np.where(own[labels], 255, 0).astype(np.uint8)


def _judged(number: int, figure: np.ndarray) -> tuple[Optional[Sighting], str]:
    rows, columns = (np.flatnonzero(figure.any(axis=axis)) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    if top == 0 or left == 0 or bottom == figure.shape[0] or right == figure.shape[1]:
        return None, AT_EDGE
    height, width = int(bottom - top), int(right - left)
    silhouette = figure[top:bottom, left:right]
    plausible = (
        height >= _LEAST_HEIGHT * figure.shape[0]
        and _SLENDER[0] <= height / width <= _SLENDER[1]
        and _COVERED[0] <= np.count_nonzero(silhouette) / silhouette.size <= _COVERED[1]
    )
    if not plausible:
        return None, IMPLAUSIBLE
    box = Box(number, 1, float(left), float(top), float(width), float(height))
    return Sighting(number, box, silhouette), ""


def _cut(sightings: Sequence[Sighting]) -> list[list[Sighting]]:
    parts: list[list[Sighting]] = []
    for sighting in sightings:
        if not parts or sighting.frame - parts[-1][-1].frame > _LONGEST_GAP:
            parts.append([])
        parts[-1].append(sighting)
    return parts


def _steady(part: Sequence[Sighting]) -> list[Sighting]:
    """Leave out frames whose walker is suddenly larger or smaller: a shadow, or a part of a person."""
    heights = np.array([sighting.box.height for sighting in part])
    half = _STEADY_FRAMES // 2
    usual = np.array([np.median(heights[max(i - half, 0) : i + half + 1]) for i in range(len(part))])
    kept = np.abs(heights - usual) <= _UNSTEADY * usual
    return [sighting for sighting, keep in zip(part, kept) if keep]
