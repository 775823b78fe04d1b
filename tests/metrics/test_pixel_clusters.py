"""Cascaded clustering of pixels: recorded persons, an independent reference, degenerate maps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.errors import InvalidArgumentError
from mindreid.metrics import cluster_pixels


def recorded_maps(recorded, person):
    """Stored ``[n, h * w, C]``, here ``[n, C, h, w]``."""
    count, channels, height, width = recorded[f"id{person}_shape"]
    features = recorded[f"id{person}_features"]
    assert features.shape == (count, height * width, channels)
    return features.reshape(count, height, width, channels).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("person", [0, 1, 2])
def test_recorded_persons(golden, person):
    recorded = golden("isp_cluster")
    labels = cluster_pixels(
        recorded_maps(recorded, person),
        int(recorded[f"id{person}_part_num"]) - 1,
        sharpened=bool(recorded[f"id{person}_enhanced"]),
        foreground_start=recorded[f"id{person}_fore_init"],
        part_start=recorded[f"id{person}_part_init"],
    )
    np.testing.assert_array_equal(labels, recorded[f"id{person}_pseudo_labels"])


def person_in_stripes(generator, count=3, height=12, width=6, parts=3, channels=8):
    """Images of long vectors in a box, in stripes of one direction each, on short ones; and the labels."""
    directions = np.linalg.qr(generator.standard_normal((channels, channels)))[0][:parts]
    labels = np.zeros((count, height, width), int)
    labels[:, 1:-2, 1:-1] = 1 + np.arange(height - 3)[:, None] * parts // (height - 3)
    maps = 0.01 * generator.random((count, height, width, channels))
    inside = labels > 0
    maps[inside] += generator.uniform(0.8, 1.2, (inside.sum(), 1)) * directions[labels[inside] - 1]
    return maps.transpose(0, 3, 1, 2), labels


@pytest.mark.parametrize("sharpened", [True, False])
def test_stripes_are_found_from_top_to_bottom(sharpened):
    generator = np.random.default_rng(0)
    maps, labels = person_in_stripes(generator)
    # One pixel of each stripe, whatever their order.
    places = np.flatnonzero(labels)
    start = [np.flatnonzero(labels.ravel()[places] == part)[0] for part in (3, 1, 2)]
    found = cluster_pixels(maps, 3, sharpened=sharpened, part_start=np.array(start))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, labels)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_what_holds_for_any_maps(seed, parts):
    """No number is above the parts, they ascend with the mean row, brightness does not matter."""
    generator = np.random.default_rng(seed)
    maps = np.maximum(generator.standard_normal((2, 4, 6, 5)), 0).astype(np.float32)
    found = cluster_pixels(maps, parts)
    assert found.max(initial=0) <= parts
    rows = np.broadcast_to(np.arange(6)[:, None], (2, 6, 5))
    present = [part for part in range(1, parts + 1) if (found == part).any()]
    assert present == list(range(1, len(present) + 1))
    means = [rows[found == part].mean() for part in present]
    assert means == sorted(means)
    np.testing.assert_array_equal(cluster_pixels(maps * np.float32(4), parts), found)
    assert not found[np.linalg.norm(maps, axis=1) == 0].any()


def test_an_image_of_nothing_is_background():
    maps, _ = person_in_stripes(np.random.default_rng(1))
    maps[1] = 0
    found = cluster_pixels(maps, 3)
    assert not found[1].any()
    assert found[0].any()
    assert not cluster_pixels(np.zeros((1, 2, 3, 3)), 3).any()


def test_fewer_pixels_than_parts():
    maps = np.zeros((1, 2, 3, 3))
    maps[0, 0, 2, 1] = 1
    assert cluster_pixels(maps, 6)[0, 2].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("maps", "parts", "words"),
    [
        (np.ones((2, 3, 4)), 2, r"maps are an array .* not \(2, 3, 4\)"),
        (np.ones((0, 3, 4, 4)), 2, r"maps are an array .* not \(0, 3, 4, 4\)"),
        (np.full((1, 3, 4, 4), np.nan), 2, "maps have values that are not finite"),
        (np.ones((1, 3, 4, 4)), 0, "at least one part and at most 255, not 0"),
        (np.ones((1, 3, 4, 4)), 256, "at least one part and at most 255, not 256"),
    ],
)
def test_what_is_refused(maps, parts, words):
    with pytest.raises(InvalidArgumentError, match=words):
        cluster_pixels(maps, parts)
