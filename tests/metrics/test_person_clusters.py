"""Clusters within persons: recorded distances, labels and centres; invariants; small persons."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.errors import InvalidArgumentError
from mindreid.metrics import cluster_persons, l2_normalize, person_distances


@pytest.mark.parametrize("person", [0, 1, 2, 3])
def test_recorded_distances(golden, person):
    """30 and 25 images, then 12 and 4, which are fewer than k1."""
    arrays = golden("fire_cluster")
    features = l2_normalize(arrays["features"][arrays["pids"] == person])
    np.testing.assert_allclose(person_distances(features), arrays[f"id{person}_jaccard"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("count", [2, 5, 8])
def test_recorded_distances_of_few_images(golden, count):
    arrays = golden("fire_cluster")
    distances = person_distances(l2_normalize(arrays["small_features"][:count]))
    np.testing.assert_allclose(distances, arrays[f"small_jaccard_n{count}"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("count", range(1, 25))
def test_recorded_range_of_distances(golden, count):
    arrays = golden("fire_cluster")
    distances = person_distances(l2_normalize(arrays["small_features"][:count]))
    assert distances[0, 0] == pytest.approx(arrays["small_self_distance"][count - 1], abs=1e-5)
    others = distances[~np.eye(count, dtype=bool)]
    if count > 1:
        assert others.min() == pytest.approx(arrays["small_min_distance"][count - 1], abs=1e-5)
        assert others.max() == pytest.approx(arrays["small_max_distance"][count - 1], abs=1e-5)


def test_recorded_classes_and_centres(golden):
    arrays = golden("fire_cluster")
    found = cluster_persons(arrays["features"], arrays["pids"])
    np.testing.assert_array_equal(found.labels, arrays["init_fgid_of_sample"])
    np.testing.assert_allclose(found.centres, arrays["init_center"], rtol=0, atol=1e-6)
    table = np.arange(len(arrays["init_pid2fgids"]))[:, None] == found.pids
    np.testing.assert_array_equal(table, arrays["init_pid2fgids"] > 0)
    for person in range(4):
        own = found.labels[arrays["pids"] == person]
        np.testing.assert_array_equal(own - own.min(), arrays[f"id{person}_labels"])


@pytest.mark.parametrize("count", range(1, 25))
def test_recorded_classes_of_few_images(golden, count):
    """DBSCAN calls one to three images noise, and each becomes a class; four are one cluster."""
    arrays = golden("fire_cluster")
    found = cluster_persons(arrays["small_features"][:count], np.zeros(count, int))
    recorded = arrays["small_labels"][count - 1, :count]
    expected = np.where(recorded < 0, np.arange(count), recorded)
    np.testing.assert_array_equal(found.labels, expected)
    assert found.num_outliers == np.count_nonzero(recorded < 0)


def test_outliers_come_after_the_clusters():
    tight = np.eye(1, 6).repeat(5, axis=0)
    scattered = np.eye(6)[[2, 3]]
    features = np.concatenate([scattered[:1], tight, scattered[1:]])
    found = cluster_persons(features, np.full(7, 4), k1=5, k2=1, eps=0.3, min_samples=3)
    np.testing.assert_array_equal(found.labels, [1, 0, 0, 0, 0, 0, 2])
    np.testing.assert_array_equal(found.pids, [4, 4, 4])
    np.testing.assert_allclose(found.centres, np.eye(6)[[0, 2, 3]], atol=1e-6)
    assert found.num_outliers == 2


def looks(seed, counts, width=16):
    """Images of persons in up to three looks, in mixed order."""
    rng = np.random.default_rng(seed)
    pids = rng.permutation(np.repeat(np.arange(len(counts)) * 3 + 1, counts))
    centres = rng.standard_normal((3 * len(counts) + 1, 3, width))
    features = centres[pids, rng.integers(0, 3, len(pids))] + 0.3 * rng.standard_normal((len(pids), width))
    return features.astype(np.float32), pids


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_classes_belong_to_one_person_and_are_numbered_person_after_person(seed, counts):
    features, pids = looks(seed, counts)
    found = cluster_persons(features, pids)
    assert set(found.labels) == set(range(len(found.pids)))
    np.testing.assert_array_equal(found.pids[found.labels], pids)
    assert (np.diff(found.pids) >= 0).all()
    normalized = l2_normalize(features)
    for label, centre in enumerate(found.centres):
        np.testing.assert_allclose(centre, normalized[found.labels == label].mean(axis=0), atol=1e-5)


def test_threads_make_no_difference():
    features, pids = looks(5, [30, 25, 7, 1, 40, 2])
    alone, together = cluster_persons(features, pids, threads=1), cluster_persons(features, pids, threads=4)
    for left, right in zip(alone, together):
        np.testing.assert_array_equal(left, right)


def test_a_person_is_clustered_as_if_alone():
    features, pids = looks(6, [30, 8, 22])
    together = cluster_persons(features, pids)
    for person in np.unique(pids):
        own = pids == person
        alone = cluster_persons(features[own], pids[own])
        np.testing.assert_array_equal(together.labels[own] - together.labels[own].min(), alone.labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k1": 0}, "k1, k2 and min_samples must be at least 1"),
        ({"min_samples": 0}, "k1, k2 and min_samples must be at least 1"),
        ({"eps": 0.0}, "eps must be a positive number"),
        ({"eps": float("nan")}, "eps must be a positive number"),
    ],
)
def test_bad_parameters_are_named(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        cluster_persons(np.eye(3), [0, 0, 1], **options)


def test_features_and_pids_must_fit():
    with pytest.raises(InvalidArgumentError, match=r"3 features need as many pids, not an array \(2,\)"):
        cluster_persons(np.eye(3), [0, 1])
    with pytest.raises(InvalidArgumentError, match="NaN or infinity"):
        cluster_persons(np.full((2, 2), np.nan), [0, 1])


def test_parts_are_normalised_each_and_joined():
    """A large part must not drown the one that tells the outfits apart."""
    outfits = np.repeat(np.eye(2), 6, axis=0)
    parts = np.stack([outfits, np.full((12, 2), 1e6)], axis=2)
    clusters = cluster_persons(parts, [7] * 12, k1=5, k2=2)
    assert clusters.labels.tolist() == [0] * 6 + [1] * 6
    # Half of the squared length is each part's.
    assert np.square(clusters.centres).sum(axis=1) == pytest.approx([1, 1])
    assert np.square(clusters.centres).max(axis=1) == pytest.approx([0.5, 0.5])
