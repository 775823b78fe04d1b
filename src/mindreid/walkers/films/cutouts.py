"""The figure of a passing person, frame by frame, cut out at the size that it has in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mindreid.walkers.films.passages import Lens, Passage
from mindreid.walkers.persons.body import draw_body
from mindreid.walkers.persons.clothing import draw_outfit
from mindreid.walkers.persons.dressed_figure import dress, upright_extent
from mindreid.walkers.persons.gait import draw_gait
from mindreid.walkers.persons.skeleton import pose
from mindreid.walkers.scene import rendering
from mindreid.walkers.scene.camera import View, draw_camera
from mindreid.walkers.seeding import generator

#: Room around a figure, in heights of it: for swinging limbs and what is worn at the back.
_ABOVE, _BELOW, _ASIDE = 0.1, 0.08, 0.5


@dataclass(frozen=True)
class Cutout:
    """A figure in one frame, with its place in the picture.

    Attributes
    ----------
    pid : int
        Who it is.
    distance : float
        Metres from the camera.
    left, top : int
        Where the cut-out begins, in pixels of the picture; also outside of it.
    colour : ndarray
        uint8 RGB ``[h, w, 3]``, multiplied by the coverage.
    coverage : ndarray
        uint8 ``[h, w]``, 255 for a pixel that is wholly the figure's.
    foot : tuple of float
        Where it stands in the cut-out, right and down in pixels.
    """

    pid: int
    distance: float
    left: int
    top: int
    colour: np.ndarray
    coverage: np.ndarray
    foot: tuple[float, float]


class PassingFigure:
    """The figure of a passage in the frames at ``seconds``.

    Parameters
    ----------
    seed : int
        The world.
    passage : Passage
        Who passes where.
    lens : Lens
        Of the camera.
    seconds : ndarray
        ``[F]``, when the frames are taken.
    """

    def __init__(self, seed: int, passage: Passage, lens: Lens, seconds: np.ndarray) -> None:
        self._pid, self._camera = passage.pid, draw_camera(seed, passage.camid)
        body, gait = draw_body(seed, passage.pid), draw_gait(seed, passage.pid)
        ground = passage.ground(seconds)
        right, down, tall = lens.person(ground, body.stature)
        self._distances, self._size = ground[:, 1], self._room(tall)
        height, width = self._size
        self._corners = np.column_stack(
            [np.rint(right - 0.5 * width), np.rint(down - (height - _BELOW * tall.max()))]
        ).astype(int)
        self._feet = np.column_stack([right, down]) - self._corners
        start = generator(seed, "passing phase", passage.pid, passage.camid).random()
        skeleton = pose(body, gait, start + gait.cadence * (seconds - seconds[0]))
        azimuth = np.full(len(seconds), passage.azimuth)
        view = View(azimuth, self._camera.pitch, self._camera.distance, 0.5 * body.stature)
        crown, sole, middle = upright_extent(view, body, skeleton)
        # By the mean, since a person's height goes up and down with every step.
        zoom = tall / (sole - crown).mean()
        view.place(zoom, self._feet - zoom[:, None] * np.column_stack([middle, sole]))
        self._painter = dress(body, draw_outfit(seed, passage.pid, 0), skeleton, view).painter

    @staticmethod
    def _room(tall: np.ndarray) -> tuple[int, int]:
        largest = float(tall.max())
        return int(np.ceil((1 + _ABOVE + _BELOW) * largest)), int(np.ceil(2 * _ASIDE * largest))

    def cut_out(self, frame: int) -> Cutout:
        """Draw the figure in ``frame``, counted from 0."""
        height, width = self._size
        colour, coverage, _ = rendering.split_canvas(self._painter.fill(frame, height, width), height, width)
        left, top = self._corners[frame].tolist()
        shaded = rendering.shade(colour, coverage, self._camera.light)
        foot = float(self._feet[frame, 0]), float(self._feet[frame, 1])
        return Cutout(self._pid, float(self._distances[frame]), left, top, shaded, coverage, foot)
