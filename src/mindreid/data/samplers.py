"""Which records make up a training batch."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Literal

import numpy as np

from mindreid import zoo
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
    batches_per_epoch : int
        The same in every epoch and on every rank.
    """

    batch_size: int
    first_row: int
    batches_per_epoch: int

    def batches(self, epoch: int) -> np.ndarray:
        """Positions in ``records``, int64 ``[batches_per_epoch, batch_size]``; fixed by seed and epoch."""


class _RankedSampler:
    """What the samplers share: all ranks draw the same batches, each keeps the rows of its own persons.

    A subclass draws the global batches and says how many an epoch has.
    """

    batches_per_epoch: int

    def __init__(
        self, records: Sequence[Record], seed: int, rank: int, world_size: int, persons: int, images: int
    ) -> None:
        _check_batch(persons, images, world_size)
        self._positions_of = _positions_by_person(records)
        self.persons, self.images, self.seed = persons, images, seed
        self.batch_size = persons * images // world_size
        self.first_row = rank * self.batch_size

    def batches(self, epoch: int) -> np.ndarray:
        """Positions in ``records``, int64 ``[batches_per_epoch, batch_size]``, person after person."""
        table = self._draw_epoch(_epoch_generator(self.seed, epoch)).reshape(self.batches_per_epoch, -1)
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


class DistinctPersonsSampler(_RankedSampler):
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
            self.batches_per_epoch = _fillable_batches(self._groups, persons)
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
        return _schedule_groups(self._groups, self.persons, self.batches_per_epoch, generator)


class GroupedIdentitiesSampler(_RankedSampler):
    """Batches of ``persons`` groups of ``images`` images of one person, as CAL was trained with.

    Every person's images are shuffled and cut into groups of K; all groups of all persons are
    shuffled and dealt out, P a batch. So a person may be in a batch with several groups, and the
    number of persons changes from batch to batch: this is no strict P×K batch. What is left over
    of a person's images, and the groups that do not fill a last batch, sit out the epoch. A person with
    fewer than K images has one group, drawn with replacement. All ranks deal the same groups, and
    each takes the rows of its own ``persons / world_size`` groups.

    Source: the authors' code of X. Gu et al., "Clothes-Changing Person Re-identification with RGB
    Modality Only", CVPR 2022.

    Parameters
    ----------
    records, seed, rank, world_size
        As in :class:`DistinctPersonsSampler`.
    persons : int
        P, groups of the global batch; divisible by ``world_size``.
    images : int
        K.

    Raises
    ------
    DataError
        If the split is empty or has fewer groups than a batch.
    InvalidArgumentError
        If P or K is not positive, or P is not divisible by ``world_size``.

    Examples
    --------
    >>> records = [Record((f"{i}.jpg",), pid=i // 5, camid=0) for i in range(20)]
    >>> sampler = GroupedIdentitiesSampler(records, persons=2, images=2)
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
    ) -> None:
        super().__init__(records, seed, rank, world_size, persons, images)
        groups = sum(max(1, len(own) // images) for own in self._positions_of)
        if groups < persons:
            raise DataError(
                f"a batch wants {persons} groups of {images} images, the training split has {groups}",
                fix="lower sampler.persons",
            )
        self.batches_per_epoch = groups // persons

    def _draw_epoch(self, generator: np.random.Generator) -> np.ndarray:
        groups = np.concatenate([self._cut(own, generator) for own in self._positions_of])
        return generator.permutation(groups)[: self.batches_per_epoch * self.persons]

    def _cut(self, own: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return the groups of one person, ``[groups, images]``."""
        if len(own) < self.images:
            return generator.choice(own, (1, self.images))
        whole = len(own) // self.images * self.images
        return generator.permutation(own)[:whole].reshape(-1, self.images)


class IndependentBatchesSampler(_RankedSampler):
    """P×K batches that know nothing of each other, for runs that count steps instead of epochs (gait).

    Every batch takes ``persons`` distinct persons with equal odds, however many sequences they have,
    and ``sequences`` of each, without repetition unless the person has fewer. All ranks draw the
    same global batches and take the rows of their own persons, as in
    :class:`DistinctPersonsSampler`.

    Parameters
    ----------
    records, seed, rank, world_size
        As in :class:`DistinctPersonsSampler`.
    persons : int
        P, of the global batch; divisible by ``world_size``.
    sequences : int
        K.
    batches : int
        How many batches are called an epoch.

    Raises
    ------
    DataError
        If the split is empty or has fewer persons than a batch.
    InvalidArgumentError
        If a number is not positive, or P is not divisible by ``world_size``.
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
    ) -> None:
        super().__init__(records, seed, rank, world_size, persons, images=sequences)
        self._check_persons()
        if batches < 1:
            raise InvalidArgumentError(f"an epoch has at least one batch, not {batches}")
        self.batches_per_epoch = batches

    def _draw_epoch(self, generator: np.random.Generator) -> np.ndarray:
        return np.stack([self._draw(generator) for _ in range(self.batches_per_epoch)])

    def _draw(self, generator: np.random.Generator) -> np.ndarray:
        drawn = generator.choice(len(self._positions_of), self.persons, replace=False)
        of_persons = (self._positions_of[person] for person in drawn)
        return np.concatenate(
            [generator.choice(own, self.images, replace=len(own) < self.images) for own in of_persons]
        )


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

    def batches(self, epoch: int) -> np.ndarray:
        """Positions in the records, int64 ``[batches_per_epoch, batch_size]``."""
        order = _epoch_generator(self.seed, epoch).permutation(self.records)
        table = order[: self.batches_per_epoch * self.images].reshape(-1, self.images)
        return table[:, self.first_row : self.first_row + self.batch_size]


def _epoch_generator(seed: int, epoch: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(epoch,)))


def _check_batch(persons: int, images: int, world_size: int) -> None:
    if persons < 1 or images < 1:
        raise InvalidArgumentError(f"a batch of {persons} persons × {images} images is empty")
    if persons % world_size:
        raise InvalidArgumentError(
            f"the {persons} persons of a batch cannot be shared evenly by {world_size} workers",
            fix=f"make sampler.persons a multiple of {world_size}",
        )


def _positions_by_person(records: Sequence[Record]) -> list[np.ndarray]:
    if not records:
        raise DataError("the training split is empty", fix="see `mindreid data check`")
    pids = np.array([record.pid for record in records])
    _, counts = np.unique(pids, return_counts=True)
    return np.split(np.argsort(pids, kind="stable"), np.cumsum(counts)[:-1])


def _fillable_batches(groups: np.ndarray, persons: int) -> int:
    """Greatest number of batches of distinct persons: B with ``sum(min(groups, B)) >= persons * B``."""
    batches = int(groups.sum()) // persons
    while True:
        filled = int(np.minimum(groups, batches).sum()) // persons
        if filled >= batches:
            return batches
        batches = filled


def _schedule_groups(
    groups: np.ndarray, persons: int, batches: int, generator: np.random.Generator
) -> np.ndarray:
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


zoo.SAMPLERS.register("distinct_persons", DistinctPersonsSampler)
zoo.SAMPLERS.register("grouped_identities", GroupedIdentitiesSampler)
zoo.SAMPLERS.register("independent_batches", IndependentBatchesSampler)
zoo.SAMPLERS.register("shuffled", ShuffledSampler)
