"""Batches of P groups of K images, whose persons may be the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindreid import zoo
from mindreid.data.records import Record
from mindreid.data.samplers.ranked_sampler import (
    RankedSampler,
    cut_groups,
)
from mindreid.errors import DataError


class GroupedIdentitiesSampler(RankedSampler):
    """Batches of ``persons`` groups of ``images`` images of one person, as CAL and IANet were trained with.

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
        groups = np.concatenate([cut_groups(own, self.images, generator) for own in self._positions_of])
        return generator.permutation(groups)[: self.batches_per_epoch * self.persons]


zoo.SAMPLERS.register("grouped_identities", GroupedIdentitiesSampler)
