"""Ranking metrics: recorded values, a slow reference written out, invariants, bad input."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.errors import InvalidArgumentError
from mindreid.metrics import (
    JUNK_RULES,
    evaluate_distances,
    evaluate_ranking,
    pairwise_distances,
    rank_gallery,
    rerank_k_reciprocal,
)


def is_junk(protocol, same_camera, same_clothes):
    return {
        "standard": same_camera,
        "clothes_changing": same_camera or same_clothes,
        "same_clothes": same_camera or not same_clothes,
        "all": False,
    }[protocol]


def evaluate_slowly(distances, q_pids, g_pids, q_cams, g_cams, q_clothes, g_clothes, protocol):
    """One query after the other, one gallery item after the other; (curve, mAP, mINP, valid queries)."""
    curves, precisions, penalties = [], [], []
    for q, row in enumerate(distances):
        ranked = []
        for g in sorted(range(len(row)), key=lambda item, row=row: (row[item], item)):
            mine = g_pids[g] == q_pids[q]
            if mine and is_junk(protocol, g_cams[g] == q_cams[q], g_clothes[g] == q_clothes[q]):
                continue
            ranked.append(mine)
        hits = [rank for rank, mine in enumerate(ranked, start=1) if mine]
        if not hits:
            continue
        curves.append([float(k >= hits[0]) for k in range(1, len(row) + 1)])
        precisions.append(np.mean([found / rank for found, rank in enumerate(hits, start=1)]))
        penalties.append(len(hits) / hits[-1])
    if not curves:
        return None
    return np.mean(curves, axis=0), np.mean(precisions), np.mean(penalties), len(curves)


@st.composite
def problems(draw, ties):
    """Distances and labels of a few persons, cameras and outfits."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    num_query, num_gallery = draw(st.integers(1, 9)), draw(st.integers(1, 40))
    shape = (num_query, num_gallery)
    distances = (
        rng.integers(-3, 4, shape).astype(float)
        if ties
        else rng.permuted(np.arange(num_query * num_gallery, dtype=float).reshape(shape), axis=1)
    )
    labels = []
    for count in (draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.integers(1, 3))):
        labels += [rng.integers(0, count, num_query), rng.integers(0, count, num_gallery)]
    return distances, labels


def assert_same(result, expected):
    curve, mean_ap, mean_inp, num_valid = expected
    np.testing.assert_allclose(result.cmc, curve, rtol=0, atol=1e-12)
    assert result.mean_ap == pytest.approx(mean_ap, abs=1e-12)
    assert result.mean_inp == pytest.approx(mean_inp, abs=1e-12)
    assert result.num_valid_queries == num_valid


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("protocol", JUNK_RULES)
@given(data=st.data(), block_size=st.one_of(st.none(), st.integers(1, 4)))
@settings(max_examples=60, deadline=None)
def test_equals_the_slow_reference(ties, protocol, data, block_size):
    distances, labels = data.draw(problems(ties))
    expected = evaluate_slowly(distances, *labels, protocol)
    if expected is None:
        with pytest.raises(InvalidArgumentError, match="no query has a match"):
            evaluate_distances(distances, *labels, protocol=protocol, block_size=block_size)
    else:
        result = evaluate_distances(distances, *labels, protocol=protocol, block_size=block_size)
        assert_same(result, expected)


@given(data=st.data(), factor=st.sampled_from([1e-30, 0.25, 1.0, 3.7, 1e30]))
@settings(max_examples=60, deadline=None)
def test_order_of_the_gallery_and_scale_of_distances_do_not_matter(data, factor):
    distances, labels = data.draw(problems(ties=False))
    if evaluate_slowly(distances, *labels, "standard") is None:
        return
    shuffled = np.random.default_rng(0).permutation(distances.shape[1])
    moved = [values if side % 2 == 0 else values[shuffled] for side, values in enumerate(labels)]
    before = evaluate_distances(distances, *labels)
    after = evaluate_distances(factor * distances[:, shuffled], *moved)
    np.testing.assert_array_equal(before.cmc, after.cmc)
    assert (before.mean_ap, before.mean_inp) == (after.mean_ap, after.mean_inp)


@pytest.fixture(scope="module")
def recorded(golden):
    arrays = golden("eval")
    labels = [arrays[f"{side}_{kind}"] for kind in ("pids", "camids", "clothes") for side in "qg"]
    return arrays, labels


