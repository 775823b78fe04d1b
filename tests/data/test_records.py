"""Numbering of persons and outfits, and counting."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mindreid.data.records import Record, SplitStatistics, numbering, relabel, with_outfits

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["coat", "shirt", None])), min_size=1)


def record(pid, clothes_id=None, camid=0):
    return Record(("x.jpg",), pid, camid, clothes_id)


@given(st.lists(st.integers()))
def test_numbering_is_dense_and_keeps_the_order(values):
    numbers = numbering(values)
    assert sorted(numbers.values()) == list(range(len(set(values))))
    assert [numbers[value] for value in sorted(set(values))] == list(range(len(set(values))))


@given(PAIRS)
def test_outfits_are_equal_exactly_if_person_and_outfit_are(pairs):
    dressed = with_outfits([record(pid) for pid, _ in pairs], [outfit for _, outfit in pairs])
    for (pid, outfit), own in zip(pairs, dressed):
        assert (own.clothes_id is None) == (outfit is None)
        for other_pair, other in zip(pairs, dressed):
            if outfit is not None and other_pair[1] is not None:
                assert (own.clothes_id == other.clothes_id) == ((pid, outfit) == other_pair)


@given(PAIRS)
def test_relabelling_commutes_with_dressing(pairs):
    records, outfits = [record(pid) for pid, _ in pairs], [outfit for _, outfit in pairs]
    assert relabel(with_outfits(records, outfits)) == with_outfits(relabel(records), outfits)


def test_relabel():
    records = [record(30, 8), record(10, 9), record(30, None)]
    assert [(r.pid, r.clothes_id) for r in relabel(records)] == [(1, 0), (0, 1), (1, None)]
    assert relabel(relabel(records)) == relabel(records)


def test_statistics():
    records = [record(1, 5, 0), record(1, 6, 1), record(2, None, 1)]
    assert SplitStatistics.of(records) == SplitStatistics(2, 3, 2, 2)
    bare = [replace(r, clothes_id=None) for r in records]
    assert SplitStatistics.of(bare).clothes is None
