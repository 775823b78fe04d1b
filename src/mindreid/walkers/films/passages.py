"""Who passes which camera, when and where: the plan of a place that several cameras film."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mindreid.walkers.persons.body import draw_body
from mindreid.walkers.persons.gait import draw_gait
from mindreid.walkers.scene.camera import wrap_degrees
from mindreid.walkers.seeding import generator

#: Mean seconds between two persons who enter the place.
_ARRIVALS = 1.6
#: Of those who leave the last camera of their route: share that turns up before one camera alone.
_SINGLE = 0.2
#: Relative deviation of travel times, and how far from their mean they are at most.
_DEVIATION, _FARTHEST = 0.15, 0.45
#: Heights of a person of 1.72 m as shares of the picture's, farthest and nearest.
_FAR, _NEAR = 0.38, 0.64
_STATURE = 1.72
#: Height of a person as a share of the picture's, in the middle of the picture.
USUAL_SHARE = 0.5 * (_FAR + _NEAR)
#: Where that person's feet are, as a share of the picture's height: at height 0, and per height.
_HORIZON, _FEET = 0.42, 0.86
#: Focal length in picture heights.
_FOCAL = 1.45


@dataclass(frozen=True)
class Passage:
    """One person passes one camera; seconds count from when the place opens.

    Attributes
    ----------
    pid, camid : int
        Person from 1, camera from 0.
    enter, leave : float
        When the person's axis comes into the picture and goes out of it, in seconds.
    start, end : tuple of float
        Where the axis stands then, in metres: to the right of the camera and away from it.
    """

    pid: int
    camid: int
    enter: float
    leave: float
    start: tuple[float, float]
    end: tuple[float, float]

    @property
    def azimuth(self) -> float:
        """Facing angle in degrees as :class:`mindreid.walkers.annotation.WalkerFrame` has it."""
        right, away = (stop - begin for begin, stop in zip(self.start, self.end))
        return float(wrap_degrees(np.degrees(np.arctan2(right, -away))))

    def ground(self, seconds: np.ndarray) -> np.ndarray:
        """Return where the person stands at ``seconds`` ``[F]``: metres right and away, ``[F, 2]``."""
        share = (seconds - self.enter) / (self.leave - self.enter)
        start, end = np.array(self.start), np.array(self.end)
        return start + share[:, None] * (end - start)


@dataclass(frozen=True)
class Lens:
    """How the ground of a place comes into a picture.

    Attributes
    ----------
    height, width : int
        Of the picture in pixels.
    """

    height: int
    width: int

    def person(self, ground: np.ndarray, stature: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Place a person: where the feet are (right, down) and how tall it is, in pixels, ``[F]`` each."""
        scale = _FOCAL * self.height / ground[:, 1]
        down = self.height * _HORIZON + _FEET * _STATURE * scale
        return 0.5 * self.width + scale * ground[:, 0], down, stature * scale

    def at(self, column: float, tall: float) -> tuple[float, float]:
        """Return the place on the ground of a person of ``tall`` pixels whose axis is at ``column``."""
        scale = tall / _STATURE
        return (column - 0.5 * self.width) / scale, _FOCAL * self.height / scale


@dataclass(frozen=True)
class Place:
    """A place with cameras in a ring, each with a neighbour on either side.

    Attributes
    ----------
    seed : int
        The world.
    persons : range
        Their numbers.
    cameras : int
        How many, at least 2.
    lens : Lens
        Of every camera.
    """

    seed: int
    persons: range
    cameras: int
    lens: Lens

    def travel_mean(self, camid: int) -> float:
        """Mean seconds from leaving ``camid`` to entering the next one, or back."""
        return float(generator(self.seed, "way between cameras", camid).uniform(5, 12))

    def passages(self) -> list[Passage]:
        """All passages, in the order of entering."""
        arrivals, seconds = [], 0.0
        for pid in self.persons:
            seconds += float(generator(self.seed, "arrival", pid).uniform(0.4, 1.6)) * _ARRIVALS
            arrivals.append((pid, seconds))
        found = [passage for pid, when in arrivals for passage in self._route(pid, when)]
        return sorted(found, key=lambda passage: (passage.enter, passage.pid))

    def _route(self, pid: int, when: float) -> Iterator[Passage]:
        """Follow one person from camera to camera, always the same way round."""
        rng = generator(self.seed, "route", pid)
        forward, camid = bool(rng.random() < 0.5), int(rng.integers(self.cameras))
        visits = 1 if rng.random() < _SINGLE else int(rng.integers(2, self.cameras + 1))
        for _ in range(visits):
            passage = self._pass(pid, camid, when, rng)
            yield passage
            following = (camid + (1 if forward else -1)) % self.cameras
            edge = camid if forward else following
            off = float(np.clip(rng.normal(0, _DEVIATION), -_FARTHEST, _FARTHEST))
            camid, when = following, passage.leave + self.travel_mean(edge) * (1 + off)

    def _pass(self, pid: int, camid: int, when: float, rng: np.random.Generator) -> Passage:
        lens = self.lens
        # Each camera sees most persons come nearer, or go away, by its own amount.
        slope = float(generator(self.seed, "passing direction", camid).uniform(-0.9, 0.9))
        middle = rng.uniform(0.3, 0.7)
        depths = np.clip(middle + np.array([-0.5, 0.5]) * (slope + rng.uniform(-0.2, 0.2)), 0, 1)
        tall = lens.height * (_FAR + (_NEAR - _FAR) * depths)
        start, end = lens.at(0, float(tall[0])), lens.at(lens.width, float(tall[1]))
        if rng.random() < 0.5:
            start, end = end, start
        seconds = np.hypot(end[0] - start[0], end[1] - start[1]) / _speed(self.seed, pid)
        return Passage(pid, camid, when, when + float(seconds), start, end)


@lru_cache(maxsize=1024)
def _speed(seed: int, pid: int) -> float:
    """Metres per second: two steps a stride, whose length goes with the legs and the hips' swing."""
    body, gait = draw_body(seed, pid), draw_gait(seed, pid)
    return gait.cadence * gait.stride * 0.85 * body.stature
