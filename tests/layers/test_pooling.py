"""Pooling over positions, stripes and frames against plain loops."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, ops

from mindreid.errors import InvalidArgumentError
from mindreid.layers.pooling import FrameMax, GlobalPool, HorizontalPool, StripePool, WeightedPool

REDUCE = {"max": np.max, "avg": np.mean}


@pytest.fixture
def feature_map():
    return np.random.default_rng(0).standard_normal((2, 5, 12, 3)).astype(np.float32)


@pytest.mark.parametrize("kind", REDUCE)
def test_global(feature_map, kind):
    pooled = GlobalPool(kind)(Tensor(feature_map)).asnumpy()
    np.testing.assert_allclose(pooled, REDUCE[kind](feature_map, (2, 3)), rtol=1e-5, atol=1e-6)


def test_weights_of_parts(feature_map):
    weights = np.random.default_rng(1).random((2, 4, 12, 3)).astype(np.float32)
    pooled = WeightedPool()(Tensor(feature_map), Tensor(weights)).asnumpy()
    for image in range(2):
        for part in range(4):
            expected = 4 * (feature_map[image] * weights[image, part]).mean((1, 2))
            np.testing.assert_allclose(pooled[image, part], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("parts", [1, 2, 3, 4, 12])
@pytest.mark.parametrize("kind", REDUCE)
def test_stripes_from_top_to_bottom(feature_map, kind, parts, compiled):
    pool = StripePool(parts, kind)
    run = ms.jit(pool.construct) if compiled else pool
    pooled = run(Tensor(feature_map))
    assert len(pooled) == parts
    rows = 12 // parts
    for part in range(parts):
        stripe = feature_map[:, :, part * rows : (part + 1) * rows]
        np.testing.assert_allclose(pooled[part].asnumpy(), REDUCE[kind](stripe, (2, 3)), rtol=1e-5, atol=1e-6)


def test_maximum_passes_its_gradient_to_one_position(feature_map):
    pool = StripePool(3)

    def total(x):
        return sum([stripe.sum() for stripe in pool(x)])

    gradient = ms.grad(total)(Tensor(feature_map)).asnumpy()
    assert set(np.unique(gradient)) == {0, 1}
    np.testing.assert_array_equal(gradient.reshape(2, 5, 3, 12).sum(3), 1)


@pytest.mark.parametrize(
    "build",
    [
        lambda: GlobalPool("mean"),
        lambda: StripePool(2, "sum"),
        lambda: StripePool(0),
        lambda: HorizontalPool(0),
    ],
)
def test_bad_options(build):
    with pytest.raises(InvalidArgumentError):
        build()


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("parts", [1, 3, 12])
def test_horizontal_pooling_is_mean_plus_maximum(feature_map, parts, training):
    pooled = ms.jit(HorizontalPool(parts).set_train(training).construct)(Tensor(feature_map)).asnumpy()
    assert pooled.shape == (2, 5, parts)
    rows = 12 // parts
    for part in range(parts):
        stripe = feature_map[:, :, part * rows : (part + 1) * rows]
        expected = stripe.mean((2, 3)) + stripe.max((2, 3))
        np.testing.assert_allclose(pooled[:, :, part], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("training", [False, True])
def test_maximum_over_frames(training):
    maps = np.random.default_rng(0).standard_normal((6, 4, 3, 2)).astype(np.float32)
    pooled = FrameMax().set_train(training)(Tensor(maps), 3).asnumpy()
    np.testing.assert_array_equal(pooled, maps.reshape(2, 3, 4, 3, 2).max(1))


def test_of_equal_frames_one_gets_the_gradient():
    pool = FrameMax().set_train()
    gradient = ms.grad(lambda x: pool(x, 4).sum())(ops.zeros((8, 2, 3, 3))).asnumpy()
    assert set(np.unique(gradient)) == {0, 1}
    np.testing.assert_array_equal(gradient.reshape(2, 4, 2, 3, 3).sum(1), 1)
