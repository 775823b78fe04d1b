from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.data.records import Record
from mindreid.data.samplers import (
    DistinctPersonsSampler,
    GroupedIdentitiesSampler,
    IndependentBatchesSampler,
    ShuffledSampler,
    UniformPersonsSampler,
)
from mindreid.errors import DataError, InvalidArgumentError, MindReidError
from mindreid.zoo import SAMPLERS

SAMPLER_CLASSES = (DistinctPersonsSampler, GroupedIdentitiesSampler, UniformPersonsSampler)
COUNTS = st.lists(st.integers(1, 12), min_size=4, max_size=14)


def make_records(images_of_person):
    """Records in an order that does not group persons."""
    pids = [pid for pid, count in enumerate(images_of_person) for _ in range(count)]
    order = np.random.default_rng(0).permutation(len(pids))
    return [Record((f"{i}.jpg",), pid=pids[i], camid=0) for i in order]


def pids_of(records, batches):
    return np.array([record.pid for record in records])[batches]


def greedy_batch_count(groups, persons):
    """Batches that can be dealt when always those persons go who have most groups left."""
    left, batches = sorted(groups, reverse=True), 0
    while len(left) >= persons and left[persons - 1] > 0:
        left = sorted([n - 1 for n in left[:persons]] + left[persons:], reverse=True)
        batches += 1
    return batches


