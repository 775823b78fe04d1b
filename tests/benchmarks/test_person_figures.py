"""Ranks and chances by person, against a plain loop over queries."""

import numpy as np
import pytest
from figures.person_figures import join_figures, over_splits, rank_queries

from mindreid.data.records import Record


def records(rng, count):
    return [
        Record((f"{i}.jpg",), int(rng.integers(4)), int(rng.integers(2)), clothes_id=int(rng.integers(2)))
        for i in range(count)
    ]


def is_junk(rule, query, item):
    if rule == "all" or query.pid != item.pid:
        return False
    return query.camid == item.camid or (rule == "clothes_changing" and query.clothes_id == item.clothes_id)


def by_hand(query, gallery, features, rule):
    found = {"rank1": {}, "mAP": {}, "chance": {}}
    units = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in features]
    for one, vector in zip(query, units[0]):
        kept = [(1 - vector @ other, item.pid == one.pid) for item, other in zip(gallery, units[1])
                if not is_junk(rule, one, item)]  # fmt: skip
        hits = [hit for _, hit in sorted(kept, key=lambda pair: pair[0])]
        if not any(hits):
            continue
        precisions = [sum(hits[: i + 1]) / (i + 1) for i, hit in enumerate(hits) if hit]
        for name, value in (
            ("rank1", float(hits[0])), ("mAP", np.mean(precisions)), ("chance", sum(hits) / len(hits)),
        ):  # fmt: skip
            found[name].setdefault(str(one.pid), []).append(value)
    return found


@pytest.mark.parametrize("rule", ["standard", "clothes_changing", "all"])
def test_against_a_loop(rule):
    rng = np.random.default_rng(5)
    query, gallery = records(rng, 9), records(rng, 14)
    features = rng.standard_normal((9, 6)), rng.standard_normal((14, 6))
    found, expected = (
        rank_queries(query, gallery, features, rule=rule),
        by_hand(query, gallery, features, rule),
    )
    assert found.keys() == expected.keys()
    for metric, persons in expected.items():
        assert found[metric].keys() == persons.keys()
        for person, values in persons.items():
            assert found[metric][person] == pytest.approx(values)


@pytest.mark.parametrize("gallery", [[], [Record(("g.jpg",), 2, 1)]])
def test_queries_without_a_match_count_nowhere(gallery):
    features = np.ones((1, 3)), np.ones((len(gallery), 3))
    figures = rank_queries([Record(("q.jpg",), 1, 0)], gallery, features)
    assert figures == {"rank1": {}, "mAP": {}, "chance": {}}


def test_a_person_of_several_splits_has_all_its_queries():
    splits = [{"mgn": {"rank1": {"1": [1.0], "2": [0.0]}}}, {"mgn": {"rank1": {"1": [0.0]}}}]
    assert over_splits(splits) == {"mgn": {"rank1": {"1": [1.0, 0.0], "2": [0.0]}}}
    assert splits[0]["mgn"]["rank1"]["1"] == [1.0]
    assert join_figures([]) == {}
