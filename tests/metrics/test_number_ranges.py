"""Rankings do not depend on the magnitude, type or layout of the features, nor on how alike they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.errors import InvalidArgumentError
from mindreid.metrics import (
    METRICS,
    cluster_persons,
    evaluate_casia_b,
    evaluate_ccpg,
    evaluate_ranking,
    l2_normalize,
    pairwise_distances,
    pool_multi_query,
    rank_gallery,
    rerank_k_reciprocal,
)

FACTORS = [1e-30, 1e-19, 1e-12, 1e10, 1e19, 1e30]


def distances_slowly(query, gallery, metric):
    """Definitions, in extended precision."""
    query, gallery = (side.astype(np.longdouble) for side in (query, gallery))
    if metric == "cosine":
        query, gallery = (side / np.sqrt((side**2).sum(axis=1, keepdims=True)) for side in (query, gallery))
    squares = ((query[:, None] - gallery) ** 2).sum(axis=2)
    return squares / 2 if metric == "cosine" else np.sqrt(squares)


def assert_ordered_alike(distances, expected, share):
    """No item stands behind one that is farther by more than a share of its distance."""
    for row, wanted in zip(distances, expected):
        ranked = wanted[np.argsort(row, kind="stable")]
        assert (ranked >= np.maximum.accumulate(ranked) * (1 - share)).all()


def people(seed, persons=6, dimensions=12, counts=(23, 151)):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((persons, dimensions))
    pids = [rng.integers(0, persons, count) for count in counts]
    sides = [(centres[own] + rng.standard_normal((len(own), dimensions))).astype(np.float32) for own in pids]
    return *sides, [*pids, *(rng.integers(0, 3, count) for count in counts)]


def spread(rng, shape):
    """Clouds of all sizes, around points of all sizes."""
    offset = rng.standard_normal(shape[1]) * 10.0 ** rng.integers(-3, 4)
    return offset + rng.standard_normal(shape) * 10.0 ** rng.integers(-4, 4)


def nearly_equal(rng, shape):
    """Copies of a few points, moved by anything from nothing to a lot."""
    points = rng.standard_normal((3, shape[1]))[rng.integers(0, 3, shape[0])]
    return points + rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 1, (shape[0], 1))


def one_outlier(rng, shape):
    values = rng.standard_normal(shape) * 1e-6
    values[rng.integers(shape[0])] = 1e3
    return values


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("draw", [spread, nearly_equal, one_outlier])
@given(seed=st.integers(0, 2**32 - 1), exponent=st.integers(-100, 90), dtype=st.sampled_from("fd"))
@settings(max_examples=30, deadline=None)
@pytest.mark.filterwarnings("error")
def test_distances_and_their_order_equal_the_definition(metric, draw, seed, exponent, dtype):
    rng = np.random.default_rng(seed)
    items = draw(rng, (31, 5)).astype(dtype)
    query, gallery = items[:9], items[4:]
    expected = distances_slowly(query, gallery, metric)
    query, gallery = (np.ldexp(side, exponent) for side in (query, gallery))
    distances = pairwise_distances(query, gallery, metric)
    if metric == "euclidean":
        distances = np.ldexp(distances.astype(float), -exponent)
    assert_ordered_alike(distances, expected, share=2e-3)
    if metric == "euclidean":
        np.testing.assert_allclose(distances, expected.astype(float), rtol=2e-3, atol=0)
    # Rounding of the unit vectors themselves: nothing closer can be told apart.
    np.testing.assert_allclose(distances, expected.astype(float), rtol=2e-3, atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@given(
    seed=st.integers(0, 2**32 - 1), dtype=st.sampled_from(["f2", "f4", "f8", "i1", "u1", "i8", ">f4", ">i2"])
)
@settings(max_examples=60, deadline=None)
def test_small_integers_of_any_type_tie_exactly(metric, seed, dtype):
    """Codes of a few values have many equal distances, which the gallery's order decides."""
    rng = np.random.default_rng(seed)
    query, gallery = rng.integers(0, 4, (5, 6)), rng.integers(0, 4, (60, 6))
    query[:, 0] = gallery[:, 0] = 1
    labels = [rng.integers(0, 4, count) for count in (5, 60)] + [np.zeros(5, int), np.ones(60, int)]
    found = rank_gallery(
        query[0].astype(dtype), gallery.astype(dtype), 1, [2] * 60, 0, [1] * 60, metric=metric
    )
    expected = distances_slowly(query, gallery, metric)[0]
    if metric == "euclidean":
        squares = ((query[0] - gallery) ** 2).sum(axis=1)
        np.testing.assert_array_equal(found, np.argsort(squares, kind="stable"))
        result = evaluate_ranking(query.astype(dtype), gallery.astype(dtype), *labels, metric=metric)
        wanted = evaluate_ranking(query.astype(float), gallery.astype(float), *labels, metric=metric)
        assert result.mean_ap == wanted.mean_ap
    assert (np.diff(expected[found]) >= -1e-6).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rows", [1, 3])
