"""Real gait sequences: silhouettes of annotated persons before a camera that stands still.

As in :mod:`mindreid.preprocess.mot.crops`, time takes the place of cameras: each part of a person's track
counts as a view. A part is cut into sequences of equal length.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mindreid.atomic import atomic_folder, write_json
from mindreid.data.datasets.gait_pickles import PARTITION_FILE
from mindreid.data.formats.pickles import write_array
from mindreid.data.formats.silhouettes import align_silhouette
from mindreid.data.gait_tree import Partition
from mindreid.data.generated_marker import MARKER
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.preprocess.mot.annotations import Box, read_annotations
from mindreid.preprocess.mot.background import StillBackground, walker_in_box
from mindreid.preprocess.mot.frames import read_frames
from mindreid.preprocess.mot.tracks import Parts, check_cutting, training_persons, usable_persons

logger = logging.getLogger(__name__)

#: The background is learnt from every n-th frame.
_LEARN_EVERY = 3


@dataclass(frozen=True)
class SilhouetteRules:
    """Which boxes become silhouettes.

    Attributes
    ----------
    min_confidence : float
        Boxes below are left out.
    min_height : float
        Smallest height of the box in pixels.
    max_overlap : float
        Greatest share of the box that another one may cover, before or behind it: the silhouettes
        of two persons who touch cannot be told apart.
    fill : tuple of float
        Least and greatest share of its box that a silhouette covers.
    """

    min_confidence: float = 0.5
    min_height: float = 40.0
    max_overlap: float = 0.05
    fill: tuple[float, float] = (0.25, 0.75)


def mot_to_silhouettes(
    source: Path,
    annotations: Path,
    root: Path,
    *,
    seed: int = 1,
    train_share: float = 0.5,
    segments: int = 2,
    gap: int = 7,
    length: int = 16,
    same_person: Sequence[Sequence[int]] = (),
    rules: SilhouetteRules = SilhouetteRules(),
) -> dict[str, int]:
    """Write silhouette sequences of a video's persons as the dataset ``gait_pickles``.

    Parameters
    ----------
    source : Path
        The video, or the folder of its frames; the camera must not move.
    annotations : Path
        The sequence's ``gt.txt``.
    root : Path
        The dataset to write: whole, or not at all. ``generated.json`` in it says how it was made.
    seed : int
        Decides which persons are for training.
    train_share : float
        Share of persons for training, in (0, 1).
    segments : int
        Parts of a track, at least 2; each counts as a view.
    gap : int
        Frames between two parts that are left out.
    length : int
        Frames of a sequence; what is left over of a part is a sequence of its own if it has at
        least half as many, or all of it if the part has no more.
    same_person : sequence of sequences of int
        Annotated identities that are one person; their tracks become further views of it.
    rules : SilhouetteRules
        Which boxes become silhouettes.

    Returns
    -------
    dict
        Sequences for "train" and "test", and "frames" in all.

    Raises
    ------
    DataError
        If the video can't be read, or leaves fewer than two persons to train or test on.
    InvalidArgumentError
        If an argument is out of range.
    """
    check_cutting(train_share, segments, gap)
    if length < 1:
        raise InvalidArgumentError(f"a sequence has at least one frame, not {length}")
    persons = usable_persons(_clear_boxes(read_annotations(annotations), rules), segments, gap, same_person)
    found = _silhouettes(source, persons, rules.fill)
    sequences = {
        (number, part, index): frames
        for number, parts in enumerate(persons)
        for part, boxes in enumerate(parts)
        for index, frames in enumerate(_cut(found, boxes, length))
    }
    names = {number: f"{number + 1:03d}" for number in sorted({key[0] for key in sequences})}
    trained = training_persons(len(names), train_share, seed)
    train = frozenset(name for rank, name in enumerate(names.values()) if rank in trained)
    with atomic_folder(root) as folder:
        for (number, part, index), frames in sequences.items():
            view = f"{part + 1:02d}"
            write_array(folder / names[number] / f"seq-{index + 1:02d}" / view / f"{view}.pkl", frames)
        Partition(train, frozenset(names.values()) - train).write(folder / PARTITION_FILE)
        counts = _counts(sequences, names, train)
        made_by = {
            "persons": len(names), "seed": seed, "train_share": train_share, "segments": segments, "gap": gap,
            "length": length, "same_person": [list(group) for group in same_person], "rules": asdict(rules),
            "sequences": counts,
        }  # fmt: skip
        write_json(folder / MARKER, {"kind": f"silhouettes of {source.name}", **made_by})
    logger.info("%d persons, %d of them for training: %s", len(names), len(train), counts)
    return counts


_Key = tuple[int, int, int]


def _counts(
    sequences: dict[_Key, np.ndarray], names: dict[int, str], train: frozenset[str]
) -> dict[str, int]:
    trained = sum(names[key[0]] in train for key in sequences)
    frames = sum(len(sequence) for sequence in sequences.values())
    return {"train": trained, "test": len(sequences) - trained, "frames": frames}


def _clear_boxes(boxes: Sequence[Box], rules: SilhouetteRules) -> list[Box]:
    by_frame: dict[int, list[Box]] = {}
    for box in boxes:
        by_frame.setdefault(box.frame, []).append(box)

    def is_clear(box: Box) -> bool:
        others = (other for other in by_frame[box.frame] if other is not box)
        return (
            box.confidence >= rules.min_confidence
            and box.height >= rules.min_height
            and max((box.covered_by(other) for other in others), default=0.0) <= rules.max_overlap
        )

    return [box for box in boxes if is_clear(box)]


def _silhouettes(
    source: Path, persons: Sequence[Parts], fill: tuple[float, float]
) -> dict[tuple[int, int], np.ndarray]:
    """Align the silhouettes of all boxes where there is a whole one, by frame and identity."""
    wanted: dict[int, list[Box]] = {}
    for parts in persons:
        for box in (box for part in parts for box in part):
            wanted.setdefault(box.frame, []).append(box)
    last = max(wanted)
    learnt = (frame for number, frame in read_frames(source, last) if number % _LEARN_EVERY == 0)
    background = StillBackground(tqdm(learnt, "background", last // _LEARN_EVERY, unit="frame", disable=None))
    found = {}
    for number, frame in tqdm(read_frames(source, last), "silhouettes", last, unit="frame", disable=None):
        # Frames without boxes change nothing, since the background is not learnt any more.
        if number not in wanted:
            continue
        foreground = background.foreground(frame)
        for box in wanted[number]:
            walker = walker_in_box(foreground, box, fill=fill)
            aligned = None if walker is None else align_silhouette(walker)
            if aligned is not None:
                found[number, box.person] = aligned
    if not found:
        raise DataError("there is no whole silhouette in any box", where=str(source))
    return found


def _cut(found: dict[tuple[int, int], np.ndarray], boxes: Sequence[Box], length: int) -> list[np.ndarray]:
    frames = [found[box.frame, box.person] for box in boxes if (box.frame, box.person) in found]
    pieces = [frames[begin : begin + length] for begin in range(0, len(frames), length)]
    return [np.stack(piece) for piece in pieces if 2 * len(piece) >= min(length, len(frames))]
