"""What samplers share: all ranks draw the same batches, each keeps its own share of the rows."""

from __future__ import annotations

import typing
from collections.abc import Sequence

import numpy as np

from mindreid.data.records import Record
from mindreid.errors import DataError, InvalidArgumentError


class BatchSampler(typing.Protocol):
    """What the pipeline asks of a sampler.

    A sampler is registered in :data:`mindreid.zoo.SAMPLERS` as
    ``sampler(records, seed, rank, world_size, **options)``.

    Attributes
    ----------
    batch_size : int
        Rows of this rank's part of a batch.
    first_row : int
        Where this rank's part begins in the batch of all ranks.
    """

    batch_size: int
    first_row: int

    def count_batches(self, epoch: int) -> int:
        """How many batches ``epoch`` has, the same on every rank; fixed by seed and epoch."""

    def batches(self, epoch: int) -> np.ndarray:
        """Positions in ``records``, int64 ``[batches, batch_size]``; fixed by seed and epoch."""


class RankedSampler:
    """What the samplers share: all ranks draw the same batches, each keeps its own share of the rows.

    A subclass draws the global batches and says how many an epoch has, in every epoch alike unless it
    counts them itself.
    """

    batches_per_epoch: int

    def __init__(
        self,
        records: Sequence[Record],
        seed: int,
        rank: int,
        world_size: int,
        persons: int,
        images: int,
        *,
        shares_persons: bool = False,
    ) -> None:
        check_batch(persons, images, world_size, shares_persons)
        self._positions_of = positions_by_person(records)
        self.persons, self.images, self.seed = persons, images, seed
        self.batch_size = persons * images // world_size
        self.first_row = rank * self.batch_size

    def count_batches(self, epoch: int) -> int:
        """How many batches ``epoch`` has."""
        return self.batches_per_epoch

    def batches(self, epoch: int) -> np.ndarray:
        """Positions in ``records``, int64 ``[batches, batch_size]``, person after person."""
        table = self._draw_epoch(epoch_generator(self.seed, epoch)).reshape(-1, self.persons * self.images)
        return table[:, self.first_row : self.first_row + self.batch_size]

    def _draw_epoch(self, generator: np.random.Generator) -> np.ndarray:
        """Positions of the global batches, one after another, ``persons * images`` each."""
        raise NotImplementedError

    def _check_persons(self) -> None:
        if len(self._positions_of) < self.persons:
            raise DataError(
                f"a batch wants {self.persons} distinct persons, "
                f"the training split has {len(self._positions_of)}",
                fix="lower sampler.persons",
            )


def epoch_generator(seed: int, epoch: int) -> np.random.Generator:
    """Return the random numbers of one epoch, the same on every rank."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(epoch,)))


def check_batch(persons: int, images: int, world_size: int, shares_persons: bool) -> None:
    """Raise InvalidArgumentError for an empty batch, or one that workers can't share evenly."""
    if persons < 1 or images < 1:
        raise InvalidArgumentError(f"a batch of {persons} persons × {images} images is empty")
    if (persons * images if shares_persons else persons) % world_size:
        what = f"{persons * images} rows" if shares_persons else f"{persons} persons"
        raise InvalidArgumentError(
            f"the {what} of a batch cannot be shared evenly by {world_size} workers",
            fix=f"make sampler.persons a multiple of {world_size}",
        )


def cut_groups(own: np.ndarray, images: int, generator: np.random.Generator) -> np.ndarray:
    """Shuffle one person's images and cut them into groups, ``[groups, images]``."""
    if len(own) < images:
        return generator.choice(own, (1, images))
    whole = len(own) // images * images
    return generator.permutation(own)[:whole].reshape(-1, images)


def positions_by_person(records: Sequence[Record]) -> list[np.ndarray]:
    """List the positions of every person's records; raise DataError if there are none."""
    if not records:
        raise DataError("the training split is empty", fix="see `mindreid data check`")
    pids = np.array([record.pid for record in records])
    _, counts = np.unique(pids, return_counts=True)
    return np.split(np.argsort(pids, kind="stable"), np.cumsum(counts)[:-1])
