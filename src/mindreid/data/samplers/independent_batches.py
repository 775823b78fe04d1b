"""Batches that are drawn independently of each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindreid import zoo
from mindreid.data.records import Record
from mindreid.data.samplers.ranked_sampler import (
    RankedSampler,
)
from mindreid.errors import InvalidArgumentError


class IndependentBatchesSampler(RankedSampler):
    """P×K batches that know nothing of each other, for runs that count steps instead of epochs (gait).

    Every batch takes ``persons`` distinct persons with equal odds, however many sequences they have,
    and ``sequences`` of each, without repetition unless the person has fewer. All ranks draw the
    same global batches, and each takes its share of the rows: whole persons, or with ``shuffle`` rows of
    all of them, so that what a rank computes of its own rows (a batch norm's statistics) is not of few
    persons. The losses see the whole batch either way.

    Source: ``TripletSampler`` of OpenGait, C. Fan et al., CVPR 2023.

    Parameters
    ----------
    records, seed, rank, world_size
        As in :class:`DistinctPersonsSampler`.
    persons : int
        P, of the global batch; divisible by ``world_size`` unless rows are shuffled.
    sequences : int
        K.
    batches : int
        How many batches are called an epoch.
    shuffle : bool
        Whether the rows of a batch are shuffled, OpenGait's ``batch_shuffle``.

    Raises
    ------
    DataError
        If the split is empty or has fewer persons than a batch.
    InvalidArgumentError
        If a number is not positive, or P (with ``shuffle``: P·K) is not divisible by ``world_size``.
    """

    def __init__(
        self,
        records: Sequence[Record],
        seed: int = 1,
        rank: int = 0,
        world_size: int = 1,
        *,
        persons: int,
        sequences: int,
        batches: int = 1000,
        shuffle: bool = False,
    ) -> None:
        super().__init__(records, seed, rank, world_size, persons, sequences, shares_persons=shuffle)
        self._check_persons()
        self.shuffle = shuffle
        if batches < 1:
            raise InvalidArgumentError(f"an epoch has at least one batch, not {batches}")
        self.batches_per_epoch = batches

    def _draw_epoch(self, generator: np.random.Generator) -> np.ndarray:
        return np.stack([self._draw(generator) for _ in range(self.batches_per_epoch)])

    def _draw(self, generator: np.random.Generator) -> np.ndarray:
        drawn = generator.choice(len(self._positions_of), self.persons, replace=False)
        of_persons = (self._positions_of[person] for person in drawn)
        rows = np.concatenate(
            [generator.choice(own, self.images, replace=len(own) < self.images) for own in of_persons]
        )
        return generator.permutation(rows) if self.shuffle else rows


zoo.SAMPLERS.register("independent_batches", IndependentBatchesSampler)
