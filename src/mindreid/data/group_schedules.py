"""How the groups of images of each person are dealt to batches of distinct persons."""

from __future__ import annotations

import numpy as np


def fillable_batches(groups: np.ndarray, persons: int) -> int:
    """Greatest number of batches of distinct persons: B with ``sum(min(groups, B)) >= persons * B``."""
    batches = int(groups.sum()) // persons
    while True:
        filled = int(np.minimum(groups, batches).sum()) // persons
        if filled >= batches:
            return batches
        batches = filled


def deal_evenly(groups: np.ndarray, persons: int, batches: int, generator: np.random.Generator) -> np.ndarray:
    """Deal ``groups[i]`` turns of person i to ``batches`` batches of distinct persons.

    Every batch first takes those who have as many turns left as there are batches left, since they
    could not be placed later; they are never more than ``persons``, as the turns left add up to
    ``persons`` times the batches left. The other places are drawn with odds proportional to turns
    left: the ``persons`` least of exponential variables with these rates.
    """
    left = np.minimum(groups, batches)
    turns = np.repeat(np.arange(len(left)), left)
    surplus = generator.choice(turns, len(turns) - persons * batches, replace=False)
    left = left - np.bincount(surplus, minlength=len(left))
    schedule = np.empty((batches, persons), np.int64)
    for batch in range(batches):
        keys = np.full(len(left), np.inf)
        np.divide(generator.exponential(size=len(left)), left, out=keys, where=left > 0)
        keys[left == batches - batch] = -1
        chosen = np.argpartition(keys, persons - 1)[:persons]
        schedule[batch] = generator.permutation(chosen)
        left[chosen] -= 1
    return schedule


def deal_while_persons_last(groups: np.ndarray, persons: int, generator: np.random.Generator) -> np.ndarray:
    """Draw ``persons`` persons a batch, with equal odds among those with groups left, until too few have.

    Parameters
    ----------
    groups : np.ndarray
        int ``[N]``, how many groups of images each person has.
    persons : int
        Distinct persons of a batch, at most N.
    generator : np.random.Generator
        Decides the draws, and with them how many batches there are.

    Returns
    -------
    np.ndarray
        int64 ``[batches, persons]``, the persons of each batch, each at most as often as its groups.
    """
    left, available = groups.copy(), np.flatnonzero(groups)
    schedule = []
    while len(available) >= persons:
        chosen = generator.choice(available, persons, replace=False)
        left[chosen] -= 1
        available = available[left[available] > 0]
        schedule.append(chosen)
    return np.array(schedule, np.int64).reshape(-1, persons)
