"""Ranks by the relation of views: only who is seen in it is ranked."""

import numpy as np
import pytest
from figures.person_figures import rank_queries
from figures.view_ranks import rank_by_views

from mindreid.data.records import Record


def records(rng, count, camid):
    """Records of three persons, some of unknown view."""
    views = [None if rng.random() < 0.2 else int(rng.integers(3)) for _ in range(count)]
    return [Record((f"{i}.jpg",), int(rng.integers(3)), camid, view=view) for i, view in enumerate(views)]


def relation(own, other):
    return "same" if own == other else "other"


def test_every_query_is_ranked_in_a_gallery_of_its_relation():
    rng = np.random.default_rng(4)
    query, gallery = records(rng, 12, 0), records(rng, 25, 1)
    features = rng.standard_normal((12, 5)), rng.standard_normal((25, 5))
    found = rank_by_views(query, gallery, features, relation)
    assert list(found) == ["other", "same"]
    for name, figures in found.items():
        expected = {}
        for row, one in enumerate(query):
            columns = [
                column
                for column, record in enumerate(gallery)
                if None not in (one.view, record.view) and relation(one.view, record.view) == name
            ]
            own = rank_queries(
                [one], [gallery[c] for c in columns], (features[0][[row]], features[1][columns])
            )
            for person, values in own["mAP"].items():
                expected.setdefault(person, []).extend(values)
        assert figures["mAP"].keys() == expected.keys()
        for person, values in expected.items():
            assert sorted(figures["mAP"][person]) == pytest.approx(sorted(values))


def test_without_views_there_is_nothing_to_rank():
    record = Record(("a.jpg",), 1, 0)
    assert rank_by_views([record], [record], (np.ones((1, 2)), np.ones((1, 2))), relation) == {}
