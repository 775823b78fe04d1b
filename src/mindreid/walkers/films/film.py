"""Videos of a place that generated persons pass before several cameras, with all that is true of them.

===================  ==========================================================================
``c1.avi``, …        one video per camera, Motion JPEG
``c1.txt``, …        its boxes as a MOT ``gt.txt``: frame, person, left, top, width, height, 1, 1, visibility
``truth.json``       when each camera started, who passed it when, mean travel times between neighbours
``photos/1.jpg``, …  each person at its best, out of one of the videos
``generated.json``   how it was made
===================  ==========================================================================
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Optional, Union

import cv2
import numpy as np
from tqdm import tqdm

from mindreid.atomic import atomic_folder, write_json
from mindreid.data.generated_marker import MARKER, WALKERS
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.walkers.films.cutouts import Cutout, PassingFigure
from mindreid.walkers.films.passages import USUAL_SHARE, Lens, Passage, Place
from mindreid.walkers.films.portraits import Portraits
from mindreid.walkers.scene import rendering
from mindreid.walkers.scene.camera import Camera, draw_camera
from mindreid.walkers.scene.scenery import PANORAMA, draw_scene
from mindreid.walkers.seeding import generator

logger = logging.getLogger(__name__)

TRUTH, PHOTOS = "truth.json", "photos"
#: When a place opens.
_OPENS = datetime(2026, 11, 1, 8)
#: Seconds before the first person and after the last one.
_MARGIN = 1.0
#: How much longer a figure is seen than its axis, in seconds.
_EDGE = 0.8
_JPEG_QUALITY = 85


@dataclass(frozen=True)
class Box:
    """Where a person is seen in a frame.

    Attributes
    ----------
    pid : int
        Who it is.
    left, top, right, bottom : int
        Pixels from 0, the last two exclusive, within the picture.
    visibility : float
        Share of the figure that is neither hidden by somebody else nor outside the picture.
    """

    pid: int
    left: int
    top: int
    right: int
    bottom: int
    visibility: float


@dataclass(frozen=True)
class _Shooting:
    """How one camera films."""

    place: Place
    camid: int
    starts: float
    frames: int
    frame_rate: float

    @property
    def name(self) -> str:
        return f"c{self.camid + 1}"

    @property
    def seconds(self) -> np.ndarray:
        return self.starts + np.arange(self.frames) / self.frame_rate


def film(
    root: Union[str, Path],
    ids: int,
    seed: int,
    *,
    cameras: int = 4,
    size: tuple[int, int] = (240, 320),
    frame_rate: float = 10.0,
    first_id: int = 1,
) -> dict[str, int]:
    """Film generated walkers, whole or not at all.

    Persons come one after the other and pass from camera to camera, with travel times that vary around
    a mean of each way; several are in a picture at once and hide each other. Some are seen by one
    camera alone. The cameras start at different times.

    Parameters
    ----------
    root : path
        A folder that is not there yet, or is empty.
    ids : int
        Persons, at least 1.
    seed : int
        The world: the same persons as :func:`mindreid.walkers.synthesize` makes of it.
    cameras : int
        From 2 to 99; the names are c1, c2, ….
    size : tuple of int
        Height and width of the pictures in pixels, even, at least 96 each.
    frame_rate : float
        Frames per second, from 1 to 100.
    first_id : int
        Number of the first person.

    Returns
    -------
    dict
        Frames by camera.

    Raises
    ------
    InvalidArgumentError
        If a number makes no sense.
    DataError
        If ``root`` is not empty, or a video cannot be written.
    """
    _check(ids, seed, cameras, size, frame_rate, first_id)
    place = Place(seed, range(first_id, first_id + ids), cameras, Lens(*size))
    passages = place.passages()
    shootings = _shootings(place, passages, frame_rate)
    with atomic_folder(root) as folder:
        portraits = Portraits()
        for shooting in shootings:
            own = [passage for passage in passages if passage.camid == shooting.camid]
            _shoot(folder, shooting, own, portraits)
        portraits.write(folder / PHOTOS)
        made_by = {"ids": ids, "seed": seed, "cameras": cameras, "size": list(size)}
        made_by.update(frame_rate=frame_rate, first_id=first_id)
        write_json(folder / TRUTH, _truth(place, passages, shootings))
        write_json(folder / MARKER, {"kind": WALKERS, **made_by})
    logger.info("%d walkers made %d passages before %d cameras", ids, len(passages), cameras)
    return {shooting.name: shooting.frames for shooting in shootings}


def _shootings(place: Place, passages: Sequence[Passage], frame_rate: float) -> list[_Shooting]:
    ends = max(passage.leave for passage in passages) + _MARGIN
    starts = [
        min(passage.enter for passage in passages) - _MARGIN
        - float(generator(place.seed, "camera starts", camid).uniform(0, 3))
        for camid in range(place.cameras)
    ]  # fmt: skip
    # To the millisecond, as they are written.
    starts = [round(start, 3) for start in starts]
    return [
        _Shooting(place, camid, start, int((ends - start) * frame_rate), frame_rate)
        for camid, start in enumerate(starts)
    ]


def _shoot(folder: Path, shooting: _Shooting, passages: Sequence[Passage], portraits: Portraits) -> None:
    height, width = shooting.place.lens.height, shooting.place.lens.width
    path = folder / f"{shooting.name}.avi"
    # OpenCV's own writer, whose files do not depend on what codecs are installed.
    video = cv2.VideoWriter(
        str(path), cv2.CAP_OPENCV_MJPEG, cv2.VideoWriter.fourcc(*"MJPG"), shooting.frame_rate, (width, height)
    )
    if not video.isOpened():
        raise DataError("the video cannot be written", where=str(path))
    video.set(cv2.VIDEOWRITER_PROP_QUALITY, _JPEG_QUALITY)
    lines = []
    try:
        frames = enumerate(_pictures(shooting, passages), start=1)
        for number, (picture, boxes) in tqdm(
            frames, f"filming {shooting.name}", shooting.frames, unit="frame", disable=None
        ):
            video.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            lines += [_mot_line(number, box) for box in boxes]
            for box in boxes:
                sides = (box.left, box.top, box.right, box.bottom)
                portraits.offer(picture, box.pid, sides, box.visibility)
    finally:
        video.release()
    (folder / f"{shooting.name}.txt").write_text("".join(lines), encoding="utf-8")


def _mot_line(frame: int, box: Box) -> str:
    size = f"{box.right - box.left},{box.bottom - box.top}"
    return f"{frame},{box.pid},{box.left + 1},{box.top + 1},{size},1,1,{box.visibility:.3f}\n"


def _pictures(shooting: _Shooting, passages: Sequence[Passage]) -> Iterator[tuple[np.ndarray, list[Box]]]:
    """Take all frames in order; only those figures are in memory that are before the camera."""
    place, seconds = shooting.place, shooting.seconds
    spans = [np.searchsorted(seconds, (p.enter - _EDGE, p.leave + _EDGE)).tolist() for p in passages]
    present: dict[int, PassingFigure] = {}
    for frame in range(shooting.frames):
        cutouts = []
        for number, (first, end) in enumerate(spans):
            if frame == first:
                present[number] = PassingFigure(place.seed, passages[number], place.lens, seconds[first:end])
            elif frame == end:
                del present[number]
            if first <= frame < end:
                cutouts.append(present[number].cut_out(frame - first))
        yield _picture(shooting, frame, sorted(cutouts, key=lambda cutout: -cutout.distance))


def _picture(shooting: _Shooting, frame: int, cutouts: Sequence[Cutout]) -> tuple[np.ndarray, list[Box]]:
    """Compose a frame, uint8 RGB ``[H, W, 3]``; the farthest figure comes first."""
    seed, camid, lens = shooting.place.seed, shooting.camid, shooting.place.lens
    canvas = draw_scene(seed, camid, lens.height, -(-lens.width // PANORAMA))[:, : lens.width].copy()
    owners = np.zeros((lens.height, lens.width), dtype=np.int64)
    for cutout in cutouts:
        _lay(canvas, owners, cutout)
    boxes = [box for box in (_box(owners, cutout) for cutout in cutouts) if box is not None]
    row, column = generator(seed, "film noise", camid, frame).integers(0, 32, 2).tolist()
    noise = rendering.draw_noise(seed, camid, lens.height, lens.width)
    noise = noise[row : row + lens.height, column : column + lens.width]
    return rendering.record(canvas, _sensor(seed, camid), noise), sorted(boxes, key=lambda box: box.pid)


def _sensor(seed: int, camid: int) -> Camera:
    """Return a camera whose sharpness is told for the picture in place of the persons in it."""
    camera = draw_camera(seed, camid)
    return replace(camera, resolution=camera.resolution / USUAL_SHARE, blur=camera.blur * USUAL_SHARE)


def _lay(canvas: np.ndarray, owners: np.ndarray, cutout: Cutout) -> None:
    """Lay a figure and its shadow over the canvas, and note which pixels are its."""
    inside, own = _overlap(cutout, owners.shape)
    if canvas[inside].size == 0:
        return
    window = np.zeros((*cutout.coverage.shape, 3), dtype=np.uint8)
    window[own] = canvas[inside]
    reach = 0.13 * cutout.coverage.shape[0]
    window = rendering.cast_shadow(window, np.array(cutout.foot), reach)
    canvas[inside] = rendering.compose(cutout.colour, cutout.coverage, window)[own]
    owners[inside][cutout.coverage[own] >= 128] = cutout.pid


def _box(owners: np.ndarray, cutout: Cutout) -> Optional[Box]:
    inside, own = _overlap(cutout, owners.shape)
    figure = cutout.coverage >= 128
    rows, columns = np.nonzero(figure[own])
    if len(rows) == 0:
        return None
    left, top = columns.min() + inside[1].start, rows.min() + inside[0].start
    right, bottom = columns.max() + inside[1].start + 1, rows.max() + inside[0].start + 1
    seen = np.count_nonzero((owners[inside] == cutout.pid) & figure[own]) / np.count_nonzero(figure)
    return Box(cutout.pid, int(left), int(top), int(right), int(bottom), float(seen))


def _overlap(cutout: Cutout, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a cut-out lies in the picture, and which part of it does."""
    inside, own = [], []
    for begin, size, room in zip((cutout.top, cutout.left), cutout.coverage.shape, shape):
        first, end = max(begin, 0), max(min(begin + size, room), 0)
        inside.append(slice(first, max(first, end)))
        own.append(slice(first - begin, max(first, end) - begin))
    return (inside[0], inside[1]), (own[0], own[1])


