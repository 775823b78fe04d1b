"""Re-ranking: recorded values, the dense form of the method written out, its steps on their own."""

import numpy as np
import pytest

from mindreid.errors import InvalidArgumentError
from mindreid.metrics import l2_normalize, rerank_k_reciprocal, reranking
from mindreid.metrics.neighbours import nearest_neighbours, smallest


def rerank_densely(query, gallery, k1, k2, weight):
    """Zhong et al., section 3, with sets and dense rows, in double precision."""
    items = l2_normalize(np.concatenate([query, gallery]).astype(float))
    squared = ((items[:, None] - items) ** 2).sum(axis=2)
    original = squared / squared.max(axis=1, keepdims=True)
    order = np.argsort(original, axis=1, kind="stable")

    def reciprocal(item, k):
        return {j for j in order[item, : k + 1] if item in order[j, : k + 1]}

    encoding = np.zeros_like(original)
    for item in range(len(items)):
        members = reciprocal(item, k1)
        expanded = set(members)
        for member in members:
            theirs = reciprocal(member, round(k1 / 2))
            if 3 * len(theirs & members) > 2 * len(theirs):
                expanded |= theirs
        chosen = sorted(expanded)
        kernel = np.exp(-original[item, chosen])
        encoding[item, chosen] = kernel / kernel.sum()
    encoding = np.array([encoding[nearest].mean(axis=0) for nearest in order[:, :k2]])
    left, right = encoding[: len(query), None], encoding[None, len(query) :]
    jaccard = 1 - np.minimum(left, right).sum(axis=2) / np.maximum(left, right).sum(axis=2)
    return (1 - weight) * jaccard + weight * original[: len(query), len(query) :]


def clustered(seed, counts, persons=5, dimensions=8):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((persons, dimensions))
    return [
        (centres[rng.integers(0, persons, n)] + 0.7 * rng.standard_normal((n, dimensions))).astype(np.float32)
        for n in counts
    ]


@pytest.mark.parametrize(
    ("k1", "k2", "weight"),
    [(20, 6, 0.3), (7, 3, 0.5), (5, 1, 0.0), (1, 1, 0.3), (3, 9, 0.9), (200, 300, 0.1)],
)
@pytest.mark.parametrize("counts", [(9, 80), (30, 31), (1, 3)])
def test_equals_the_dense_form(counts, k1, k2, weight):
    query, gallery = clustered(sum(counts), counts)
    result = rerank_k_reciprocal(query, gallery, k1, k2, weight)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, rerank_densely(query, gallery, k1, k2, weight), rtol=0, atol=1e-5)


@pytest.mark.parametrize("elements", [1, 50, 1000])
def test_size_of_the_blocks_does_not_matter(elements, monkeypatch):
    query, gallery = clustered(1, (13, 57))
    whole = rerank_k_reciprocal(query, gallery)
    monkeypatch.setattr(reranking, "_MAX_ELEMENTS", elements)
    np.testing.assert_array_equal(rerank_k_reciprocal(query, gallery), whole)


@pytest.mark.parametrize(
    ("source", "parameters", "tolerance"),
    [
        ("rr_torchreid", {}, 1e-5),
        ("rr_mgn", {}, 1e-5),
        ("rr_torchreid_k10_3_05", {"k1": 10, "k2": 3, "lambda_value": 0.5}, 1e-5),
        # Recorded with encodings in half precision, which carries three digits.
        ("rr_fire", {}, 4e-3),
    ],
)
def test_recorded_distances(golden, source, parameters, tolerance):
    arrays = golden("eval")
    result = rerank_k_reciprocal(arrays["rr_q_feat"], arrays["rr_g_feat"], **parameters)
    np.testing.assert_allclose(result, arrays[source], rtol=0, atol=tolerance)


