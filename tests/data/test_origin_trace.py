"""Where pixels of an augmented image come from, seen by the image itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.config import Component, InputConfig
from mindreid.data.transforms import origin_trace, training_transform
from mindreid.errors import ConfigError

HEIGHT, WIDTH, STRIDE = 16, 8, 4
INPUTS = InputConfig(height=HEIGHT, width=WIDTH, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
STEPS = {
    "flip": Component(name="flip", probability=0.5),
    "pad_crop": Component(name="pad_crop", pad=3),
    "random_erasing": Component(name="random_erasing", probability=0.7, fill=[9.0, 9.0, 9.0]),
    "normalize": Component(name="normalize"),
}


def numbered_image():
    """Each pixel's red value is the number of its cell, from 1, so that black is no cell."""
    rows, columns = np.arange(HEIGHT)[:, None] // STRIDE, np.arange(WIDTH) // STRIDE
    numbers = 1 + rows * (WIDTH // STRIDE) + columns
    return np.repeat(numbers[:, :, None], 3, 2).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(st.permutations(["flip", "pad_crop", "random_erasing"]), st.booleans(), st.integers(0, 2**32 - 1))
def test_the_image_says_the_same(order, first, seed):
    names = ["normalize", *order] if first else [*order[:1], "normalize", *order[1:]]
    # What is erased before it is normalised is filled in [0, 1].
    steps = [STEPS[name] for name in names]
    if names.index("random_erasing") < names.index("normalize"):
        steps[names.index("random_erasing")] = Component(name="random_erasing", probability=0.7, fill="zero")
    image = training_transform(steps, INPUTS)(numbered_image(), np.random.default_rng(seed))
    seen = np.rint(image[0, STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE] * 255).astype(int)
    expected = np.where((seen > 0) & (seen <= (HEIGHT // STRIDE) * (WIDTH // STRIDE)), seen - 1, -1)
    trace = origin_trace(steps, INPUTS, STRIDE)
    origins = trace(np.random.default_rng(seed))
    assert origins.dtype == np.int32
    np.testing.assert_array_equal(origins, expected)


def test_without_augmentation_every_pixel_is_its_own():
    origins = origin_trace((), INPUTS, STRIDE)(np.random.default_rng(0))
    np.testing.assert_array_equal(origins.ravel(), np.arange(origins.size))


def test_a_mirror_image_is_that_of_the_map():
    steps = [Component(name="flip", probability=1.0)]
    origins = origin_trace(steps, INPUTS, STRIDE)(np.random.default_rng(0))
    np.testing.assert_array_equal(origins, np.arange(origins.size).reshape(origins.shape)[:, ::-1])


def test_an_enlarged_image_shows_fewer_pixels():
    steps = [Component(name="enlarge_crop", probability=1.0, scale=2.0)]
    origins = origin_trace(steps, INPUTS, STRIDE)(np.random.default_rng(0))
    rows, columns = origins // (WIDTH // STRIDE), origins % (WIDTH // STRIDE)
    assert origins.min() >= 0
    for places in (rows, columns.T):
        assert set(np.diff(places, axis=0).ravel().tolist()) <= {0, 1}
    assert np.ptp(rows) <= HEIGHT // STRIDE // 2


@pytest.mark.parametrize(
    "inputs",
    [InputConfig(height=18, width=8), InputConfig(kind="silhouettes", height=64, width=44)],
)
def test_what_is_refused(inputs):
    with pytest.raises(ConfigError):
        origin_trace((), inputs, STRIDE)
