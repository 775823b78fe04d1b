"""Which images of a person a batch takes: all in their turn, and in company that changes."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from mindreid.data.records import Record
from mindreid.data.samplers import DistinctPersonsSampler, GroupedIdentitiesSampler, UniformPersonsSampler

SAMPLERS = [
    (DistinctPersonsSampler, {"epoch": "images"}),
    (DistinctPersonsSampler, {"epoch": "persons"}),
    (GroupedIdentitiesSampler, {}),
    (UniformPersonsSampler, {}),
]
PERSONS, EPOCHS = 8, 100


def groups_by_person(sampler, options, own, images):
    """Groups that each of eight persons with ``own`` images comes with, in a hundred epochs."""
    order = np.random.default_rng(0).permutation(PERSONS * own)
    records = [Record((f"{i}.jpg",), pid=i % PERSONS, camid=0) for i in order.tolist()]
    made = sampler(records, seed=1, persons=4, images=images, **options)
    groups = {pid: [] for pid in range(PERSONS)}
    for epoch in range(EPOCHS):
        for group in made.batches(epoch).reshape(-1, images).tolist():
            groups[records[group[0]].pid].append(frozenset(group))
    images_of = {pid: [i for i, record in enumerate(records) if record.pid == pid] for pid in range(PERSONS)}
    return [(images_of[pid], groups[pid]) for pid in range(PERSONS)]


@pytest.mark.parametrize(("sampler", "options"), SAMPLERS)
def test_a_person_leaves_out_each_image_as_often_as_another(sampler, options):
    """Four of five images are taken, so each sits out one epoch of five: 20 times, give or take 4."""
    for own, groups in groups_by_person(sampler, options, 5, 4):
        assert len(groups) == EPOCHS
        left_out = Counter(image for group in groups for image in set(own) - group)
        assert sum(left_out.values()) == EPOCHS
        assert min(left_out[image] for image in own) >= 5


@pytest.mark.parametrize(("sampler", "options"), SAMPLERS)
def test_an_image_comes_together_with_each_of_the_others(sampler, options):
    """Of four images, every pair comes in one epoch of three at least where all of them are dealt."""
    for own, groups in groups_by_person(sampler, options, 4, 2):
        pairs = Counter(groups)
        assert set(pairs) == {frozenset(pair) for pair in combinations(own, 2)}
        # Of "persons", an epoch takes one group of each: a sixth of 100 epochs, give or take 4.
        assert min(pairs.values()) >= 4
