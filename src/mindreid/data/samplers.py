"""Which records make up a training batch."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Literal

import numpy as np

from mindreid import zoo
from mindreid.data.group_schedules import deal_evenly, deal_while_persons_last, fillable_batches
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


class _RankedSampler:
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
        _check_batch(persons, images, world_size, shares_persons)
        self._positions_of = _positions_by_person(records)
        self.persons, self.images, self.seed = persons, images, seed
        self.batch_size = persons * images // world_size
        self.first_row = rank * self.batch_size

    def count_batches(self, epoch: int) -> int:
        """How many batches ``epoch`` has."""
        return self.batches_per_epoch

    def batches(self, epoch: int) -> np.ndarray:
        """Positions in ``records``, int64 ``[batches, batch_size]``, person after person."""
        table = self._draw_epoch(self._generator(epoch)).reshape(-1, self.persons * self.images)
        return table[:, self.first_row : self.first_row + self.batch_size]

    def _generator(self, epoch: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(epoch,)))

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
        groups = np.concatenate([_cut(own, self.images, generator) for own in self._positions_of])
        return generator.permutation(groups)[: self.batches_per_epoch * self.persons]


class UniformPersonsSampler(_RankedSampler):
    """P×K batches of persons drawn uniformly among those with images left, as FIRe² was trained with.

    Every person's images are shuffled and cut into groups of K; what is left over sits out the epoch,
    and a person with fewer than K images has one group, drawn with replacement. As long as at least P
    persons have groups left, a batch takes P of them with equal odds, and one group of each. Persons
    with few images are used up early, so what remains of the others sits out: epochs differ in their
    number of batches. All ranks draw the same batches, and each takes the rows of its own
    ``persons / world_size`` persons.

    Source: ``RandomIdentitySampler`` of the authors' code of Q. Wang et al., "Exploring Fine-Grained
    Representation and Recomposition for Cloth-Changing Person Re-Identification", TIFS 2024.

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
        return len(self._schedule(self._generator(epoch)))

    def _draw_epoch(self, generator: np.random.Generator) -> np.ndarray:
        # First of all, so that counting batches draws the same.
        schedule = self._schedule(generator).ravel()
        rows = np.empty((schedule.size, self.images), np.int64)
        for person, own in enumerate(self._positions_of):
            slots = np.flatnonzero(schedule == person)
            rows[slots] = _cut(own, self.images, generator)[: len(slots)]
        return rows

    def _schedule(self, generator: np.random.Generator) -> np.ndarray:
        return deal_while_persons_last(self._groups, self.persons, generator)


class IndependentBatchesSampler(_RankedSampler):
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


def _check_batch(persons: int, images: int, world_size: int, shares_persons: bool) -> None:
    if persons < 1 or images < 1:
        raise InvalidArgumentError(f"a batch of {persons} persons × {images} images is empty")
    if (persons * images if shares_persons else persons) % world_size:
        what = f"{persons * images} rows" if shares_persons else f"{persons} persons"
        raise InvalidArgumentError(
            f"the {what} of a batch cannot be shared evenly by {world_size} workers",
            fix=f"make sampler.persons a multiple of {world_size}",
        )


def _cut(own: np.ndarray, images: int, generator: np.random.Generator) -> np.ndarray:
    """Shuffle one person's images and cut them into groups, ``[groups, images]``."""
    if len(own) < images:
        return generator.choice(own, (1, images))
    whole = len(own) // images * images
    return generator.permutation(own)[:whole].reshape(-1, images)


def _positions_by_person(records: Sequence[Record]) -> list[np.ndarray]:
    if not records:
        raise DataError("the training split is empty", fix="see `mindreid data check`")
    pids = np.array([record.pid for record in records])
    _, counts = np.unique(pids, return_counts=True)
    return np.split(np.argsort(pids, kind="stable"), np.cumsum(counts)[:-1])


zoo.SAMPLERS.register("distinct_persons", DistinctPersonsSampler)
zoo.SAMPLERS.register("grouped_identities", GroupedIdentitiesSampler)
zoo.SAMPLERS.register("uniform_persons", UniformPersonsSampler)
zoo.SAMPLERS.register("independent_batches", IndependentBatchesSampler)
