"""Spatial transformers: a plain loop over pixels, what identity and a window mean, gradients, export."""

import mindspore as ms
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.layers.precision import set_precision
from mindreid.layers.spatial_transformer import RegionSampler, localization


def place_of(index, count, align_corners):
    if align_corners:
        return 2 * index / (count - 1) - 1 if count > 1 else 0.0
    return (2 * index + 1) / count - 1


def pixel_at(place, count, align_corners):
    return (place + 1) / 2 * (count - 1) if align_corners else ((place + 1) * count - 1) / 2


def slow_region(plane, scale, shift, height, width, align_corners):
    """Pixel after pixel of one channel; zero outside."""
    padded = np.pad(plane.astype(np.float64), 2)
    result = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            y = pixel_at(
                place_of(row, height, align_corners) * scale[1] + shift[1], len(plane), align_corners
            )
            x = pixel_at(
                place_of(column, width, align_corners) * scale[0] + shift[0], plane.shape[1], align_corners
            )
            # Beyond one pixel outside there is nothing but zeros.
            y, x = np.clip(y, -2, len(plane)), np.clip(x, -2, plane.shape[1])
            top, left = int(np.floor(y)), int(np.floor(x))
            square = padded[top + 2 : top + 4, left + 2 : left + 4]
            down, across = np.array([1 - (y - top), y - top]), np.array([1 - (x - left), x - left])
            result[row, column] = down[: len(square)] @ square @ across[: square.shape[1]]
    return result


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000), align_corners=st.booleans(), size=st.sampled_from([(1, 1), (4, 3), (7, 5)])
)
def test_equals_the_plain_loop(seed, align_corners, size):
    """Small and large, shrunk, enlarged and mirrored, partly outside."""
    rng = np.random.default_rng(seed)
    maps = rng.standard_normal((2, 3, 6, 4)).astype(np.float32)
    scale, shift = rng.uniform(-1.5, 1.5, (2, 2, 2)).astype(np.float32)
    sampler = RegionSampler(*size, align_corners=align_corners)
    regions = sampler(Tensor(maps), Tensor(scale), Tensor(shift)).asnumpy()
    for image in range(2):
        for channel in range(3):
            expected = slow_region(maps[image, channel], scale[image], shift[image], *size, align_corners)
            np.testing.assert_allclose(regions[image, channel], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("align_corners", [False, True])
def test_the_whole_map_at_its_own_size_is_the_map(align_corners):
    maps = np.random.default_rng(0).standard_normal((3, 2, 8, 4)).astype(np.float32)
    ones, zeros = np.ones((3, 2), np.float32), np.zeros((3, 2), np.float32)
    sampler = RegionSampler(8, 4, align_corners=align_corners)
    np.testing.assert_allclose(sampler(Tensor(maps), Tensor(ones), Tensor(zeros)).asnumpy(), maps, atol=1e-6)


def test_a_quarter_is_cut_out_and_mirrored():
    maps = np.arange(32, dtype=np.float32).reshape(1, 1, 8, 4)
    half, corner = Tensor([[0.5, 0.5]]), Tensor([[0.5, -0.5]])
    np.testing.assert_allclose(RegionSampler(4, 2)(Tensor(maps), half, corner).asnumpy(), maps[:, :, :4, 2:])
    mirrored = RegionSampler(4, 2)(Tensor(maps), Tensor([[-0.5, 0.5]]), corner).asnumpy()
    np.testing.assert_allclose(mirrored, maps[:, :, :4, :1:-1])


@pytest.mark.parametrize("align_corners", [False, True])
def test_gradients_by_finite_differences(align_corners):
    rng = np.random.default_rng(3)
    maps, weights = rng.standard_normal((2, 1, 2, 6, 4)).astype(np.float32)
    scale, shift = np.float32([[0.61, 0.73]]), np.float32([[0.11, -0.17]])
    sampler = RegionSampler(6, 4, align_corners=align_corners)

    def total(maps, scale, shift):
        return (sampler(maps, scale, shift) * Tensor(weights)).sum()

    found = ms.jit(ms.grad(total, (0, 1, 2)))(Tensor(maps), Tensor(scale), Tensor(shift))

    def slow(scale, shift):
        planes = [slow_region(plane, scale[0], shift[0], 6, 4, align_corners) for plane in maps[0]]
        return (np.stack(planes) * weights[0]).sum()

    step = 1e-5
    for axis in range(2):
        move = np.eye(2)[axis][None] * step
        by_scale = (slow(scale + move, shift) - slow(scale - move, shift)) / (2 * step)
        by_shift = (slow(scale, shift + move) - slow(scale, shift - move)) / (2 * step)
        assert found[1].asnumpy()[0, axis] == pytest.approx(by_scale, rel=1e-3, abs=1e-3)
        assert found[2].asnumpy()[0, axis] == pytest.approx(by_shift, rel=1e-3, abs=1e-3)
    # Sampling is linear in the maps.
    direction = rng.standard_normal(maps.shape).astype(np.float32)
    along = sampler(Tensor(direction), Tensor(scale), Tensor(shift)).asnumpy()
    assert (found[0].asnumpy() * direction).sum() == pytest.approx((along * weights).sum(), rel=1e-4)


def test_on_pixels_the_derivative_is_towards_the_next():
    """A transform that starts as the identity must be able to leave it."""
    maps = Tensor(np.float32([0, 1, 3, 7, 15]).reshape(1, 1, 1, 5))
    sampler = RegionSampler(1, 5, align_corners=True)

    def pixel(column, shift):
        return sampler(maps, Tensor([[1.0, 1.0]]), shift)[0, 0, 0, column]

    slopes = [float(ms.grad(pixel, 1)(column, Tensor([[0.0, 0.0]])).asnumpy()[0, 0]) for column in range(5)]
    # A shift by 1 is one of two pixels; after the last pixel comes zero.
    assert slopes == pytest.approx([2, 4, 8, 16, -30])


def test_places_are_exact_in_mixed_precision():
    maps = np.random.default_rng(0).standard_normal((1, 2, 40, 16)).astype(np.float16)
    scale, shift = Tensor([[0.3, 0.4]]), Tensor([[0.21, 0.33]])
    half = RegionSampler(9, 5)(Tensor(maps), scale, shift)
    single = RegionSampler(9, 5)(Tensor(maps.astype(np.float32)), scale, shift)
    assert half.dtype == ms.float16
    np.testing.assert_allclose(half.asnumpy(), single.asnumpy(), atol=5e-3)


def test_what_finds_transforms_starts_alike_for_all_images():
    start = [0.5, 1.0, 0.0, -0.25]
    found = localization(6, 4, start)(
        Tensor(np.random.default_rng(0).standard_normal((3, 6)).astype(np.float32))
    )
    np.testing.assert_array_equal(found.asnumpy(), np.tile(np.float32(start), (3, 1)))


def test_bad_size():
    with pytest.raises(InvalidArgumentError):
        RegionSampler(0, 4)


@pytest.mark.parametrize("level", ["O1", "O2", "O3"])
def test_transforms_are_not_rounded_to_float16(level):
    """1.0002 and 1 are one number in float16."""
    start = [1.0002, 0.4, 0.0001, -0.6]
    found = set_precision(localization(12, 8, start), level)(Tensor(np.ones((2, 12), np.float32)))
    assert found.dtype == ms.float32
    np.testing.assert_array_equal(found.asnumpy(), np.array([start] * 2, np.float32))