@pytest.mark.parametrize("block_size", [None, 1, 7])
@pytest.mark.parametrize(
    ("protocol", "source", "num_valid"),
    [
        ("standard", "simpleccreid_general", "num_valid_general"),
        ("standard", "torchreid_market", "num_valid_general"),
        ("standard", "fastreid", "num_valid_general"),
        ("standard", "fire_general", "num_valid_general"),
        ("standard", "fire_ltcc_standard", "num_valid_general"),
        ("clothes_changing", "simpleccreid_cc", "num_valid_cc"),
        ("clothes_changing", "fire_ltcc_cc", "num_valid_cc"),
        ("same_clothes", "simpleccreid_sc", "num_valid_sc"),
    ],
)
def test_recorded_protocols(recorded, protocol, source, num_valid, block_size):
    arrays, labels = recorded
    result = evaluate_distances(arrays["distmat"], *labels, protocol=protocol, block_size=block_size)
    np.testing.assert_allclose(result.cmc[:50], arrays[f"{source}_cmc"], rtol=0, atol=1e-7)
    assert result.mean_ap == pytest.approx(float(arrays[f"{source}_map"]), abs=1e-9)
    assert result.num_valid_queries == arrays[num_valid]
    assert len(result.cmc) == len(labels[1])


def test_recorded_scores_of_single_queries(recorded):
    arrays, labels = recorded
    result = evaluate_distances(arrays["distmat"], *labels)
    np.testing.assert_allclose(result.scores.average_precisions, arrays["fastreid_ap"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        result.scores.inverse_negative_penalties, arrays["fastreid_inp"], rtol=0, atol=1e-7
    )
    assert result.mean_inp == pytest.approx(float(arrays["fastreid_minp"]), abs=1e-7)
    assert not set(result.scores.queries) & {0, 1, 2, 3}, "the first four queries have no match"


def test_recorded_values_of_the_mgn_ports(recorded):
    arrays, labels = recorded
    result = evaluate_distances(arrays["distmat"], *labels)
    np.testing.assert_allclose(result.cmc[:100], arrays["mgn_cmc100_first_match"], rtol=0, atol=1e-7)
    assert result.mean_ap == pytest.approx(float(arrays["mgn_map_sklearn"]), abs=1e-12)


def test_recorded_ranking_without_junk_needs_no_cameras(recorded):
    arrays, (q_pids, g_pids, *_) = recorded
    result = evaluate_distances(arrays["distmat"][4:], q_pids[4:], g_pids, None, None, protocol="all")
    np.testing.assert_allclose(result.cmc[:50], arrays["fire_prcc_cmc_queries4on"], rtol=0, atol=1e-7)
    assert result.mean_ap == pytest.approx(float(arrays["fire_prcc_map_queries4on"]), abs=1e-9)


@pytest.mark.parametrize(("rerank", "source"), [(False, "rr_none"), (True, "rr_torchreid"), (True, "rr_mgn")])
def test_recorded_ranking_of_features(golden, rerank, source):
    arrays = golden("eval")
    labels = [arrays[f"rr_{side}_{kind}"] for kind in ("pids", "camids") for side in "qg"]
    result = evaluate_ranking(arrays["rr_q_feat"], arrays["rr_g_feat"], *labels, rerank=rerank)
    np.testing.assert_allclose(result.cmc[:10], arrays[f"{source}_cmc"], rtol=0, atol=1e-6)
    assert result.mean_ap == pytest.approx(float(arrays[f"{source}_map"]), abs=1e-6)


@pytest.fixture
def features():
    rng = np.random.default_rng(5)
    persons = rng.standard_normal((6, 12)).astype(np.float32)
    q_pids, g_pids = rng.integers(0, 6, 23), rng.integers(0, 6, 151)
    query, gallery = (
        persons[pids] + rng.standard_normal((len(pids), 12)).astype(np.float32) for pids in (q_pids, g_pids)
    )
    return query, gallery, [q_pids, g_pids, rng.integers(0, 3, 23), rng.integers(0, 3, 151)]


@pytest.mark.parametrize("block_size", [None, 1, 5])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_features_give_what_their_distances_give(features, metric, block_size):
    query, gallery, labels = features
    if metric == "cosine":
        unit = [
            x.astype(float) / np.linalg.norm(x.astype(float), axis=1, keepdims=True) for x in (query, gallery)
        ]
        distances = 1 - unit[0] @ unit[1].T
    else:
        distances = np.linalg.norm(query[:, None].astype(float) - gallery, axis=2)
    result = evaluate_ranking(query, gallery, *labels, metric=metric, block_size=block_size)
    assert_same(result, evaluate_slowly(distances, *labels, *[np.zeros(200)] * 2, "standard"))


def test_reranking_ranks_by_the_reranked_distances(features):
    query, gallery, labels = features
    expected = evaluate_distances(rerank_k_reciprocal(query, gallery), *labels)
    result = evaluate_ranking(query, gallery, *labels, rerank=True, block_size=4)
    np.testing.assert_array_equal(result.cmc, expected.cmc)
    assert result.mean_ap == expected.mean_ap


def test_inputs_are_left_as_they_were(features):
    query, gallery, labels = features
    distances = pairwise_distances(query, gallery)
    before = [values.copy() for values in (distances, query, gallery, *labels)]
    evaluate_distances(distances, *labels)
    evaluate_ranking(query, gallery, *labels)
    for old, new in zip(before, (distances, query, gallery, *labels)):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("protocol", JUNK_RULES)
def test_a_ranked_gallery_is_the_sorted_one_without_junk(features, protocol):
    query, gallery, (q_pids, g_pids, q_cams, g_cams) = features
    clothes = np.arange(len(gallery)) % 3
    for row in range(3):
        order = rank_gallery(
            query[row], gallery, q_pids[row], g_pids, q_cams[row], g_cams, 1, clothes, protocol=protocol
        )
        expected = [
            item
            for item in np.argsort(pairwise_distances(query[row : row + 1], gallery)[0], kind="stable")
            if g_pids[item] != q_pids[row]
            or not is_junk(protocol, g_cams[item] == q_cams[row], clothes[item] == 1)
        ]
        assert order.tolist() == expected


def test_labels_may_be_strings():
    result = evaluate_distances([[0.2, 0.1]], ["b"], ["b", "a"], ["north"], ["south", "north"])
    assert result.rank(1) == 0.0
    assert result.rank(2) == 1.0


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", "i1", "u2", "i8", "u8", ">f4", ">i4"])
def test_distances_may_be_of_any_type_and_layout(dtype):
    distances = np.array([[3, 1, 2, 0], [0, 2, 2, 1]])
    labels = [[1, 2], [1, 2, 1, 2], [0, 0], [1, 1, 1, 1]]
    expected = evaluate_slowly(distances, *labels, np.zeros(2), np.zeros(4), "standard")
    for layout in (np.asarray, np.asfortranarray, lambda values: np.repeat(values, 2, axis=1)[:, ::2]):
        assert_same(evaluate_distances(layout(distances.astype(dtype)), *labels), expected)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_at_the_ends_of_their_type_are_ranked(dtype):
    largest, smallest = np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal
    distances = np.array([[largest, -largest, 0, smallest, -smallest, largest / 2]], dtype)
    pids = np.array([1, 1, 2, 1, 2, 1])
    labels = [[1], pids, [0], np.ones(6, int)]
    expected = evaluate_slowly(distances, *labels, np.zeros(1), np.zeros(6), "standard")
    assert_same(evaluate_distances(distances, *labels), expected)


def test_large_unsigned_labels_are_told_apart():
    pids = np.array([2**60, 2**60 + 1], np.uint64)
    result = evaluate_distances([[0.1, 0.2]], pids[1:].astype(np.int64), pids, [0], [1, 1])
    assert result.rank(1) == 0


def test_memory_maps_and_integer_distances_are_read(tmp_path):
    distances = np.array([[3, 1, 2]], np.int16)
    np.save(tmp_path / "distances.npy", distances)
    mapped = np.load(tmp_path / "distances.npy", mmap_mode="r")
    assert evaluate_distances(mapped, [1], [1, 2, 1], [0], [1, 1, 1]).mean_ap == pytest.approx(
        (1 / 2 + 2 / 3) / 2
    )


def test_the_summary_names_the_ranks_that_were_asked_for(features):
    query, gallery, labels = features
    result = evaluate_ranking(query, gallery, *labels, ranks=(1, 3, 1000))
    summary = result.to_dict()
    assert list(summary) == ["rank1", "rank3", "rank1000", "mAP", "mINP", "num_valid_queries"]
    assert summary["rank3"] == result.cmc[2]
    assert summary["rank1000"] == result.cmc[-1] == 1.0


def test_memory_grows_with_the_block_not_with_the_matrix():
    rng = np.random.default_rng(0)
    query, gallery = rng.standard_normal((600, 8)), rng.standard_normal((6000, 8))
    labels = [rng.integers(0, 300, 600), rng.integers(0, 300, 6000), np.zeros(600, int), np.ones(6000, int)]
    tracemalloc.start()
    evaluate_ranking(query, gallery, *labels, block_size=4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 600 * 6000 * 8 / 6


def test_metrics_do_not_load_a_deep_learning_framework():
    code = "import sys, mindreid.metrics; sys.exit(bool({'mindspore', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


GOOD = {
    "distances": np.arange(6.0).reshape(2, 3),
    "query_pids": [1, 2],
    "gallery_pids": [1, 2, 2],
    "query_camids": [0, 0],
    "gallery_camids": [1, 1, 1],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"distances": np.arange(6.0)}, "expected a matrix"),
        ({"distances": np.empty((2, 0))}, "expected a matrix"),
        ({"distances": [["a", "b", "c"]] * 2}, "expected real numbers"),
        ({"distances": [[0, 1, 2], [0, np.nan, 1]]}, "NaN or infinite distances, first in row 1"),
        ({"distances": [[0, 1, 2], [0, -np.inf, 1]]}, "NaN or infinite distances, first in row 1"),
        ({"distances": np.empty((0, 3))}, r"at least one of each, got shape .0, 3.: distances"),
        ({"distances": [[0, 1, 2], [0, 1]]}, "the rows are not of the same length: distances"),
        ({"distances": np.ones((2, 3), bool)}, "expected real numbers, got dtype bool"),
        ({"distances": np.ones((2, 3), complex)}, "expected real numbers, got dtype complex128"),
        ({"distances": np.full((2, 3), np.inf, np.float16)}, "NaN or infinite distances, first in row 0"),
        ({"distances": np.ma.masked_equal(np.eye(2, 3), 1)}, "some values are masked: distances"),
        ({"distances": np.full((2, 3), 2**53 + 1)}, "integers of more than 53 bits"),
        ({"distances": np.full((2, 3), 2**63 + 1, np.uint64)}, "integers of more than 53 bits"),
        ({"distances": np.empty((2, 2, 3))}, "expected a matrix"),
        ({"distances": None}, "expected real numbers"),
        ({"query_pids": ["1", "2"]}, "query_pids are <U1 and gallery_pids int64.*integers or strings"),
        ({"gallery_camids": ["1"] * 3}, "query_camids are int64 and gallery_camids <U1"),
        ({"gallery_pids": np.full(3, 2**63, np.uint64)}, r"labels must be less than 2\*\*63: gallery_pids"),
        ({"block_size": 2.5}, "block_size must be at least 1 and an integer, got 2.5"),
        ({"query_pids": [1]}, "expected 2 labels, one per item, got shape .1,.: query_pids"),
        ({"gallery_pids": [[1, 2, 2]]}, "expected 3 labels.*gallery_pids"),
        ({"gallery_camids": [1.5, 1, 1]}, "integers or strings.*gallery_camids"),
        ({"query_camids": None}, "'standard' needs query_camids, which are missing"),
        ({"protocol": "clothes_changing"}, "'clothes_changing' needs query_clothes, which are missing"),
        (
            {"protocol": "same_clothes", "query_clothes": [1, 2], "gallery_clothes": [1, None, 3]},
            "'same_clothes' needs gallery_clothes, which are missing",
        ),
        ({"protocol": "market"}, "unknown protocol 'market'.*choose from standard"),
        ({"ranks": (0,)}, "a rank is a positive integer, not 0"),
        ({"ranks": (1, 2.5)}, "a rank is a positive integer, not 2.5"),
        ({"block_size": 0}, "block_size must be at least 1"),
        ({"query_pids": [8, 9]}, "no query has a match in the gallery once junk is removed"),
        ({"query_camids": [1, 1]}, "no query has a match in the gallery once junk is removed"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(InvalidArgumentError, match=message):
        evaluate_distances(**{**GOOD, **change})


@pytest.mark.parametrize(
    ("query", "gallery", "options", "message"),
    [
        (np.ones(4), np.ones((3, 4)), {}, "expected a matrix.*query_features"),
        (np.ones((2, 4)), np.ones((3, 5)), {}, "query features are 4 wide and gallery features 5"),
        (np.ones((2, 4)), [[1, 1, 1, 1], [1, np.nan, 1, 1], [1, 1, 1, 1]], {}, "1 of 3 rows hold NaN.*row 1"),
        (np.ones((2, 4)), np.ones((3, 4)), {"metric": "dot"}, "unknown metric 'dot'.*cosine, euclidean"),
        (np.ones((5, 4)), np.ones((3, 4)), {}, "expected 5 labels, one per item, got shape .2,.: query_pids"),
        (np.ones((2, 4), complex), np.ones((3, 4)), {}, "expected real numbers.*query_features"),
    ],
)
def test_bad_features_are_named(query, gallery, options, message):
    labels = [GOOD[name] for name in ("query_pids", "gallery_pids", "query_camids", "gallery_camids")]
    with pytest.raises(InvalidArgumentError, match=message):
        evaluate_ranking(query, gallery, *labels, **options)


@pytest.mark.parametrize("k", [0, -1, 1.0, True])
def test_a_wrong_rank_is_named(k):
    with pytest.raises(InvalidArgumentError, match="a rank is a positive integer"):
        evaluate_distances(**GOOD).rank(k)