@given(seed=st.integers(0, 2**32 - 1), copies=st.integers(2, 40))
@settings(max_examples=40, deadline=None)
def test_equal_rows_are_at_equal_distances_wherever_they_stand(metric, rows, seed, copies):
    rng = np.random.default_rng(seed)
    gallery = rng.standard_normal((97, 33)).astype(np.float32)
    places = rng.permutation(97)[:copies]
    gallery[places] = gallery[places[0]]
    distances = pairwise_distances(rng.standard_normal((rows, 33)).astype(np.float32), gallery, metric)
    assert (distances[:, places] == distances[:, places[:1]]).all()


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("options", [{}, {"metric": "euclidean"}, {"rerank": True}], ids=str)
@pytest.mark.filterwarnings("error")
def test_evaluation_does_not_depend_on_the_magnitude(options, factor):
    query, gallery, labels = people(0)
    expected = evaluate_ranking(query, gallery, *labels, **options)
    result = evaluate_ranking(query * np.float32(factor), gallery * np.float32(factor), *labels, **options)
    np.testing.assert_array_equal(result.cmc, expected.cmc)
    assert result.mean_ap == expected.mean_ap
    doubles = (side.astype(float) * factor**6 for side in (query, gallery))
    result = evaluate_ranking(*doubles, *labels, **options)
    assert result.mean_ap == pytest.approx(expected.mean_ap, abs=1e-12)


@pytest.mark.parametrize("options", [{}, {"metric": "euclidean"}, {"rerank": True}], ids=str)
@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        lambda side: side[::-1][::-1],
        lambda side: np.repeat(side, 3, axis=1)[:, ::3],
        lambda side: side.astype(">f4"),
        lambda side: side.astype(">f8"),
        lambda side: side.astype(np.longdouble),
        lambda side: side.astype(np.float16),
        lambda side: (side * 64).astype(np.int16),
        lambda side: side.tolist(),
    ],
    ids=["Fortran", "reversed", "strided", ">f4", ">f8", "longdouble", "half", "integer", "lists"],
)
def test_evaluation_does_not_depend_on_type_and_layout(change, options):
    query, gallery, labels = people(1)
    # Values that every type holds exactly.
    query, gallery = (np.round(side * 64) / 64 for side in (query, gallery))
    expected = evaluate_ranking(query, gallery, *labels, **options)
    result = evaluate_ranking(change(query), change(gallery), *labels, **options)
    np.testing.assert_array_equal(result.cmc, expected.cmc)
    assert result.mean_ap == pytest.approx(expected.mean_ap, abs=1e-12)


def test_denormal_features_rank_like_normal_ones():
    rng = np.random.default_rng(3)
    items = rng.integers(-1000, 1000, (40, 8))
    tiny = (items * np.finfo(np.float32).smallest_subnormal.astype(float)).astype(np.float32)
    for metric in METRICS:
        ranks = [
            rank_gallery(side[0], side[1:], 0, [1] * 39, 0, [1] * 39, metric=metric)
            for side in (tiny, items.astype(np.float32))
        ]
        np.testing.assert_array_equal(*ranks)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.filterwarnings("error")
