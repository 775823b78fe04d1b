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
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from mindreid import zoo
from mindreid.atomic import atomic_folder
from mindreid.data.generated_marker import finish_tree, write_shot
from mindreid.data.layouts import Layout, Shot
from mindreid.data.summary import SPLITS
from mindreid.errors import DataError
from mindreid.preprocess.mot.annotations import read_annotations
from mindreid.preprocess.mot.bounds import clip_box, leave_out_outside
from mindreid.preprocess.mot.boxes import Box, outermost_frames
from mindreid.preprocess.mot.frames import Frames, open_frames
from mindreid.preprocess.mot.new_root import check_new_root
from mindreid.preprocess.mot.rules import CropRules, Cutting, Reading
from mindreid.preprocess.mot.tracks import Parts, training_persons, usable_persons

logger = logging.getLogger(__name__)


def mot_to_market(
    source: Path,
    annotations: Path,
    root: Path,
    *,
    reading: Reading = Reading(),
    cutting: Cutting = Cutting(),
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
    reading : Reading
        How the files are understood where they do not tell themselves.
    cutting : Cutting
        How tracks become persons and cameras, and who is trained on.
    rules : CropRules
        Which boxes become crops, and how many are queries.

    Returns
    -------
    dict
        Images by split, as written.

    Raises
    ------
    DataError
        If the sequence can't be read, frames and annotations don't fit each other, fewer than two
        persons are left to train or test on, or none for the gallery.
    """
    check_new_root(root, source)
    layout: Layout = zoo.DATASETS["market1501"].layout  # type: ignore[assignment]
    boxes = read_annotations(annotations, reading)
    frames = open_frames(source, outermost_frames(boxes), reading.first_frame)
    accepted = leave_out_outside([box for box in boxes if rules.accept(box)], frames.size, annotations)
    # What is cut and counted is what will be written.
    inside = [box for box in accepted if clip_box(box, frames.size, rules.min_inside)]
    persons = usable_persons(inside, cutting)
    _refuse_cameras(persons, layout)
    trained = training_persons(len(persons), cutting)
    shots = [
        placed
        for number, parts in enumerate(persons)
        for placed in _place(parts, number + 1, 0 if number in trained else rules.queries)
    ]
    counts = {split: sum(shot.split == split for _, shot in shots) for split in SPLITS}
    if not counts["gallery"]:
        raise DataError("every picture of the test persons is a query", fix="lower --queries")
    with atomic_folder(root) as folder:
        _write_crops(frames, shots, folder, layout)
        made_by = {
            "annotations": annotations.name,
            "frame_rate": frames.frame_rate,
            "persons": len(persons),
            **asdict(reading),
            **asdict(cutting),
            "rules": asdict(rules),
            "images": counts,
        }
        finish_tree(folder, layout, [shot for _, shot in shots], f"crops of {source.name}", made_by)
    logger.info("%d persons, %d of them for training: %s", len(persons), len(trained), counts)
    return counts


def _refuse_cameras(persons: Sequence[Parts], layout: Layout) -> None:
    most = max(len(parts) for parts in persons)
    if most > layout.max_cameras:
        raise DataError(
            f"a person's tracks have {most} parts, which serve as cameras, and Market-1501's names tell "
            f"{layout.max_cameras} apart",
            fix="lower --segments, or join fewer tracks with --same-person",
        )


def _place(parts: Parts, pid: int, queries: int) -> list[tuple[Box, Shot]]:
    """Give each box its place: for training without ``queries``, else query or gallery."""
    placed = []
    for camid, part in enumerate(parts):
        # The middles of equal shares of the part, so that neighbouring frames are not all queries.
        number_chosen = min(queries, len(part))
        chosen = {int((number + 0.5) * len(part) / number_chosen) for number in range(number_chosen)}
        for index, box in enumerate(part):
            test = "query" if index in chosen else "gallery"
            split = test if queries else "train"
            placed.append((box, Shot(split, pid, camid, outfit=0, sequence=0, frame=box.frame)))
    return placed


def _write_crops(frames: Frames, shots: Sequence[tuple[Box, Shot]], folder: Path, layout: Layout) -> None:
    by_frame: dict[int, list[tuple[Box, Shot]]] = {}
    for box, shot in shots:
        by_frame.setdefault(box.frame, []).append((box, shot))
    numbers = sorted(by_frame)
    for number, image in tqdm(frames.read(numbers), "frames", len(numbers), unit="frame", disable=None):
        for box, shot in by_frame[number]:
            # All of them were found to lie inside well enough.
            rows_and_columns = clip_box(box, frames.size, 0.0)
            write_shot(folder, layout, shot, image[rows_and_columns])
