"""One walk of one person before one camera, rendered frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from mindreid.errors import InvalidArgumentError
from mindreid.walkers.annotation import KeypointTrack, WalkerFrame, judge_visibility, track_keypoints
from mindreid.walkers.persons.body import Body, draw_body
from mindreid.walkers.persons.clothing import Outfit, draw_outfit
from mindreid.walkers.persons.dressed_figure import dress, upright_extent
from mindreid.walkers.persons.figure import Figure
from mindreid.walkers.persons.gait import draw_gait
from mindreid.walkers.persons.skeleton import Skeleton, pose
from mindreid.walkers.scene import rendering
from mindreid.walkers.scene.camera import Camera, View, draw_camera, wrap_degrees
from mindreid.walkers.scene.obstacle import Obstacle, draw_obstacle
from mindreid.walkers.scene.painter import Part
from mindreid.walkers.scene.scenery import draw_scene
from mindreid.walkers.seeding import generator

#: Share of the crop's height that a person fills in a well-placed box.
_FILLED = 0.90
_BADLY_CUT = 0.05


@dataclass(frozen=True)
class Walk:
    """Who walks where.

    Attributes
    ----------
    pid : int
        Person, from 1.
    outfit : int
        Outfit of this person, from 0.
    camid : int
        Camera, from 0.
    sequence : int
        Number of this walk, from 0.
    """

    pid: int
    outfit: int = 0
    camid: int = 0
    sequence: int = 0


@dataclass(frozen=True)
class _Course:
    """What is particular to one walk; arrays are per frame."""

    azimuth: np.ndarray
    phase: np.ndarray
    travel: np.ndarray
    zoom: np.ndarray
    offset: np.ndarray
    scene_start: float
    noise_start: np.ndarray
    obstacle: Optional[Obstacle]


def render_walk(
    seed: int,
    walk: Walk,
    frames: int,
    *,
    size: tuple[int, int] = (256, 128),
    frame_rate: float = 5.0,
    occlusion: float = 0.2,
    azimuth: Optional[float] = None,
    body: Optional[Body] = None,
    outfit: Optional[Outfit] = None,
) -> list[WalkerFrame]:
    """Render a walk.

    Parameters
    ----------
    seed : int
        The world: persons, wardrobes and cameras.
    walk : Walk
        Who walks where. The result depends on ``seed``, ``walk`` and the arguments below alone.
    frames : int
        How many frames.
    size : tuple of int
        Height and width of the crops in pixels.
    frame_rate : float
        Frames per second.
    occlusion : float
        Probability that something stands in front of the walker, 0..1.
    azimuth : float, optional
        Facing angle in degrees throughout the walk, instead of the one that the camera usually
        sees.
    body : Body, optional
        Whose body it is, instead of the one that belongs to the person's number.
    outfit : Outfit, optional
        What is worn, instead of the outfit that belongs to the walk's number.

    Returns
    -------
    list of WalkerFrame
        In order of time.

    Raises
    ------
    InvalidArgumentError
        If a number makes no sense: no frames, a crop under 32 × 16 pixels, a probability outside
        0..1, a frame rate that is not positive, a negative seed or id.
    """
    _check(seed, walk, frames, size, frame_rate, occlusion)
    camera = draw_camera(seed, walk.camid)
    body = body or draw_body(seed, walk.pid)
    course = _draw_course(seed, walk, camera, frames, frame_rate, occlusion, azimuth)
    skeleton = pose(body, draw_gait(seed, walk.pid), course.phase)
    view = View(course.azimuth, camera.pitch, camera.distance, 0.5 * body.stature)
    _frame_person(view, body, skeleton, course, size)
    figure = dress(body, outfit or draw_outfit(seed, walk.pid, walk.outfit), skeleton, view)
    keypoints = track_keypoints(body, skeleton, view)
    return [_render_frame(seed, walk, figure, course, keypoints, frame, size) for frame in range(frames)]


def _draw_course(
    seed: int,
    walk: Walk,
    camera: Camera,
    frames: int,
    frame_rate: float,
    occlusion: float,
    azimuth: Optional[float],
) -> _Course:
    key = walk.pid, walk.outfit, walk.camid, walk.sequence
    rng = generator(seed, "walk", *key)
    seconds = np.arange(frames) / frame_rate
    reverse = 180.0 if rng.random() < 0.35 else 0.0
    usual = camera.azimuth + reverse + 22 * rng.standard_normal() + rng.uniform(-12, 12) * seconds
    start = rng.random()
    scene_start, noise_start = rng.random(), rng.random((frames, 2))
    zoom = 1 + 0.025 * rng.standard_normal(frames)
    zoom[rng.random(frames) < _BADLY_CUT] *= 1.22
    angle = usual if azimuth is None else np.full(frames, float(azimuth))
    cadence = draw_gait(seed, walk.pid).cadence
    return _Course(
        azimuth=wrap_degrees(angle),
        phase=start + cadence * seconds,
        # Crop widths that the surroundings shift by while the box follows the person.
        travel=1.4 * np.sin(np.radians(angle)) * seconds,
        zoom=zoom,
        offset=rng.normal(0, 0.015, (frames, 2)),
        scene_start=scene_start,
        noise_start=noise_start,
        # From a generator of its own, so that the rest is the same with and without.
        obstacle=draw_obstacle(generator(seed, "obstacle", *key), occlusion),
    )


def _frame_person(view: View, body: Body, skeleton: Skeleton, course: _Course, size: tuple[int, int]) -> None:
    """Place the crop around the person as a detector would, with its inaccuracy."""
    height, width = size
    crown, ground, middle = upright_extent(view, body, skeleton)
    zoom = _FILLED * height / (ground - crown).mean() * course.zoom
    centre = np.column_stack([middle, 0.5 * (ground + crown)])
    shift = np.array([0.5 * width, 0.495 * height]) + course.offset * height - zoom[:, None] * centre
    view.place(zoom, shift)


def _render_frame(
    seed: int,
    walk: Walk,
    figure: Figure,
    course: _Course,
    keypoints: KeypointTrack,
    frame: int,
    size: tuple[int, int],
) -> WalkerFrame:
    height, width = size
    camera = draw_camera(seed, walk.camid)
    canvas = figure.painter.fill(frame, height, width)
    colour, coverage, parts = rendering.split_canvas(canvas, height, width)
    feet = keypoints.pixels[frame, 20:]
    background = _surroundings(seed, walk, course, frame, size)
    background = rendering.cast_shadow(background, feet.mean(axis=0), 0.5 * np.ptp(feet[:, 0]) + 0.11 * width)
    image = rendering.compose(rendering.shade(colour, coverage, camera.light), coverage, background)
    if course.obstacle is not None:
        course.obstacle.cover(image, parts, -float(course.travel[frame]))
    row, column = (course.noise_start[frame] * 32).astype(int)
    noise = rendering.draw_noise(seed, walk.camid, height, width)[row : row + height, column : column + width]
    return WalkerFrame(
        image=rendering.record(image, camera, noise),
        silhouette=_mask(parts > 0),
        face=_mask(parts == Part.FACE),
        shoes=_mask((parts == Part.LEFT_SHOE) | (parts == Part.RIGHT_SHOE)),
        keypoints=judge_visibility(keypoints, frame, parts),
        azimuth=float(course.azimuth[frame]),
    )


def _surroundings(seed: int, walk: Walk, course: _Course, frame: int, size: tuple[int, int]) -> np.ndarray:
    height, width = size
    scene = draw_scene(seed, walk.camid, height, width)
    room = scene.shape[1] - width
    # Reflected at the scene's ends, so that a long walk does not run out of it.
    position = (course.scene_start * room + course.travel[frame] * width) % (2 * room)
    left = int(min(position, 2 * room - position))
    return scene[:, left : left + width]


def _mask(where: np.ndarray) -> np.ndarray:
    return where.astype(np.uint8) * np.uint8(255)


def _check(
    seed: int, walk: Walk, frames: int, size: tuple[int, int], frame_rate: float, occlusion: float
) -> None:
    if min(seed, walk.pid, walk.outfit, walk.camid, walk.sequence) < 0:
        raise InvalidArgumentError(f"seed and ids must not be negative, got seed {seed} and {walk}")
    if frames < 1:
        raise InvalidArgumentError(f"a walk needs at least one frame, got {frames}")
    if size[0] < 32 or size[1] < 16:
        raise InvalidArgumentError(f"crops need at least 32 × 16 pixels (height × width), got {size}")
    if frame_rate <= 0:
        raise InvalidArgumentError(f"the frame rate must be positive, got {frame_rate}")
    if not 0 <= occlusion <= 1:
        raise InvalidArgumentError(f"the probability of occlusion must be in 0..1, got {occlusion}")
