"""Rank lists against plain loops: which queries are hard, who stands where, what is junk."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mindreid.config import EvaluationConfig
from mindreid.data.records import Protocol, Record
from mindreid.engine.evaluation.protocol_evaluation import ProtocolEmbeddings, evaluate_protocols
from mindreid.metrics import rerank_k_reciprocal
from mindreid.report.label_pairs import pair_table
from mindreid.report.rank_lists import ProtocolRanking

RULES = ["standard", "clothes_changing", "same_clothes", "all"]


def is_junk(query, item, rule):
    if item.pid != query.pid or rule == "all":
        return False
    same_camera, same_clothes = item.camid == query.camid, item.clothes_id == query.clothes_id
    other = {"standard": False, "clothes_changing": same_clothes, "same_clothes": not same_clothes}[rule]
    return same_camera or other


def plain_ranking(query, gallery, distances, rule):
    """Items in order with their ranks (None: junk), and the average precision (None: no match)."""
    order = sorted(range(len(gallery)), key=lambda item: (distances[item], item))
    listed, rank, matches, precisions = [], 0, 0, []
    for item in order:
        if is_junk(query, gallery[item], rule):
            listed.append((item, None))
            continue
        rank += 1
        listed.append((item, rank))
        if gallery[item].pid == query.pid:
            matches += 1
            precisions.append(matches / rank)
    return listed, sum(precisions) / len(precisions) if precisions else None


@st.composite
def protocols(draw):
    """Random labels and embeddings whose distances are all different."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = draw(st.integers(1, 6)), draw(st.integers(2, 25))
    persons, cameras = draw(st.integers(1, 4)), draw(st.integers(1, 3))

    def records(side, count):
        labels = zip(
            generator.integers(0, persons, count),
            generator.integers(0, cameras, count),
            generator.integers(0, 2, count),
        )
        return tuple(
            Record((f"{side}{n}",), int(p), int(c), clothes_id=int(o)) for n, (p, c, o) in enumerate(labels)
        )

    rule = draw(st.sampled_from(RULES))
    protocol = Protocol("any", rule, records("q", sizes[0]), records("g", sizes[1]))
    everything = [*protocol.query, *protocol.gallery]
    return protocol, ProtocolEmbeddings(everything, generator.standard_normal((len(everything), 8)))


def distances_of(protocol, embeddings, rerank):
    query, gallery = embeddings(protocol.query), embeddings(protocol.gallery)
    if rerank:
        return rerank_k_reciprocal(query, gallery)
    query, gallery = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (query, gallery))
    return 1 - query @ gallery.T


@settings(max_examples=60, deadline=None)
@given(protocols(), st.booleans())
def test_hardest_first_and_everybody_in_place(given_protocol, rerank):
    protocol, embeddings = given_protocol
    distances = distances_of(protocol, embeddings, rerank)
    plain = [
        plain_ranking(query, protocol.gallery, row, protocol.rule)
        for query, row in zip(protocol.query, distances)
    ]
    valid = [index for index, (_, precision) in enumerate(plain) if precision is not None]
    assume(valid)
    config = EvaluationConfig(rerank=rerank)
    ranking = ProtocolRanking(protocol, embeddings, config)
    # Rounded: averages of the same numbers in another order may differ in the last digit.
    found = [round(ranking.average_precisions[query], 12) for query in ranking.hardest(100)]
    assert found == sorted(round(plain[query][1], 12) for query in valid)
    assert ranking.hardest(1) == ranking.hardest(100)[:1]
    mean = np.mean([plain[query][1] for query in valid])
    assert evaluate_protocols([protocol], embeddings, config)["any"].mean_ap == pytest.approx(mean)

    for index, one in enumerate(ranking.rank_lists(range(len(protocol.query)), top=1000)):
        listed, precision = plain[index]
        assert one.query == protocol.query[index]
        assert (one.average_precision is None) == (precision is None)
        expected = [entry for entry in listed if entry[1] is not None]
        shown = [
            (protocol.gallery.index(item.record), item.rank) for item in one.items if item.kind != "junk"
        ]
        assert shown == expected
        junk = [protocol.gallery.index(item.record) for item in one.items if item.kind == "junk"]
        assert junk == [item for item, rank in listed if rank is None][:3]
        assert len(junk) + one.hidden_junk == len(listed) - len(expected)
        for item in one.items:
            score = distances[index][protocol.gallery.index(item.record)]
            assert item.score == pytest.approx(score if rerank else 1 - score, abs=1e-6)
            assert (item.kind == "match") == (item.rank is not None and item.record.pid == one.query.pid)


@settings(max_examples=30, deadline=None)
@given(protocols())
def test_pairs_of_cameras_are_searches_of_their_own(given_protocol):
    protocol, embeddings = given_protocol
    distances = distances_of(protocol, embeddings, False)
    everything = [
        plain_ranking(query, protocol.gallery, row, protocol.rule)[1]
        for query, row in zip(protocol.query, distances)
    ]
    assume(any(precision is not None for precision in everything))
    table = pair_table(
        ProtocolRanking(protocol, embeddings, EvaluationConfig()), lambda record: f"c{record.camid}"
    )
    cameras = sorted({f"c{record.camid}" for record in (*protocol.query, *protocol.gallery)})
    if table is None:
        assert len(cameras) < 2
        return
    assert table.names == tuple(cameras)
    for row, first in enumerate(cameras):
        for column, second in enumerate(cameras):
            items = [n for n, record in enumerate(protocol.gallery) if f"c{record.camid}" == second]
            found = [
                plain_ranking(query, [protocol.gallery[n] for n in items], own[items], protocol.rule)[1]
                for query, own in zip(protocol.query, distances)
                if f"c{query.camid}" == first
            ]
            valid = [precision for precision in found if precision is not None]
            assert table.queries[row, column] == len(valid)
            expected = np.mean(valid) if valid else np.nan
            np.testing.assert_allclose(table.mean_ap[row, column], expected)
    together = table.by_difference(lambda _query, _item: "all")["all"]
    weights = np.nan_to_num(table.mean_ap) * table.queries
    assert together[0] == pytest.approx(weights.sum() / table.queries.sum())
