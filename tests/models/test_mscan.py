"""MSCAN: its constraints by the paper's formulas, dilated convolutions and parts in plain NumPy."""

import mindspore as ms
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.config import load_recipe
from mindreid.engine.checkpoints.networks import build_network
from mindreid.errors import InvalidArgumentError
from mindreid.models.mscan.constraints import SpatialConstraints
from mindreid.models.mscan.network import MSCAN, PART_CENTRES, MultiScaleConvolution
from mindreid.models.mscan.objective import MSCANObjective
from tests.relative_distance import distance


def slow_constraints(scale, shift):
    """The paper's three terms, part after part."""
    total = 0.0
    for scales, shifts in zip(scale, shift):
        for (sx, sy), (tx, ty), centre in zip(scales, shifts, PART_CENTRES):
            total += 0.5 * max(0, tx**2 + (ty - centre) ** 2 - 0.5)
            total += max(0, 0.1 - sx) + max(0, 0.1 - sy)
            for sign in (1, -1):
                total += 0.5 * max(0, (sx + sign * tx) ** 2 - 1) + 0.5 * max(0, (sy + sign * ty) ** 2 - 1)
    return total / len(scale)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_constraints_are_the_formulas(seed):
    rng = np.random.default_rng(seed)
    scale, shift = rng.uniform(-1.5, 1.5, (2, 4, 3, 2)).astype(np.float32)
    found = SpatialConstraints()(Tensor(scale), Tensor(shift))
    assert float(found.asnumpy()) == pytest.approx(slow_constraints(scale, shift), rel=1e-4)


def slow_gradient(inputs, which):
    """Central differences of the paper's terms by each number of one of the two inputs."""
    gradient = np.zeros(inputs[which].shape)
    for place in np.ndindex(gradient.shape):
        sides = []
        for step in (1e-6, -1e-6):
            moved = [values.astype(np.float64) for values in inputs]
            moved[which][place] += step
            sides.append(slow_constraints(*moved))
        gradient[place] = (sides[0] - sides[1]) / 2e-6
    return gradient


@pytest.mark.parametrize("seed", range(5))
def test_constraints_push_back_what_leaves(seed):
    """A part that is outside of the image, flat and far from its place has a gradient in each number."""
    scale, shift = np.float32([[[0.05, 1.3]] * 3]), np.float32([[[1.2, 0.9]] * 3])
    if seed:
        scale, shift = np.random.default_rng(seed).uniform(-1.5, 1.5, (2, 4, 3, 2)).astype(np.float32)
    found = ms.grad(SpatialConstraints(), (0, 1))(Tensor(scale), Tensor(shift))
    for which in range(2):
        expected = slow_gradient((scale, shift), which)
        np.testing.assert_allclose(found[which].asnumpy(), expected, rtol=1e-4, atol=1e-6)
        assert seed or (expected != 0).all()


def slow_convolution(plane, weight, dilation):
    """One image ``[C, H, W]`` by ``[K, C, 3, 3]``, pixel after pixel."""
    _, height, width = plane.shape
    padded = np.pad(plane, ((0, 0), (dilation, dilation), (dilation, dilation)))
    result = np.zeros((len(weight), height, width))
    for row in range(height):
        for column in range(width):
            window = padded[
                :, row : row + 2 * dilation + 1 : dilation, column : column + 2 * dilation + 1 : dilation
            ]
            result[:, row, column] = (weight * window).sum((1, 2, 3))
    return result


def test_a_layer_joins_three_dilations():
    layer = MultiScaleConvolution(4, 5).set_train(False)
    x = np.random.default_rng(0).standard_normal((2, 4, 8, 6)).astype(np.float32)
    found = layer(Tensor(x)).asnumpy()
    assert found.shape == (2, 15, 8, 6)
    for image in range(2):
        for number, dilation in enumerate((1, 2, 3)):
            weight = layer.convolutions[number].weight.asnumpy().astype(np.float64)
            expected = np.maximum(slow_convolution(x[image], weight, dilation), 0) / np.sqrt(1 + 1e-5)
            assert distance(found[image, 5 * number : 5 * number + 5], expected) < 1e-5


def test_parts_start_one_above_another_and_meet_the_constraints():
    network = MSCAN(image_size=(160, 64), width=0.25).set_train(False)
    images = Tensor(np.random.default_rng(0).standard_normal((2, 3, 160, 64)).astype(np.float32))
    body, parts, scale, shift = network.features(images)
    assert body.shape == parts.shape == (2, 128)
    np.testing.assert_allclose(shift.asnumpy()[1], [[0, -0.6], [0, 0], [0, 0.6]], atol=1e-6)
    assert float(SpatialConstraints()(scale, shift).asnumpy()) == pytest.approx(0, abs=1e-6)
    np.testing.assert_array_equal(
        network(images).asnumpy(), np.concatenate([body.asnumpy(), parts.asnumpy()], 1)
    )


def test_a_part_sees_its_own_rows_only():
    """At the start, the upper part knows nothing of the feet; the body does."""
    network = MSCAN(image_size=(160, 64), width=0.25).set_train(False)
    x = np.random.default_rng(1).standard_normal((1, 3, 160, 64)).astype(np.float32)
    other = x.copy()
    other[:, :, 150:] += 5
    maps = []
    for images in (x, other):
        y = network.stem(Tensor(images))
        for layer in network.layers:
            y = layer(network.pool(y))
        maps.append(y)
    scale, shift = Tensor([[1.0, 0.1]]), Tensor([[0.0, -0.8]])
    regions = [network.sampler(y, scale, shift).asnumpy() for y in maps]
    np.testing.assert_allclose(*regions, atol=1e-6)
    assert not np.allclose(maps[0].asnumpy(), maps[1].asnumpy())


def test_the_parts_move_by_the_persons_alone():
    """The transformers learn from the classifier, not only from the constraints."""
    objective = MSCANObjective(MSCAN(image_size=(64, 32), width=0.25), 4).set_train()
    rng = np.random.default_rng(0)
    objective.parts_classifier.weight.set_data(
        Tensor(rng.standard_normal(objective.parts_classifier.weight.shape).astype(np.float32))
    )
    images = Tensor(rng.standard_normal((4, 3, 64, 32)).astype(np.float32))
    pids = Tensor([0, 1, 2, 3], ms.int32)
    bias = objective.network.localization.transform[1].bias

    def parts_term(images):
        return objective.losses(objective.forward(images), (pids,))[1]

    gradient = ms.value_and_grad(parts_term, None, [bias])(images)[1][0].asnumpy()
    assert np.count_nonzero(np.abs(gradient) > 1e-7) == 12


def test_another_size_is_refused_with_what_to_set():
    recipe = load_recipe("mscan/smoke", ["input.height=96"])
    with pytest.raises(InvalidArgumentError, match=r"64×32, not 96×32.*image_size=\[96, 32\]"):
        build_network(recipe)
    with pytest.raises(InvalidArgumentError, match="multiples of 16"):
        MSCAN(image_size=(100, 64))
