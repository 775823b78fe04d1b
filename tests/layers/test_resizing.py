"""Bilinear resizing against a loop over pixels."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.layers.resizing import BilinearResize

SIDES = st.integers(1, 6)


def value_at(image, row, column):
    """Interpolate ``[H, W]`` at a place between its pixels."""
    total = 0.0
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            total += max(0, 1 - abs(row - y)) * max(0, 1 - abs(column - x)) * image[y, x]
    return total


@settings(max_examples=20, deadline=None)
@given(SIDES, SIDES, SIDES, SIDES)
def test_corners_stay_and_the_rest_lies_evenly_between(height, width, new_height, new_width):
    image = np.random.default_rng(0).standard_normal((height, width)).astype(np.float32)
    resized = BilinearResize((height, width), (new_height, new_width))(Tensor(image[None, None])).asnumpy()
    rows = np.linspace(0, height - 1, new_height) if new_height > 1 else [0]
    columns = np.linspace(0, width - 1, new_width) if new_width > 1 else [0]
    expected = [[value_at(image, row, column) for column in columns] for row in rows]
    np.testing.assert_allclose(resized[0, 0], expected, rtol=1e-4, atol=1e-5)
