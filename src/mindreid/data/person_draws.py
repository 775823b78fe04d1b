"""Random choices that a protocol prescribes: who is trained on, which of a person's images is ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

import numpy as np

from mindreid.data.records import Record, Records
from mindreid.errors import InvalidArgumentError


def draw_training_persons(pids: Iterable[int], count: Optional[int], split: int) -> frozenset[int]:
    """Draw the persons that are trained on; the others are tested.

    Parameters
    ----------
    pids : iterable of int
        All persons, in any order and as often as one likes.
    count : int, optional
        How many to draw; by default half of them, rounded down.
    split : int
        Which of the random splits, from 0.

    Raises
    ------
    InvalidArgumentError
        If nobody would be left to train or to test on, or ``split`` is negative.
    """
    persons = sorted(set(pids))
    wanted = len(persons) // 2 if count is None else count
    if not 1 <= wanted < len(persons):
        raise InvalidArgumentError(
            f"train_persons={wanted} of {len(persons)} persons leaves nobody to train or to test on"
        )
    if split < 0:
        raise InvalidArgumentError(f"split={split} is no number from 0")
    drawn = np.random.default_rng(split).permutation(persons)[:wanted]
    return frozenset(int(pid) for pid in drawn)


def draw_single_shots(gallery: Sequence[Record], trials: int, seed: int) -> tuple[Records, ...]:
    """Draw one record of each person, ``trials`` times.

    Returns
    -------
    tuple of tuple of Record
        One gallery per trial, by ascending pid; the same for the same records in any order.
    """
    images: dict[int, list[Record]] = {}
    for record in sorted(gallery, key=lambda record: (record.pid, record.paths)):
        images.setdefault(record.pid, []).append(record)
    generator = np.random.default_rng(seed)
    return tuple(tuple(own[generator.integers(len(own))] for own in images.values()) for _ in range(trials))
