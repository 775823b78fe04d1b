"""Real pedestrians for re-identification: crops in Market-1501's layout from a MOT sequence.

One camera sees a person once, so time takes the place of cameras: a person's track is cut into
segments with a gap between them, and each segment counts as a camera. Between two segments the
person has gone on, turned, or come nearer. Training and test persons are different ones.

Trackers' annotations number tracks: who leaves the scene and comes back is a new identity there.
``same_person`` says which of them are one person, so that nobody is both trained and tested on.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional

import numpy as np
from tqdm import tqdm

from mindreid import zoo
from mindreid.atomic import atomic_folder
from mindreid.data.generated import finish_tree, write_shot
from mindreid.data.layouts import Layout, Shot
from mindreid.data.summary import SPLITS
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.preprocess.mot_annotations import Box, read_annotations
from mindreid.preprocess.mot_frames import read_frames

logger = logging.getLogger(__name__)

_MIN_PERSONS = 2


@dataclass(frozen=True)
class CropRules:
    """Which boxes become crops.

    Attributes
    ----------
    min_confidence : float
        Boxes below are left out.
    min_visibility : float
        Smallest visible share of a box.
    min_height : float
        Smallest height in pixels.
    min_inside : float
        Smallest share of the box inside the image; crops are clipped to the image.
    every : int
        Take every n-th frame.
    """

    min_confidence: float = 0.5
    min_visibility: float = 0.6
    min_height: float = 40.0
    min_inside: float = 0.8
    every: int = 1

    def accept(self, box: Box) -> bool:
        """Whether a box is good enough, as far as it can be told without the image."""
        return (
            box.confidence >= self.min_confidence
            and box.visibility >= self.min_visibility
            and box.height >= self.min_height
            and (box.frame - 1) % self.every == 0
        )


def mot_to_market(
    source: Path,
    annotations: Path,
    root: Path,
    *,
    seed: int = 1,
    train_share: float = 0.5,
    segments: int = 2,
    gap: int = 7,
    queries: int = 1,
    same_person: Sequence[Sequence[int]] = (),
    rules: CropRules = CropRules(),
) -> dict[str, int]:
    """Write crops of a sequence's persons in Market-1501's layout.

    Parameters
    ----------
    source : Path
        The video, or the folder of its frames.
    annotations : Path
        The sequence's ``gt.txt``.
    root : Path
        The dataset to write: whole, or not at all. ``generated.json`` in it says how it was made.
    seed : int
        Decides which persons are for training.
    train_share : float
        Share of persons for training, in (0, 1).
    segments : int
        Parts of a track, at least 2; each counts as a camera.
    gap : int
        Frames between two parts that are left out.
    queries : int
        Query images of each part of a test person, evenly spaced; the others are gallery.
    same_person : sequence of sequences of int
        Annotated identities that are one person; their tracks become further cameras of it.
    rules : CropRules
        Which boxes become crops.

    Returns
    -------
    dict
        Images by split.

    Raises
    ------
    DataError
        If the sequence can't be read, or leaves fewer than two persons to train or test on.
    InvalidArgumentError
        If an argument is out of range.
    """
    _check_arguments(train_share, segments, gap, queries)
    boxes = [box for box in read_annotations(annotations) if rules.accept(box)]
    persons = _usable_persons(boxes, segments, gap, same_person)
    trained = _training_persons(len(persons), train_share, seed)
    shots = {
        (box.frame, box.person): shot
        for number, parts in enumerate(persons)
        for box, shot in _place(parts, number + 1, 0 if number in trained else queries)
    }
    layout: Layout = zoo.DATASETS["market1501"].layout  # type: ignore[assignment]
    with atomic_folder(root) as folder:
        written = _write_crops(source, boxes, shots, folder, layout, rules.min_inside)
        counts = {split: sum(shot.split == split for shot in written) for split in SPLITS}
        made_by = {
            "persons": len(persons),
            "seed": seed,
            "train_share": train_share,
            "segments": segments,
            "gap": gap,
            "queries": queries,
            "same_person": [list(group) for group in same_person],
            "rules": asdict(rules),
            "images": counts,
        }
        finish_tree(folder, layout, written, f"crops of {source.name}", made_by)
    logger.info("%d persons, %d of them for training: %s", len(persons), len(trained), counts)
    return counts


#: The boxes of one person, a list for each camera.
Parts = list[list[Box]]


def _check_arguments(train_share: float, segments: int, gap: int, queries: int) -> None:
    if not 0 < train_share < 1:
        raise InvalidArgumentError(f"train_share is a share between 0 and 1, not {train_share}")
    if segments < 2:
        raise InvalidArgumentError("a track is cut into at least 2 segments, one to find the other")
    if gap < 0:
        raise InvalidArgumentError(f"gap is a number of frames, not {gap}")
    if queries < 1:
        raise InvalidArgumentError(f"a test person has at least one query per segment, not {queries}")


def _usable_persons(
    boxes: Sequence[Box], segments: int, gap: int, same_person: Sequence[Sequence[int]]
) -> list[Parts]:
    """Cut every track and join those of a person; tracks with an empty segment are left out."""
    first_of = {identity: group[0] for group in same_person for identity in group}
    by_track: dict[int, list[Box]] = {}
    for box in sorted(boxes, key=lambda box: box.frame):
        by_track.setdefault(box.person, []).append(box)
    unknown = sorted(set(first_of) - set(by_track))
    if unknown:
        raise DataError(f"the identities {unknown} of same_person have no usable box in the annotations")
    by_person: dict[int, Parts] = {}
    for identity, track in by_track.items():
        parts = cut_track(track, segments, gap)
        if all(parts):
            by_person.setdefault(first_of.get(identity, identity), []).extend(parts)
    if len(by_person) < 2 * _MIN_PERSONS:
        raise DataError(
            f"{len(by_person)} persons are seen long and well enough, at least {2 * _MIN_PERSONS} are needed",
            fix="lower the limits on visibility and height, the segments or the gap",
        )
    return [by_person[person] for person in sorted(by_person)]


def cut_track(boxes: Sequence[Box], segments: int, gap: int) -> Parts:
    """Cut a track, ordered by frame, into parts of equal duration with ``gap`` frames between."""
    first, last = boxes[0].frame, boxes[-1].frame
    length = (last - first + 1 - gap * (segments - 1)) / segments
    parts: Parts = [[] for _ in range(segments)]
    for box in boxes:
        part, offset = divmod(box.frame - first, length + gap) if length > 0 else (0, 0)
        if offset < length:
            parts[int(part)].append(box)
    return parts


def _training_persons(persons: int, share: float, seed: int) -> set[int]:
    count = min(max(round(share * persons), _MIN_PERSONS), persons - _MIN_PERSONS)
    return set(np.random.default_rng(seed).permutation(persons)[:count].tolist())


def _place(parts: Parts, pid: int, queries: int) -> list[tuple[Box, Shot]]:
    """Give each box its place: for training without ``queries``, else query or gallery."""
    placed = []
    for camid, part in enumerate(parts):
        # The middles of equal shares of the part, so that neighbouring frames are not all queries.
        chosen = {int((number + 0.5) * len(part) / queries) for number in range(queries)}
        for index, box in enumerate(part):
            test = "query" if index in chosen else "gallery"
            split = test if queries else "train"
            placed.append((box, Shot(split, pid, camid, outfit=0, sequence=0, frame=box.frame)))
    return placed


def _write_crops(
    source: Path,
    boxes: Sequence[Box],
    shots: dict[tuple[int, int], Shot],
    folder: Path,
    layout: Layout,
    min_inside: float,
) -> list[Shot]:
    wanted: dict[int, list[tuple[Box, Shot]]] = {}
    for box in boxes:
        if (box.frame, box.person) in shots:
            wanted.setdefault(box.frame, []).append((box, shots[box.frame, box.person]))
    last, written = max(wanted), []
    for number, image in tqdm(read_frames(source, last), "frames", total=last, unit="frame", disable=None):
        for box, shot in wanted.get(number, ()):
            crop = crop_box(image, box, min_inside)
            if crop is not None:
                write_shot(folder, layout, shot, crop)
                written.append(shot)
    return written


def crop_box(image: np.ndarray, box: Box, min_inside: float) -> Optional[np.ndarray]:
    """Cut a box out of uint8 ``[H, W, 3]``, clipped to it; ``None`` if too much lies outside."""
    height, width = image.shape[:2]
    left, right = max(round(box.left), 0), min(round(box.left + box.width), width)
    top, bottom = max(round(box.top), 0), min(round(box.bottom), height)
    if right <= left or bottom <= top:
        return None
    if (right - left) * (bottom - top) < min_inside * box.width * box.height:
        return None
    return image[top:bottom, left:right]
