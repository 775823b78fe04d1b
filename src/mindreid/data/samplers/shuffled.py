"""Batches of shuffled images, whoever is on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindreid import zoo
from mindreid.data.records import Record
from mindreid.data.samplers.ranked_sampler import (
    epoch_generator,
)
from mindreid.errors import DataError, InvalidArgumentError


class ShuffledSampler:
    """Batches of shuffled images, whoever is on them: every image once an epoch, as classifiers are trained.

    What doesn't fill a last batch sits out the epoch. All ranks shuffle alike, and each takes its rows.

    Parameters
    ----------
    records, seed, rank, world_size
        As in :class:`DistinctPersonsSampler`.
    images : int
        Of the global batch; divisible by ``world_size``.

    Raises
    ------
    DataError
        If the split has fewer images than a batch.
    InvalidArgumentError
        If ``images`` is not a positive multiple of ``world_size``.
    """

    def __init__(
        self,
        records: Sequence[Record],
        seed: int = 1,
        rank: int = 0,
        world_size: int = 1,
        *,
        images: int,
    ) -> None:
        if images < 1 or images % world_size:
            raise InvalidArgumentError(
                f"a batch of {images} images cannot be shared evenly by {world_size} workers",
                fix=f"make sampler.images a multiple of {world_size}",
            )
        if len(records) < images:
            raise DataError(
                f"a batch wants {images} images, the training split has {len(records)}",
                fix="lower sampler.images",
            )
        self.records, self.images, self.seed = len(records), images, seed
        self.batch_size = images // world_size
        self.first_row = rank * self.batch_size
        self.batches_per_epoch = len(records) // images

    def count_batches(self, epoch: int) -> int:
        """How many batches ``epoch`` has."""
        return self.batches_per_epoch

    def batches(self, epoch: int) -> np.ndarray:
        """Positions in the records, int64 ``[batches_per_epoch, batch_size]``."""
        order = epoch_generator(self.seed, epoch).permutation(self.records)
        table = order[: self.batches_per_epoch * self.images].reshape(-1, self.images)
        return table[:, self.first_row : self.first_row + self.batch_size]


zoo.SAMPLERS.register("shuffled", ShuffledSampler)