@pytest.mark.parametrize("person", [0, 1])
def test_recorded_clustering_distances_come_from_the_same_steps(golden, person):
    arrays = golden("fire_cluster")
    features = l2_normalize(arrays["features"][arrays["pids"] == person])
    neighbours = nearest_neighbours(features, 20).indices
    np.testing.assert_array_equal(neighbours, arrays[f"id{person}_rank"])
    encoding = reranking.encode_sets(features, reranking.k_reciprocal_sets(neighbours, k1=20))
    encoding = reranking.expand_encoding(encoding, neighbours, k2=6)
    distances = reranking.jaccard_distances(encoding, encoding)
    np.testing.assert_allclose(distances, arrays[f"id{person}_jaccard"], rtol=0, atol=1e-5)


def test_length_of_features_does_not_matter():
    query, gallery = clustered(2, (6, 40))
    lengths = np.random.default_rng(0).uniform(0.1, 10, (40, 1)).astype(np.float32)
    np.testing.assert_allclose(
        rerank_k_reciprocal(query, gallery * lengths), rerank_k_reciprocal(query, gallery), rtol=0, atol=1e-5
    )


def test_weight_one_is_the_original_distance():
    query, gallery = clustered(3, (4, 30))
    items = l2_normalize(np.concatenate([query, gallery]))
    squared = 2 - 2 * items[:4] @ items.T
    expected = (squared / squared.max(axis=1, keepdims=True))[:, 4:]
    np.testing.assert_allclose(rerank_k_reciprocal(query, gallery, lambda_value=1.0), expected, atol=1e-5)


@pytest.mark.filterwarnings("error")
def test_identical_items_are_at_distance_zero():
    same = np.eye(1, 5, dtype=np.float32)
    np.testing.assert_array_equal(rerank_k_reciprocal(same, same.repeat(3, axis=0), k1=5), np.zeros((1, 3)))


@pytest.mark.parametrize("spread", [0.0, 1e-6, 1e-3, 1.0])
@pytest.mark.filterwarnings("error")
def test_distances_lie_between_0_and_1(spread):
    query, gallery = (1 + np.float32(spread) * items for items in clustered(6, (8, 50)))
    distances = rerank_k_reciprocal(query, gallery)
    assert distances.min() >= 0
    assert distances.max() <= 1 + 1e-6


@pytest.mark.parametrize("columns", [5, 40, 700, 2500])
def test_smallest_equals_a_stable_sort(columns):
    rng = np.random.default_rng(columns)
    for values in (rng.random((7, columns)), rng.integers(0, 9, (7, columns)).astype(float)):
        for k in (1, 4, min(columns, 41), columns):
            expected = np.argsort(values, axis=1, kind="stable")[:, :k]
            np.testing.assert_array_equal(smallest(values, k), expected)


def test_neighbours_of_many_items():
    (features,) = clustered(4, (900,), persons=30)
    features = l2_normalize(features.astype(float))
    squared = 2 - 2 * features @ features.T
    neighbours = nearest_neighbours(features, 9)
    np.testing.assert_array_equal(neighbours.indices, np.argsort(squared, axis=1)[:, :9])
    np.testing.assert_allclose(neighbours.farthest, squared.max(axis=1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k1": 0}, "k1 and k2 must be at least 1"),
        ({"k2": 0}, "k1 and k2 must be at least 1"),
        ({"lambda_value": 1.5}, r"lambda_value must lie in \[0, 1\]"),
        ({"lambda_value": float("nan")}, r"lambda_value must lie in \[0, 1\]"),
    ],
)
def test_bad_parameters_are_named(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        rerank_k_reciprocal(np.eye(2), np.eye(2), **options)


def test_bad_features_are_named():
    with pytest.raises(InvalidArgumentError, match="2 wide and gallery features 3"):
        rerank_k_reciprocal(np.eye(2), np.eye(3))
    with pytest.raises(InvalidArgumentError, match=r"NaN or infinity.*gallery_features"):
        rerank_k_reciprocal(np.eye(2), np.full((2, 2), np.inf))