def test_clusters_pools_and_reranked_distances_do_not_depend_on_the_magnitude(factor):
    query, gallery, (_, pids, _, camids) = people(2, counts=(9, 80))
    query, gallery = query.astype(float), gallery.astype(float)
    for scale in (factor, factor**8):
        if not 0 < abs(scale) < 1e200:
            continue
        scaled = gallery * scale
        np.testing.assert_allclose(
            rerank_k_reciprocal(query * scale, scaled), rerank_k_reciprocal(query, gallery), atol=1e-6
        )
        np.testing.assert_array_equal(
            cluster_persons(scaled, pids).labels, cluster_persons(gallery, pids).labels
        )
        options = (pids, camids, pids[:9], camids[:9])
        np.testing.assert_allclose(
            pool_multi_query(scaled, *options), pool_multi_query(gallery, *options), atol=1e-12
        )
        np.testing.assert_allclose(
            pool_multi_query(scaled, *options, normalize=False),
            scale * pool_multi_query(gallery, *options, normalize=False),
        )
        np.testing.assert_allclose(np.linalg.norm(l2_normalize(scaled), axis=1), 1)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("metric", METRICS)
def test_gait_benchmarks_do_not_depend_on_the_magnitude(metric, factor):
    rng = np.random.default_rng(4)
    types = [f"{kind}-0{n}" for kind, last in (("nm", 6), ("bg", 2), ("cl", 2)) for n in range(1, last + 1)]
    status = ["U0_D0_BG", "U0_D0", "U1_D0", "U1_D1", "U0_D3", "U3_D3", "U2_D2"]
    for evaluate, worn in ((evaluate_casia_b, types), (evaluate_ccpg, status)):
        pids = np.repeat(np.arange(8), 2 * len(worn))
        features = rng.standard_normal((8, 6, 4))[pids] + rng.standard_normal((len(pids), 6, 4))
        arguments = (pids, worn * 16, (["036"] * len(worn) + ["090"] * len(worn)) * 8, metric)
        features = features.astype(np.float32)
        found, wanted = (evaluate(values, *arguments) for values in (features * np.float32(factor), features))
        for side in (found, wanted):
            side.update({name: None for name in side if name == "view_pairs"})
        assert str(found) == str(wanted)


def test_all_alike_embeddings_of_an_untrained_network_are_told_apart():
    """Directions within a millionth of each other: 1 - cos is rounding, their differences are not."""
    rng = np.random.default_rng(5)
    items = (1 + 1e-4 * rng.standard_normal((60, 32))).astype(np.float32)
    expected = distances_slowly(items[:5], items, "cosine")
    distances = pairwise_distances(items[:5], items, "cosine")
    assert_ordered_alike(distances, expected, share=5e-3)
    np.testing.assert_allclose(distances, expected.astype(float), rtol=1e-2, atol=1e-13)
    np.testing.assert_array_equal(distances[range(5), range(5)], 0)


