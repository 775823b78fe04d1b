"""Tracks of a MOT sequence as persons: parts that serve as cameras, and who is trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindreid.errors import DataError
from mindreid.preprocess.mot.boxes import Box
from mindreid.preprocess.mot.rules import Cutting

_MIN_PERSONS = 2

#: The boxes of one person, a list for each camera.
Parts = list[list[Box]]


def usable_persons(boxes: Sequence[Box], cutting: Cutting) -> list[Parts]:
    """Cut every track and join those of a person; tracks with an empty segment are left out.

    Parameters
    ----------
    boxes : sequence of Box
        Of all tracks.
    cutting : Cutting
        How they are cut, and which tracks are one person.

    Returns
    -------
    list of list of list of Box
        By person, in the order of their first identities, and by part.

    Raises
    ------
    DataError
        If ``same_person`` names an identity without a box, or two that are in one frame; or fewer than
        four persons are left.
    """
    first_of = {identity: group[0] for group in cutting.same_person for identity in group}
    by_track: dict[int, list[Box]] = {}
    for box in sorted(boxes, key=lambda box: box.frame):
        by_track.setdefault(box.person, []).append(box)
    unknown = sorted(set(first_of) - set(by_track))
    if unknown:
        raise DataError(f"the identities {unknown} of same_person have no usable box in the annotations")
    _refuse_meetings(boxes, first_of)
    by_person: dict[int, Parts] = {}
    for identity, track in by_track.items():
        # With more segments than boxes, one would be empty.
        parts = cut_track(track, cutting.segments, cutting.gap) if len(track) >= cutting.segments else [[]]
        if all(parts):
            by_person.setdefault(first_of.get(identity, identity), []).extend(parts)
    require_persons(len(by_person), "seen long and well enough")
    return [by_person[person] for person in sorted(by_person)]


def _refuse_meetings(boxes: Sequence[Box], first_of: dict[int, int]) -> None:
    seen: dict[tuple[int, int], Box] = {}
    for box in boxes:
        if box.person in first_of:
            other = seen.setdefault((box.frame, first_of[box.person]), box)
            if other is not box:
                raise DataError(
                    f"the identities {other.person} and {box.person} of same_person are both in frame "
                    f"{box.frame} (lines {other.line} and {box.line} of the annotations)",
                    fix="join only tracks that follow each other",
                )


def require_persons(count: int, how: str) -> None:
    """Raise a DataError unless there are two persons each to train and to test on."""
    if count < 2 * _MIN_PERSONS:
        raise DataError(
            f"{count} persons are {how}, at least {2 * _MIN_PERSONS} are needed",
            fix="lower the limits on visibility and height, the segments or the gap",
        )


def cut_track(boxes: Sequence[Box], segments: int, gap: int) -> Parts:
    """Cut a track, ordered by frame, into parts of equal duration with ``gap`` frames between."""
    first, last = boxes[0].frame, boxes[-1].frame
    parts: Parts = [[] for _ in range(segments)]
    # In parts of a frame that make everything whole: a rounded border would put a box into another part.
    length = last - first + 1 - gap * (segments - 1)
    if length <= 0:
        return parts
    for box in boxes:
        part, offset = divmod((box.frame - first) * segments, length + gap * segments)
        if offset < length:
            parts[part].append(box)
    return parts


def training_persons(persons: int, cutting: Cutting) -> set[int]:
    """Draw which of the persons 0..``persons`` - 1 are for training; at least two are not."""
    count = min(max(round(cutting.train_share * persons), _MIN_PERSONS), persons - _MIN_PERSONS)
    return set(np.random.default_rng(cutting.seed).permutation(persons)[:count].tolist())
