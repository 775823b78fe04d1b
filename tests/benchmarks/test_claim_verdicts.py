"""What an entry of the table says of a claim."""

import numpy as np
import pytest
from figures.claim_verdicts import Claim, over_persons, over_seeds

CLAIM = Claim("cal", "CAL finds more", "CAL", "identity", "clothes_changing")


def runs(ours, theirs, *, metrics=("rank1", "mAP")):
    return [
        {"arm": arm, "seed": seed, "results": {"clothes_changing": dict.fromkeys(metrics, value)}}
        for arm, values in (("CAL", ours), ("identity", theirs), ("VAL", ours))
        for seed, value in enumerate(values, 11)
    ]


def test_seeds_are_paired_in_any_order():
    ours, theirs = [0.5, 0.7, 0.6, 0.8, 0.9], [0.4, 0.6, 0.52, 0.7, 0.8]
    entry = over_seeds(CLAIM, "walkers", runs(ours, theirs))
    assert entry == over_seeds(CLAIM, "walkers", runs(ours, theirs)[::-1])
    assert (entry["seeds"], entry["verdict"]) == ([11, 12, 13, 14, 15], "shown")
    figures = entry["figures"]["rank1"]
    assert figures["first"] == pytest.approx({"mean": 0.7, "std": np.std(ours, ddof=1)})
    assert figures["difference"]["mean"] == pytest.approx(np.mean(ours) - np.mean(theirs))
    assert over_seeds(CLAIM, "walkers", runs(theirs, ours))["verdict"] == "contrary"


def test_a_protocol_without_map_is_judged_by_rank1():
    entry = over_seeds(CLAIM, "walkers", runs([0.5] * 5, [0.5] * 5, metrics=("rank1",)))
    assert list(entry["figures"]) == ["rank1"]
    assert entry["verdict"] == "not shown"


def test_other_seeds_are_no_pairs():
    with pytest.raises(ValueError, match="seeds"):
        over_seeds(CLAIM, "walkers", runs([0.5, 0.6], [0.5]))


def split(ours, theirs):
    return {
        arm: {"rank1": persons, "mAP": persons, "chance": {p: [0.1] for p in persons}}
        for arm, persons in (("CAL", ours), ("identity", theirs))
    }


def test_persons_of_several_splits_count_once():
    first = split({str(p): [1.0] for p in range(10)}, {str(p): [float(p % 2)] for p in range(10)})
    second = split({"0": [0.0], "11": [1.0]}, {"0": [0.0], "11": [0.0]})
    entry = over_persons(CLAIM, "CUHK01", [first, second])
    figures = entry["figures"]["rank1"]
    assert figures["difference"]["persons"] == 11
    # Person 0 has 1 and 0 in its two splits, against 0 and 0.
    assert figures["first"]["mean"] == pytest.approx((0.5 + 9 + 1) / 11)
    assert figures["difference"]["mean"] == pytest.approx((0.5 + 4 + 1) / 11)
    # The deviation is that of the splits' means, 1 and a half.
    assert figures["first"]["std"] == pytest.approx(np.std([1.0, 0.5], ddof=1))
    assert (entry["splits"], entry["verdict"]) == (2, "shown")


def test_without_a_query_nothing_is_shown():
    entry = over_persons(CLAIM, "KTH", [split({}, {})])
    assert (entry["figures"], entry["verdict"]) == ({}, "not shown")
