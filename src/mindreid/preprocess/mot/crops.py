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

from mindreid.atomic import atomic_folder
from mindreid.data.generated_marker import finish_tree, write_shot
from mindreid.data.layouts import Layout, Shot, layout_of
from mindreid.data.summary import SPLITS
from mindreid.errors import InvalidArgumentError
from mindreid.preprocess.mot.annotations import Box, read_annotations
from mindreid.preprocess.mot.frames import read_frames
from mindreid.preprocess.mot.tracks import Parts, check_cutting, training_persons, usable_persons

logger = logging.getLogger(__name__)


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
    check_cutting(train_share, segments, gap)
    if queries < 1:
        raise InvalidArgumentError(f"a test person has at least one query per segment, not {queries}")
    boxes = [box for box in read_annotations(annotations) if rules.accept(box)]
    persons = usable_persons(boxes, segments, gap, same_person)
    trained = training_persons(len(persons), train_share, seed)
    shots = {
        (box.frame, box.person): shot
        for number, parts in enumerate(persons)
        for box, shot in _place(parts, number + 1, 0 if number in trained else queries)
    }
    layout = layout_of("market1501")
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