def _truth(place: Place, passages: Sequence[Passage], shootings: Sequence[_Shooting]) -> dict[str, Any]:
    names = [shooting.name for shooting in shootings]
    return {
        "cameras": [
            {
                "name": shooting.name,
                "video": f"{shooting.name}.avi",
                "annotations": f"{shooting.name}.txt",
                "start": _clock(shooting.starts),
                "frame_rate": shooting.frame_rate,
                "frames": shooting.frames,
            }
            for shooting in shootings
        ],
        "ways": [
            {
                "cameras": [names[camid], names[(camid + 1) % place.cameras]],
                "mean_seconds": round(place.travel_mean(camid), 3),
            }
            for camid in range(place.cameras)
        ],
        "passages": [
            {
                "pid": passage.pid,
                "camera": names[passage.camid],
                "enter": _clock(passage.enter),
                "leave": _clock(passage.leave),
            }
            for passage in passages
        ],
    }


def _clock(seconds: float) -> str:
    return (_OPENS + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def _check(
    ids: int, seed: int, cameras: int, size: tuple[int, int], frame_rate: float, first_id: int
) -> None:
    if min(ids, first_id) < 1 or seed < 0:
        raise InvalidArgumentError(
            f"persons are numbered from 1 and a seed is not negative: got {ids} persons from {first_id}, "
            f"seed {seed}"
        )
    if not 2 <= cameras <= 99:
        raise InvalidArgumentError(
            f"a place has 2 to 99 cameras, not {cameras}", fix="pass another --cameras"
        )
    if min(size) < 96 or max(size) > 4096 or size[0] % 2 or size[1] % 2:
        raise InvalidArgumentError(
            f"a picture's height and width are even, from 96 to 4096 pixels, not {size[0]} × {size[1]}"
        )
    if not 1 <= frame_rate <= 100:
        raise InvalidArgumentError(f"a camera takes 1 to 100 frames per second, not {frame_rate}")
