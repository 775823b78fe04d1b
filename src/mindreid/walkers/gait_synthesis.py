"""Generated walks written in the tree of a gait dataset, for its real loader to read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

import cv2
import numpy as np
from tqdm import tqdm

from mindreid.atomic import atomic_folder, write_json
from mindreid.data.formats.pickles import write_array
from mindreid.data.formats.silhouettes import align_sequence
from mindreid.data.gait_tree import GaitTree, Partition
from mindreid.data.generated_marker import MARKER, WALKERS
from mindreid.data.layouts import SequenceLayout, sequence_layout_of
from mindreid.errors import InvalidArgumentError
from mindreid.walkers.annotation import WalkerFrame
from mindreid.walkers.persons.clothing import combine_outfits
from mindreid.walkers.population import check_population, count_for_training
from mindreid.walkers.walk import Walk, render_walk

logger = logging.getLogger(__name__)

_DEFAULT_CAMERAS = 4
#: Share of the height by which what identifies is hidden beyond its outline, which blur softens.
_MASK_MARGIN = 0.02


@dataclass(frozen=True)
class _Plan:
    """How many of what, in which layout."""

    layout: SequenceLayout
    ids: int
    seed: int
    cameras: int
    frames: int
    rgb_every: int
    size: tuple[int, int]
    test_share: float
    frame_rate: float
    occlusion: float

    @property
    def train_ids(self) -> int:
        return count_for_training(self.ids, self.test_share)

    @property
    def partition(self) -> Partition:
        names = [self.layout.subject(pid) for pid in range(1, self.ids + 1)]
        return Partition(frozenset(names[: self.train_ids]), frozenset(names[self.train_ids :]))

    def walks(self) -> Iterator[tuple[Walk, str]]:
        """Every walk with the name of its condition, whose number stands for the outfit."""
        for pid in range(1, self.ids + 1):
            for number, condition in enumerate(self.layout.conditions):
                for camid in range(self.cameras):
                    yield Walk(pid, number, camid), condition

    def render(self, walk: Walk, condition: str) -> list[WalkerFrame]:
        wear = self.layout.conditions[condition]
        return render_walk(
            self.seed,
            walk,
            self.frames,
            size=self.size,
            frame_rate=self.frame_rate,
            occlusion=self.occlusion,
            azimuth=self.layout.azimuths[walk.camid] if self.layout.azimuths else None,
            outfit=combine_outfits(self.seed, walk.pid, wear.upper, wear.lower, bag=wear.bag),
        )


def synthesize_sequences(
    layout_name: str,
    root: Union[str, Path],
    ids: int,
    seed: int,
    *,
    cameras: Optional[int] = None,
    frames: int = 16,
    rgb_every: int = 4,
    size: tuple[int, int] = (96, 48),
    test_share: float = 0.5,
    frame_rate: float = 10.0,
    occlusion: float = 0.0,
) -> dict[str, int]:
    """Write generated walks in the tree of a gait dataset, whole or not at all.

    The first persons are for training, the rest for testing; the partition file says so. Everybody
    walks once in every condition of the dataset before every camera. What a condition calls the
    same upper or lower clothes is the same; shoes stay the same in all conditions. A person looks
    the same in every dataset that is made with ``seed``.

    Parameters
    ----------
    layout_name : str
        A registered gait dataset: "ccpg", "casia_b" or "gait_pickles".
    root : path
        A folder that is not there yet, or is empty.
    ids : int
        Persons, training and test together; at least 2.
    seed : int
        The world: persons, wardrobes and cameras.
    cameras : int, optional
        At least 2; by default 4, or as many as the layout has if those are fewer.
    frames : int
        Frames of a sequence.
    rgb_every : int
        Of how many frames one is kept in colour, since colour takes much space: the modalities
        "rgbs…" have fewer frames than the silhouettes.
    size : tuple of int
        Height and width of the colour frames.
    test_share : float
        Share of persons for testing, in (0, 1).
    frame_rate : float
        Frames per second.
    occlusion : float
        Probability that something stands in front of a walker, 0..1.

    Returns
    -------
    dict
        Number of sequences for training and for testing.

    Raises
    ------
    InvalidArgumentError
        If the dataset has no layout for walks, or a number makes no sense.
    DataError
        If ``root`` is not empty.
    """
    layout = sequence_layout_of(layout_name)
    if cameras is None:
        cameras = min(_DEFAULT_CAMERAS, len(layout.views))
    plan = _Plan(layout, ids, seed, cameras, frames, rgb_every, size, test_share, frame_rate, occlusion)
    _check(plan, layout_name)
    walks = list(plan.walks())
    with atomic_folder(root) as folder:
        for walk, condition in tqdm(walks, "walks", unit="walk", disable=None):
            _write_sequence(folder, plan, walk, condition)
        plan.partition.write(folder / layout.partition_file)
        made_by = {name: value for name, value in vars(plan).items() if name != "layout"}
        write_json(folder / MARKER, {"kind": WALKERS, **made_by, "size": list(size)})
    of_person = len(layout.conditions) * cameras
    counts = {"train": plan.train_ids * of_person, "test": (ids - plan.train_ids) * of_person}
    logger.info("%d walkers, %d of them for training: %s", ids, plan.train_ids, counts)
    return counts


def _write_sequence(root: Path, plan: _Plan, walk: Walk, condition: str) -> None:
    frames = plan.render(walk, condition)
    view = plan.layout.views[walk.camid]
    folder = root / plan.layout.subject(walk.pid) / condition / view
    for modality in plan.layout.modalities:
        content = MODALITIES[modality](frames, plan.rgb_every)
        write_array(folder / GaitTree(root, "", modality).file_name(view), content)


def _silhouettes(frames: Sequence[WalkerFrame], _rgb_every: int) -> np.ndarray:
    return align_sequence(frame.silhouette for frame in frames)


def _colour_without(*hidden: str) -> Callable[[Sequence[WalkerFrame], int], np.ndarray]:
    """Make a modality of colour frames in which the ``hidden`` ones of "face" and "shoes" are black."""

    def colour(frames: Sequence[WalkerFrame], rgb_every: int) -> np.ndarray:
        images = [_hide(frame, hidden) for frame in frames[::rgb_every]]
        return np.stack([image.transpose(2, 0, 1) for image in images])

    return colour


def _hide(frame: WalkerFrame, hidden: Sequence[str]) -> np.ndarray:
    image = frame.image.copy()
    reach = 2 * max(round(_MASK_MARGIN * len(image)), 1) + 1
    for part in hidden:
        image[cv2.dilate(getattr(frame, part), np.ones((reach, reach), np.uint8)) > 0] = 0
    return image


#: What a sequence may have beside others, uint8: aligned silhouettes ``[frames, 64, 64]``, colour
#: frames ``[frames, 3, height, width]`` with or without what betrays a person whose clothes change.
MODALITIES: dict[str, Callable[[Sequence[WalkerFrame], int], np.ndarray]] = {
    "": _silhouettes,
    "aligned-sils": _silhouettes,
    "rgbs": _colour_without(),
    "rgbs-mask-face": _colour_without("face"),
    "rgbs-mask-shoes": _colour_without("shoes"),
    "rgbs-mask-face-shoes": _colour_without("face", "shoes"),
}


def _check(plan: _Plan, layout_name: str) -> None:
    check_population(plan.ids, plan.test_share)
    if not 2 <= plan.cameras <= len(plan.layout.views):
        raise InvalidArgumentError(
            f"{layout_name!r} takes 2 to {len(plan.layout.views)} cameras, not {plan.cameras}",
            fix="pass another --cameras",
        )
    if plan.rgb_every < 1:
        raise InvalidArgumentError(f"one of rgb_every frames is kept in colour, not of {plan.rgb_every}")
