"""Generated walkers written as one of the supported datasets, for its real loader to read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from tqdm import tqdm

from mindreid.atomic import atomic_folder
from mindreid.data.generated_marker import WALKERS, finish_tree, write_shot
from mindreid.data.layouts import Layout, Shot, layout_of
from mindreid.data.summary import SPLITS
from mindreid.errors import InvalidArgumentError
from mindreid.walkers.annotation_files import AnnotationWriter
from mindreid.walkers.population import check_population, count_for_training
from mindreid.walkers.seeding import generator
from mindreid.walkers.walk import Walk, render_walk

logger = logging.getLogger(__name__)

_DEFAULT_CAMERAS = 4


@dataclass(frozen=True)
class _Plan:
    """How many of what, in which layout."""

    layout: Layout
    ids: int
    seed: int
    outfits: int
    cameras: int
    frames: int
    test_share: float

    @property
    def train_ids(self) -> int:
        return count_for_training(self.ids, self.test_share)

    def walks(self) -> Iterator[Walk]:
        for pid in range(1, self.ids + 1):
            for outfit in range(self.outfits):
                for camid in range(self.cameras):
                    if self.layout.is_worn(outfit, camid):
                        yield Walk(pid, outfit, camid)

    def shots(self, walk: Walk) -> list[Shot]:
        """Place the frames of a walk: of a test person, one image per walk is chosen as a query."""
        key = walk.pid, walk.camid, walk.outfit, walk.sequence
        if walk.pid <= self.train_ids:
            return [Shot("train", *key, frame) for frame in range(self.frames)]
        rng = generator(self.seed, "query", walk.pid, walk.outfit, walk.camid, walk.sequence)
        chosen = int(rng.integers(self.frames))
        return [
            Shot(self.layout.test_split(walk.camid, frame == chosen), *key, frame)
            for frame in range(self.frames)
        ]

    def described(self) -> dict[str, Any]:
        """Return the numbers, for the note on how a tree was made."""
        return {name: value for name, value in vars(self).items() if name != "layout"}


def synthesize(
    layout_name: str,
    root: Union[str, Path],
    ids: int,
    seed: int,
    *,
    outfits: Optional[int] = None,
    cameras: Optional[int] = None,
    frames: int = 4,
    size: tuple[int, int] = (256, 128),
    test_share: float = 0.5,
    occlusion: float = 0.2,
    frame_rate: float = 5.0,
    annotations: bool = False,
) -> dict[str, int]:
    """Write generated walkers in the layout of a dataset, whole or not at all.

    The first persons are for training, the rest for testing. In most layouts every test person has
    one query image per camera and outfit, and the others are in the gallery. ``generated.json`` in the root
    says how it was made. A person looks the same in every dataset that is made with ``seed``.

    Parameters
    ----------
    layout_name : str
        A registered dataset, e.g. ``"market1501"``.
    root : path
        A folder that is not there yet, or is empty.
    ids : int
        Persons, training and test together; at least 2.
    seed : int
        The world: persons, wardrobes and cameras.
    outfits : int, optional
        Outfits of each person, by default as many as the layout wants; in most layouts each is worn
        before every camera. With 1, clothes tell persons apart, as in Market-1501.
    cameras : int, optional
        At least 2; by default 4, or as many as the layout has if those are fewer.
    frames : int
        Images per person, outfit and camera; at least 2.
    size : tuple of int
        Height and width in pixels.
    test_share : float
        Share of persons for testing, in (0, 1).
    occlusion : float
        Probability that something stands in front of a walker, 0..1.
    frame_rate : float
        Frames per second: 5 spreads images over a stride, 25 makes a video.
    annotations : bool
        Also write silhouettes, masks and keypoints, as described in
        :mod:`mindreid.walkers.annotation_files`.

    Returns
    -------
    dict
        Number of images by split.

    Raises
    ------
    InvalidArgumentError
        If there is no such dataset or layout, or a number makes no sense.
    DataError
        If ``root`` is not empty, or an image cannot be written.
    """
    layout = layout_of(layout_name)
    if cameras is None:
        cameras = min(_DEFAULT_CAMERAS, layout.max_cameras)
    if outfits is None:
        outfits = layout.usual_outfits
    plan = _Plan(layout, ids, seed, outfits, cameras, frames, test_share)
    _check(plan, layout_name)
    rendering = {"size": size, "frame_rate": frame_rate, "occlusion": occlusion}
    made_by = {**plan.described(), **rendering, "size": list(size), "annotations": annotations}
    with atomic_folder(root) as folder:
        shots = _write_images(folder, plan, rendering, annotations)
        finish_tree(folder, layout, shots, WALKERS, made_by)
    counts = {split: sum(shot.split == split for shot in shots) for split in SPLITS}
    logger.info("%d walkers, %d of them for training: %s", ids, plan.train_ids, counts)
    return counts


def _write_images(folder: Path, plan: _Plan, rendering: dict[str, Any], annotations: bool) -> list[Shot]:
    walks = list(plan.walks())
    shots: list[Shot] = []
    with ExitStack() as stack:
        writer = stack.enter_context(AnnotationWriter(folder)) if annotations else None
        progress = stack.enter_context(
            tqdm(total=len(walks) * plan.frames, desc="walkers", unit="image", disable=None)
        )
        for walk in walks:
            frames = render_walk(plan.seed, walk, plan.frames, **rendering)
            for shot, frame in zip(plan.shots(walk), frames):
                write_shot(folder, plan.layout, shot, frame.image)
                if writer is not None:
                    writer.write(plan.layout.relative_path(shot), shot, frame)
                shots.append(shot)
            progress.update(plan.frames)
    return shots


def _check(plan: _Plan, layout_name: str) -> None:
    layout = plan.layout
    check_population(plan.ids, plan.test_share)
    if not layout.min_outfits <= plan.outfits <= layout.max_outfits:
        raise InvalidArgumentError(
            f"a person of {layout_name!r} has {_range(layout.min_outfits, layout.max_outfits)} outfits, "
            f"not {plan.outfits}",
            fix="pass another --outfits",
        )
    if plan.frames < 2:
        raise InvalidArgumentError(
            f"query and gallery each take an image of a walk: frames is at least 2, not {plan.frames}"
        )
    if plan.frames > layout.max_frames:
        raise InvalidArgumentError(
            f"{layout_name!r} takes up to {layout.max_frames} frames of a walk, not {plan.frames}",
            fix="pass another --frames",
        )
    if not layout.min_cameras <= plan.cameras <= layout.max_cameras:
        raise InvalidArgumentError(
            f"{layout_name!r} takes {_range(layout.min_cameras, layout.max_cameras)} cameras, "
            f"not {plan.cameras}",
            fix="pass another --cameras",
        )


def _range(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"