@settings(max_examples=60, deadline=None)
@given(
    COUNTS, st.integers(1, 4), st.integers(1, 5), st.sampled_from(["images", "persons"]), st.integers(0, 3)
)
def test_every_batch_holds_distinct_persons_with_k_images_each(counts, persons, images, epoch_is, epoch):
    records = make_records(counts)
    sampler = DistinctPersonsSampler(records, persons=persons, images=images, epoch=epoch_is)
    batches = sampler.batches(epoch)
    assert batches.shape == (sampler.batches_per_epoch, persons * images)
    assert batches.dtype == np.int64
    pids = pids_of(records, batches).reshape(-1, persons, images)
    assert (pids == pids[..., :1]).all()
    assert all(len(set(batch)) == persons for batch in pids[..., 0].tolist())


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(1, 4), st.integers(1, 5))
def test_an_epoch_of_images_deals_as_many_groups_as_distinct_batches_take(counts, persons, images):
    records = make_records(counts)
    sampler = DistinctPersonsSampler(records, persons=persons, images=images)
    groups = [max(1, count // images) for count in counts]
    assert sampler.batches_per_epoch == greedy_batch_count(groups, persons)
    dealt = Counter(pids_of(records, sampler.batches(0))[:, ::images].ravel().tolist())
    usable = [min(n, sampler.batches_per_epoch) for n in groups]
    missing = [usable[pid] - dealt[pid] for pid in range(len(groups))]
    assert min(missing) >= 0
    assert sum(missing) < persons


def test_an_epoch_of_images_uses_an_image_at_most_once():
    records = make_records([8, 8, 4, 12, 5, 7])
    batches = DistinctPersonsSampler(records, persons=2, images=4).batches(3)
    assert max(Counter(batches.ravel().tolist()).values()) == 1


def test_equal_persons_leave_nothing_out():
    records = make_records([12] * 6)
    batches = DistinctPersonsSampler(records, persons=3, images=4).batches(0)
    assert sorted(batches.ravel().tolist()) == list(range(72))


def test_a_person_with_few_images_uses_all_of_them_and_repeats():
    records = make_records([3, 8, 8])
    batches = DistinctPersonsSampler(records, persons=3, images=8).batches(0)
    rows = batches[pids_of(records, batches) == 0]
    assert sorted(Counter(rows.tolist()).values()) == [2, 3, 3]


def test_an_epoch_of_persons_draws_everybody_once():
    records = make_records([9, 3, 5, 2, 7, 4, 6])
    sampler = DistinctPersonsSampler(records, persons=3, images=2, epoch="persons")
    assert sampler.batches_per_epoch == 2
    drawn = pids_of(records, sampler.batches(0))[:, ::2].ravel()
    assert len(set(drawn.tolist())) == 6
    left_out = {
        (set(range(7)) - set(pids_of(records, sampler.batches(e)).ravel().tolist())).pop() for e in range(40)
    }
    assert left_out == set(range(7))


@pytest.mark.parametrize("sampler", SAMPLER_CLASSES)
def test_seed_and_epoch_decide_the_batches(sampler):
    records = make_records([6] * 10)
    options = {"persons": 4, "images": 2}
    first = sampler(records, seed=7, **options)
    np.testing.assert_array_equal(first.batches(5), sampler(records, seed=7, **options).batches(5))
    np.testing.assert_array_equal(first.batches(5), first.batches(5))
    assert (first.batches(5) != first.batches(6)).any()
    assert (first.batches(5) != sampler(records, seed=8, **options).batches(5)).any()


@pytest.mark.parametrize(
    ("sampler", "options"),
    [
        (DistinctPersonsSampler, {"epoch": "images"}),
        (DistinctPersonsSampler, {"epoch": "persons"}),
        (GroupedIdentitiesSampler, {}),
        (UniformPersonsSampler, {}),
    ],
)
def test_ranks_together_make_the_global_batch(sampler, options):
    records = make_records([5, 9, 2, 6, 7, 4, 3, 8])
    options = {"persons": 4, "images": 3, **options}
    whole = sampler(records, seed=3, **options)
    parts = [sampler(records, 3, rank, 2, **options) for rank in (0, 1)]
    assert [part.first_row for part in parts] == [0, 6]
    assert {part.count_batches(2) for part in parts} == {len(whole.batches(2))}
    np.testing.assert_array_equal(
        np.concatenate([part.batches(2) for part in parts], axis=1), whole.batches(2)
    )


def test_rows_spread_over_ranks_without_favouring_persons_with_many_images():
    """Persons that must be in every batch land on both halves."""
    records = make_records([40, *[4] * 10])
    batches = DistinctPersonsSampler(records, persons=2, images=4).batches(0)
    columns = np.argwhere(pids_of(records, batches) == 0)[:, 1] // 4
    assert 0 < columns.mean() < 1


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(1, 4), st.integers(1, 5), st.integers(0, 3))
def test_grouped_batches_deal_every_group_of_one_person_at_most_once(counts, persons, images, epoch):
    records = make_records(counts)
    sampler = GroupedIdentitiesSampler(records, persons=persons, images=images)
    batches = sampler.batches(epoch)
    groups_of = [max(1, count // images) for count in counts]
    assert batches.shape == (sum(groups_of) // persons, persons * images)
    assert (sampler.batches_per_epoch, batches.dtype) == (len(batches), np.int64)
    groups = batches.reshape(-1, images)
    pids = pids_of(records, groups)
    assert (pids == pids[:, :1]).all()
    dealt = Counter(pids[:, 0].tolist())
    missing = [number - dealt[pid] for pid, number in enumerate(groups_of)]
    assert min(missing) >= 0
    assert sum(missing) == sum(groups_of) % persons
    repeated = [index for index, times in Counter(groups.ravel().tolist()).items() if times > 1]
    assert all(counts[records[index].pid] < images for index in repeated)


def test_grouped_batches_may_hold_a_person_twice_and_differ_in_their_number_of_persons():
    records = make_records([8] * 6)
    sampler = GroupedIdentitiesSampler(records, persons=4, images=2)
    batches = np.concatenate([sampler.batches(epoch) for epoch in range(20)])
    sizes = Counter(len(set(batch)) for batch in pids_of(records, batches).tolist())
    # Of 24 groups, four of each person, 4 are drawn; they show different persons with a probability of
    # (20·16·12) / (23·22·21) = 0.36.
    assert set(sizes) >= {2, 3, 4}
    assert 0.2 < sizes[4] / len(batches) < 0.53


def test_a_person_with_few_images_is_grouped_with_replacement():
    records = make_records([3, 8, 8])
    sampler = GroupedIdentitiesSampler(records, persons=3, images=8)
    rows = [batch[pids_of(records, batch) == 0] for epoch in range(30) for batch in sampler.batches(epoch)]
    assert {len(row) for row in rows} == {8}
    # Taking all three in turn would make every count 2 or 3.
    assert max(max(Counter(row.tolist()).values()) for row in rows) > 3


@pytest.mark.parametrize("sampler", SAMPLER_CLASSES)
@pytest.mark.parametrize(
    ("records", "options", "error", "words"),
    [
        ([], {"persons": 2, "images": 2}, DataError, ["empty"]),
        (make_records([3, 3, 3]), {"persons": 4, "images": 2}, DataError, ["4", "3", "sampler.persons"]),
        (make_records([3] * 8), {"persons": 0, "images": 2}, InvalidArgumentError, ["0 persons"]),
        (make_records([3] * 8), {"persons": 2, "images": 0}, InvalidArgumentError, ["0 images"]),
        (
            make_records([3] * 8),
            {"persons": 8, "images": 2, "world_size": 3},
            InvalidArgumentError,
            ["8 persons", "3 workers"],
        ),
    ],
)
def test_what_cannot_be_sampled_is_refused(sampler, records, options, error, words):
    with pytest.raises(error) as caught:
        sampler(records, **options)
    assert all(word in str(caught.value) for word in words)


def test_recipes_find_the_samplers():
    assert SAMPLERS["distinct_persons"] is DistinctPersonsSampler
    assert SAMPLERS["grouped_identities"] is GroupedIdentitiesSampler
    assert SAMPLERS["uniform_persons"] is UniformPersonsSampler


def authors_epoch(counts, persons, images, generator):
    """Persons of each batch, and their images numbered within the person: FIRe²'s sampler, step by step."""
    groups = {}
    for pid, count in enumerate(counts):
        own = list(range(count)) if count >= images else [generator.randrange(count) for _ in range(images)]
        generator.shuffle(own)
        groups[pid] = [own[begin : begin + images] for begin in range(0, len(own) - images + 1, images)]
    available, batches = list(groups), []
    while len(available) >= persons:
        batch = {}
        for pid in generator.sample(available, persons):
            batch[pid] = groups[pid].pop(0)
            if not groups[pid]:
                available.remove(pid)
        batches.append(batch)
    return batches


def as_authors_batches(records, batches, images):
    """A sampler's batches in the form of :func:`authors_epoch`, with positions for images."""
    pids = pids_of(records, batches).reshape(len(batches), -1, images)
    assert (pids == pids[..., :1]).all()
    rows = batches.reshape(pids.shape)
    return [dict(zip(of[:, 0].tolist(), row.tolist())) for of, row in zip(pids, rows)]


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(1, 4), st.integers(1, 5), st.integers(0, 3))
def test_uniform_batches_go_on_while_enough_persons_have_images_left(counts, persons, images, epoch):
    records = make_records(counts)
    sampler = UniformPersonsSampler(records, persons=persons, images=images)
    table = sampler.batches(epoch)
    assert table.shape == (sampler.count_batches(epoch), persons * images)
    batches = as_authors_batches(records, table, images)
    assert all(len(batch) == persons for batch in batches)
    left = [max(1, count // images) for count in counts]
    for number, batch in enumerate(batches):
        assert sum(groups > 0 for groups in left) >= persons, number
        for pid in batch:
            left[pid] -= 1
    assert min(left) >= 0
    assert sum(groups > 0 for groups in left) < persons
    for row, times in Counter(table.ravel().tolist()).items():
        assert times == 1 or counts[records[row].pid] < images


def test_uniform_batches_are_distributed_as_the_authors():
    """Number of batches, how often each person comes, and who comes first, in 400 epochs of each."""
    counts, persons, images = [2, 4, 9, 16, 40, 41], 2, 4
    records, generator = make_records(counts), random.Random(3)  # noqa: S311
    sampler = UniformPersonsSampler(records, persons=persons, images=images)
    ours = [as_authors_batches(records, sampler.batches(epoch), images) for epoch in range(400)]
    theirs = [authors_epoch(counts, persons, images, generator) for _ in range(400)]
    lengths = [np.array([len(epoch) for epoch in epochs]) for epochs in (ours, theirs)]
    assert len(set(lengths[0].tolist())) > 1
    # Standard errors: lengths deviate by about 1.5, so their means by 0.1; shares by 0.025.
    assert lengths[0].mean() == pytest.approx(lengths[1].mean(), abs=0.4)
    for pid in range(len(counts)):
        times = [[sum(pid in batch for batch in epoch) for epoch in epochs] for epochs in (ours, theirs)]
        assert np.mean(times[0]) == pytest.approx(np.mean(times[1]), abs=0.4)
        first = [np.mean([pid in epoch[0] for epoch in epochs]) for epochs in (ours, theirs)]
        assert first == pytest.approx([1 / 3, 1 / 3], abs=0.09)


def independent(records, rank=0, world_size=1, seed=1, **options):
    options = {"persons": 4, "sequences": 3, "batches": 50, **options}
    return IndependentBatchesSampler(records, seed, rank, world_size, **options)


def test_independent_batches_hold_distinct_persons_and_sequences():
    records = [Record((f"{i}.pkl",), pid=pid, camid=0) for pid in range(6) for i in range(1 + 2 * pid)]
    pids = np.array([record.pid for record in records])
    table = independent(records).batches(0)
    assert table.shape == (50, 12)
    for batch in table.reshape(50, 4, 3):
        of_rows = pids[batch]
        assert (of_rows == of_rows[:, :1]).all()
        assert len(set(of_rows[:, 0].tolist())) == 4
        for pid, rows in zip(of_rows[:, 0], batch):
            assert len(set(rows.tolist())) == 3 or pid == 0
    # Equal odds for everybody, however many sequences they have; everything is drawn at some time.
    odds = np.bincount(pids[table].ravel()) / table.size
    np.testing.assert_allclose(odds, 1 / 6, atol=0.06)
    assert set(table.ravel().tolist()) == set(range(len(records)))


def test_independent_batches_differ_by_epoch_and_seed_and_are_shared_by_ranks():
    records = [Record((f"{i}.pkl",), pid=i // 5, camid=0) for i in range(40)]
    whole = independent(records).batches(3)
    np.testing.assert_array_equal(whole, independent(records).batches(3))
    assert (whole != independent(records).batches(4)).any()
    assert (whole != independent(records, seed=2).batches(3)).any()
    parts = [independent(records, rank, 2) for rank in (0, 1)]
    assert [part.first_row for part in parts] == [0, 6]
    np.testing.assert_array_equal(np.concatenate([part.batches(3) for part in parts], axis=1), whole)


def test_a_worker_holds_whole_persons_or_rows_of_all_of_them():
    """With 8 persons × 4 of 2 workers, a shuffled half misses a given person once in 20 batches."""
    records = [Record((f"{i}.pkl",), pid=i // 5, camid=0) for i in range(40)]
    persons = {}
    for shuffle in (False, True):
        options = {"persons": 8, "sequences": 4, "shuffle": shuffle}
        parts = [independent(records, rank, 2, **options).batches(1) for rank in (0, 1)]
        whole = independent(records, **options).batches(1)
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
        for batch in pids_of(records, whole):
            assert sorted(Counter(batch.tolist()).values()) == [4] * 8
        persons[shuffle] = [len(set(batch)) for part in parts for batch in pids_of(records, part).tolist()]
    assert set(persons[False]) == {4}
    assert np.mean(persons[True]) > 7
    assert min(persons[True]) > 4


def test_shuffled_rows_need_not_be_whole_persons():
    records = [Record((f"{i}.pkl",), pid=i // 5, camid=0) for i in range(40)]
    assert independent(records, 0, 4, persons=2, sequences=4, shuffle=True).batch_size == 2
    with pytest.raises(InvalidArgumentError, match="the 8 rows of a batch cannot be shared evenly by 3"):
        independent(records, 0, 3, persons=2, sequences=4, shuffle=True)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"persons": 9}, "8"),
        ({"sequences": 0}, "empty"),
        ({"batches": 0}, "at least one batch"),
        ({"persons": 3, "world_size": 2}, "evenly"),
    ],
)
def test_independent_batches_that_cannot_be_drawn(change, problem):
    records = [Record((f"{i}.pkl",), pid=i // 5, camid=0) for i in range(40)]
    with pytest.raises(MindReidError, match=problem):
        independent(records, **change)


@settings(max_examples=30, deadline=None)
@given(COUNTS, st.sampled_from([1, 2]), st.integers(1, 2), st.integers(0, 3))
def test_shuffled_batches_hold_every_image_at_most_once_an_epoch(counts, workers, per_worker, epoch):
    records, images = make_records(counts), workers * per_worker
    shares = [ShuffledSampler(records, 1, rank, workers, images=images) for rank in range(workers)]
    whole = ShuffledSampler(records, 1, images=images).batches(epoch)
    np.testing.assert_array_equal(np.concatenate([s.batches(epoch) for s in shares], axis=1), whole)
    assert whole.shape == (len(records) // images, images)
    assert len(set(whole.ravel().tolist())) == whole.size
    assert 0 <= whole.min() <= whole.max() < len(records)


def test_shuffled_epochs_differ_and_repeat():
    sampler = ShuffledSampler(make_records([6, 6, 6]), images=4)
    assert not np.array_equal(sampler.batches(0), sampler.batches(1))
    np.testing.assert_array_equal(sampler.batches(1), sampler.batches(1))


@pytest.mark.parametrize(("images", "workers"), [(0, 1), (5, 2)])
def test_a_shuffled_batch_that_cannot_be_shared(images, workers):
    with pytest.raises(InvalidArgumentError, match="evenly"):
        ShuffledSampler(make_records([6, 6]), 1, 0, workers, images=images)


def test_a_shuffled_batch_larger_than_the_split():
    with pytest.raises(DataError, match="has 4"):
        ShuffledSampler(make_records([2, 2]), images=5)
