"""Batches of persons who are drawn with equal odds while enough have images left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindreid import zoo
from mindreid.data.group_schedules import deal_while_persons_last
from mindreid.data.records import Record
from mindreid.data.samplers.ranked_sampler import (
    RankedSampler,
    cut_groups,
    epoch_generator,
)


class UniformPersonsSampler(RankedSampler):
    """P×K batches of persons drawn uniformly among those with images left, as FIRe² was trained with.

    Every person's images are shuffled and cut into groups of K; what is left over sits out the epoch,
    and a person with fewer than K images has one group, drawn with replacement. As long as at least P
    persons have groups left, a batch takes P of them with equal odds, and one group of each. Persons
    with few images are used up early, so what remains of the others sits out: epochs differ in their
    number of batches. All ranks draw the same batches, and each takes the rows of its own
    ``persons / world_size`` persons.

    Source: ``RandomIdentitySampler`` of the authors' code of Q. Wang et al., "Exploring Fine-Grained
    Representation and Recomposition for Cloth-Changing Person Re-Identification", TIFS 2024. The authors of
    ISP and of GI-ReID have the same.

    Parameters
    ----------
    records, seed, rank, world_size
        As in :class:`DistinctPersonsSampler`.
    persons : int
        P, of the global batch; divisible by ``world_size``.
    images : int
        K.

    Raises
    ------
    DataError
        If the split is empty or has fewer persons than a batch.
    InvalidArgumentError
        If P or K is not positive, or P is not divisible by ``world_size``.

    Examples
    --------
    >>> records = [Record((f"{i}.jpg",), pid=i // 5, camid=0) for i in range(10)]
    >>> sampler = UniformPersonsSampler(records, persons=2, images=2)
    >>> sampler.batches(epoch=0).shape
    (2, 4)
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
    ) -> None:
        super().__init__(records, seed, rank, world_size, persons, images)
        self._check_persons()
        self._groups = np.array([max(1, len(own) // images) for own in self._positions_of])

    def count_batches(self, epoch: int) -> int:
        """How many batches ``epoch`` has."""
        return len(self._schedule(epoch_generator(self.seed, epoch)))

    def _draw_epoch(self, generator: np.random.Generator) -> np.ndarray:
        # First of all, so that counting batches draws the same.
        schedule = self._schedule(generator).ravel()
        rows = np.empty((schedule.size, self.images), np.int64)
        for person, own in enumerate(self._positions_of):
            slots = np.flatnonzero(schedule == person)
            rows[slots] = cut_groups(own, self.images, generator)[: len(slots)]
        return rows

    def _schedule(self, generator: np.random.Generator) -> np.ndarray:
        return deal_while_persons_last(self._groups, self.persons, generator)


zoo.SAMPLERS.register("uniform_persons", UniformPersonsSampler)
