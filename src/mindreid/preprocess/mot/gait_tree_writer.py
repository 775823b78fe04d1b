"""Real gait sequences: silhouettes of annotated persons before a camera that stands still.

As in :mod:`mindreid.preprocess.mot.crops`, time takes the place of cameras: each part of a person's track
counts as a view. A part is cut into sequences of equal length.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mindreid.atomic import atomic_folder, write_json
from mindreid.data.datasets.gait_pickles import PARTITION_FILE
from mindreid.data.formats.pickles import write_array
from mindreid.data.formats.silhouettes import align_silhouette
from mindreid.data.gait_tree import Partition
from mindreid.data.generated_marker import MARKER
from mindreid.errors import DataError
from mindreid.preprocess.mot.annotations import read_annotations
from mindreid.preprocess.mot.background import StillBackground, walker_in_box
from mindreid.preprocess.mot.bounds import leave_out_outside
from mindreid.preprocess.mot.boxes import Box, outermost_frames
from mindreid.preprocess.mot.frames import Frames, open_frames
from mindreid.preprocess.mot.new_root import check_new_root
from mindreid.preprocess.mot.rules import Cutting, Reading, SilhouetteRules
from mindreid.preprocess.mot.tracks import Parts, require_persons, training_persons, usable_persons

logger = logging.getLogger(__name__)

#: The background is learnt from every n-th frame.
_LEARN_EVERY = 3


def mot_to_silhouettes(
    source: Path,
    annotations: Path,
    root: Path,
    *,
    reading: Reading = Reading(),
    cutting: Cutting = Cutting(),
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
    reading : Reading
        How the files are understood where they do not tell themselves.
    cutting : Cutting
        How tracks become persons and views, and who is trained on.
    rules : SilhouetteRules
        Which boxes become silhouettes, and how many are a sequence.

    Returns
    -------
    dict
        Sequences for "train" and "test", and "frames" in all, as written.

    Raises
    ------
    DataError
        If the sequence can't be read, frames and annotations don't fit each other, or fewer than two
        persons are left to train or test on.
    """
    check_new_root(root, source)
    boxes = read_annotations(annotations, reading)
    frames = open_frames(source, outermost_frames(boxes), reading.first_frame)
    clear = leave_out_outside(_clear_boxes(boxes, rules), frames.size, annotations)
    persons = usable_persons(clear, cutting)
    found = _silhouettes(frames, persons, rules.fill, source)
    sequences = {
        (number, part, index): silhouettes
        for number, parts in enumerate(persons)
        for part, in_part in enumerate(parts)
        for index, silhouettes in enumerate(_cut(found, in_part, rules.length))
    }
    names = {number: f"{number + 1:03d}" for number in sorted({key[0] for key in sequences})}
    require_persons(len(names), "seen whole, as silhouettes")
    trained = training_persons(len(names), cutting)
    train = frozenset(name for rank, name in enumerate(names.values()) if rank in trained)
    with atomic_folder(root) as folder:
        _write_sequences(folder, sequences, names)
        Partition(train, frozenset(names.values()) - train).write(folder / PARTITION_FILE)
        counts = _counts(sequences, names, train)
        made_by = {
            "annotations": annotations.name,
            "frame_rate": frames.frame_rate,
            "persons": len(names),
            **asdict(reading),
            **asdict(cutting),
            "rules": asdict(rules),
            "sequences": counts,
        }
        write_json(folder / MARKER, {"kind": f"silhouettes of {source.name}", **made_by})
    logger.info("%d persons, %d of them for training: %s", len(names), len(train), counts)
    return counts


_Key = tuple[int, int, int]


def _write_sequences(folder: Path, sequences: dict[_Key, np.ndarray], names: dict[int, str]) -> None:
    for (number, part, index), silhouettes in sequences.items():
        view = f"{part + 1:02d}"
        write_array(folder / names[number] / f"seq-{index + 1:02d}" / view / f"{view}.pkl", silhouettes)


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
    frames: Frames, persons: Sequence[Parts], fill: tuple[float, float], source: Path
) -> dict[tuple[int, int], np.ndarray]:
    """Align the silhouettes of all boxes where there is a whole one, by frame and identity."""
    wanted: dict[int, list[Box]] = {}
    for parts in persons:
        for box in (box for part in parts for box in part):
            wanted.setdefault(box.frame, []).append(box)
    numbers = sorted(wanted)
    learnt = frames.spread(_LEARN_EVERY, numbers[-1]) or numbers
    learning = tqdm(frames.read(learnt), "background", len(learnt), unit="frame", disable=None)
    background = StillBackground(image for _, image in learning)
    found = {}
    # Frames without boxes change nothing, since the background is not learnt any more.
    for number, image in tqdm(frames.read(numbers), "silhouettes", len(numbers), unit="frame", disable=None):
        foreground = background.foreground(image)
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