def test_reranking_tells_all_alike_embeddings_apart():
    rng = np.random.default_rng(6)
    items = rng.standard_normal((40, 8))
    near, wide = 1 + 1e-3 * items, 1 + 1e-3 * items.astype(np.longdouble)
    unit = np.asarray(wide / np.sqrt((wide**2).sum(axis=1, keepdims=True)), float)
    farthest = ((unit[:5, None] - unit) ** 2).sum(axis=2).max(axis=1)
    expected = ((unit[:5, None] - unit[5:]) ** 2).sum(axis=2) / farthest[:, None]
    found = rerank_k_reciprocal(near[:5].astype(np.float32), near[5:].astype(np.float32), lambda_value=1.0)
    np.testing.assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize(
    "function",
    [
        lambda rows: evaluate_ranking(np.eye(2), rows, [0, 1], [0, 1, 1], [0, 0], [1, 1, 1]),
        lambda rows: evaluate_ranking(np.eye(2), rows, [0, 1], [0, 1, 1], [0, 0], [1, 1, 1], rerank=True),
        lambda rows: rerank_k_reciprocal(np.eye(2), rows),
        lambda rows: pairwise_distances(np.eye(2), rows),
        lambda rows: cluster_persons(rows, [0, 1, 1]),
        lambda rows: pool_multi_query(rows, [0, 0, 0], [0, 0, 0], [0], [0]),
    ],
    ids=["evaluate", "evaluate re-ranked", "re-rank", "distances", "clusters", "pool"],
)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "1 of 3 rows are all zeros, which has no direction, first in row 1"),
        (np.nan, "1 of 3 rows hold NaN or infinity, first in row 1"),
        (np.inf, "1 of 3 rows hold NaN or infinity, first in row 1"),
        (-np.inf, "1 of 3 rows hold NaN or infinity, first in row 1"),
    ],
)
def test_rows_without_a_place_are_named(function, value, message):
    with pytest.raises(InvalidArgumentError, match=message):
        function(np.array([[1.0, 0.5], [value, value], [0.5, 1.0]]))


def test_a_zero_has_a_place_by_euclidean_distance_and_as_a_part():
    np.testing.assert_array_equal(pairwise_distances([[0.0, 0.0]], [[3.0, 4.0]], "euclidean"), [[5.0]])
    parts = np.array([[[1.0, 0.0], [0.0, 0.0]]])
    np.testing.assert_allclose(pairwise_distances(parts, parts), [[0.5]])


def test_distances_beyond_the_range_of_their_type_are_refused():
    far = np.array([[3e38, 3e38], [-3e38, -3e38]], np.float32)
    with pytest.raises(InvalidArgumentError, match="beyond the range of float32"):
        pairwise_distances(far, far, "euclidean")
    assert evaluate_ranking(far, far[::-1], [0, 1], [1, 0], [0, 0], [1, 1], metric="euclidean").rank(1) == 1


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([[1.0, 2.0], [3.0]], "the rows are not of the same length"),
        (np.ma.masked_equal([[1.0, 2.0], [3.0, 4.0]], 3.0), "some values are masked"),
        (np.ones((2, 2), bool), "expected real numbers, got dtype bool"),
        (np.array([["1", "2"]]), "expected real numbers"),
        (np.array([[1.0, None]]), "expected real numbers, got dtype object"),
        (np.empty((0, 4)), r"expected a matrix .*got shape \(0, 4\)"),
        (np.empty((4, 0)), r"expected a matrix .*got shape \(4, 0\)"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_named(features, message):
    with pytest.raises(InvalidArgumentError, match=message):
        pairwise_distances(features, np.ones((2, 2)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_only_rows_that_hold_infinity_are_refused_where_sums_overflow(dtype):
    largest = np.finfo(dtype).max / 2
    features = np.array([[largest] * 8, [-largest] * 8, [largest, -largest] * 4, [1.0] * 8], dtype)
    assert np.isfinite(pairwise_distances(features, features)).all()
    features[1, 2], features[2, :2] = np.nan, (np.inf, -np.inf)
    with pytest.raises(InvalidArgumentError, match="2 of 4 rows hold NaN or infinity, first in row 1"):
        pairwise_distances(features, features)


@pytest.mark.parametrize("shape", [(1, 5), (700, 600), (70, 9, 3), (1, 9, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_normalised_alike_together_and_alone(shape, dtype):
    rows = np.random.default_rng(2).normal(size=shape).astype(dtype)
    rows[0] = 0
    units = l2_normalize(rows)
    assert units.dtype == dtype
    np.testing.assert_array_equal(
        units, rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-30)
    )
    np.testing.assert_array_equal(units[-1:], l2_normalize(rows[-1:]))
