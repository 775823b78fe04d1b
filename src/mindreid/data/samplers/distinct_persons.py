"""Batches of P different persons with K images each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from mindreid import zoo
from mindreid.data.group_schedules import deal_evenly, fillable_batches
from mindreid.data.records import Record
from mindreid.data.samplers.ranked_sampler import (
    RankedSampler,
)


class DistinctPersonsSampler(RankedSampler):
    """P×K batches: ``persons`` distinct persons with ``images`` images each.

    All ranks draw the same global batches from the same seed, and each takes the rows of its own
    ``persons / world_size`` persons. A person with fewer than ``images`` images fills its rows by
    taking all of them again, as often as needed.

    Parameters
    ----------
    records : sequence of Record
        The training split.
    seed : int
        With the epoch, decides every draw.
    rank, world_size : int
        This process and the number of processes.
    persons : int
        P, of the global batch; divisible by ``world_size``.
    images : int
        K.
    epoch : "images" or "persons"
        What an epoch is. "images": every person's images are shuffled and cut into groups of K
        (what is left over sits out this epoch), and every group is used once, as in torchreid and
        fast-reid; but there are as many batches as can be filled with distinct persons, so up to
        P - 1 groups, and those of a person with more groups than there are batches, sit out.
        "persons": every person is drawn once with K images, as in the public ports of MGN; the
        remainder of a division by P sits out.

    Raises
    ------
    DataError
        If the split is empty or has fewer persons than a batch.
    InvalidArgumentError
        If P or K is not positive, or P is not divisible by ``world_size``.

    Examples
    --------
    >>> records = [Record((f"{i}.jpg",), pid=i // 5, camid=0) for i in range(20)]
    >>> sampler = DistinctPersonsSampler(records, persons=2, images=2)
    >>> sampler.batches(epoch=0).shape
    (4, 4)
    """

    def __init__(
        self,
        records: Sequence[Record],
        seed: int = 1,
        rank: int = 0,
        world_size: int = 1,
        *,
        persons: int,
        images: int,
        epoch: Literal["images", "persons"] = "images",
    ) -> None:
        super().__init__(records, seed, rank, world_size, persons, images)
        self._check_persons()
        self.epoch = epoch
        self._groups = np.array([max(1, len(own) // images) for own in self._positions_of])
        if epoch == "images":
            self.batches_per_epoch = fillable_batches(self._groups, persons)
        else:
            self.batches_per_epoch = len(self._positions_of) // persons

    def _draw_epoch(self, generator: np.random.Generator) -> np.ndarray:
        schedule = self._schedule(generator)
        rows = np.empty((schedule.size, self.images), np.int64)
        slots = np.argsort(schedule, axis=None, kind="stable")
        ends = np.cumsum(np.bincount(schedule.ravel(), minlength=len(self._positions_of)))
        for own, slots_of_person in zip(self._positions_of, np.split(slots, ends[:-1])):
            # np.resize starts over at the end of what it is given: that is the repetition.
            rows[slots_of_person] = np.resize(generator.permutation(own), (len(slots_of_person), self.images))
        return rows

    def _schedule(self, generator: np.random.Generator) -> np.ndarray:
        """Persons of each batch, ``[batches_per_epoch, persons]``."""
        if self.epoch == "persons":
            order = generator.permutation(len(self._positions_of))
            return order[: self.batches_per_epoch * self.persons].reshape(-1, self.persons)
        return deal_evenly(self._groups, self.persons, self.batches_per_epoch, generator)


zoo.SAMPLERS.register("distinct_persons", DistinctPersonsSampler)
