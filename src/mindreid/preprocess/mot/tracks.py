"""Tracks of a MOT sequence as persons: parts that serve as cameras, and who is trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.preprocess.mot.annotations import Box

_MIN_PERSONS = 2

#: The boxes of one person, a list for each camera.
Parts = list[list[Box]]


def check_cutting(train_share: float, segments: int, gap: int) -> None:
    """Raise an InvalidArgumentError unless tracks can be cut and persons shared out like this."""
    if not 0 < train_share < 1:
        raise InvalidArgumentError(f"train_share is a share between 0 and 1, not {train_share}")
    if segments < 2:
        raise InvalidArgumentError("a track is cut into at least 2 segments, one to find the other")
    if gap < 0:
        raise InvalidArgumentError(f"gap is a number of frames, not {gap}")


def usable_persons(
    boxes: Sequence[Box], segments: int, gap: int, same_person: Sequence[Sequence[int]]
) -> list[Parts]:
    """Cut every track and join those of a person; tracks with an empty segment are left out.

    Parameters
    ----------
    boxes : sequence of Box
        Of all tracks.
    segments, gap : int
        As in :func:`cut_track`.
    same_person : sequence of sequences of int
        Annotated identities that are one person.

    Returns
    -------
    list of list of list of Box
        By person, in the order of their first identities, and by part.

    Raises
    ------
    DataError
        If ``same_person`` names an identity without a box, or fewer than four persons are left.
    """
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


def training_persons(persons: int, share: float, seed: int) -> set[int]:
    """Draw which of the persons 0..``persons`` - 1 are for training; at least two are not."""
    count = min(max(round(share * persons), _MIN_PERSONS), persons - _MIN_PERSONS)
    return set(np.random.default_rng(seed).permutation(persons)[:count].tolist())
