"""A cycle from one silhouette, with the estimate of its phase, against a slow plain reference."""

import numpy as np
import pytest
from mindspore import Tensor, ops, value_and_grad

from mindreid.errors import InvalidArgumentError
from mindreid.layers.gait_prediction import SequencePrediction, with_sides, without_sides
from tests.relative_distance import distance

WIDTH = 1 / 64


@pytest.fixture
def prediction():
    """A small one in evaluation mode, with weights and statistics drawn anew."""
    network = SequencePrediction(WIDTH, phase=True).set_train(False)
    generator = np.random.default_rng(0)
    for name, parameter in network.parameters_and_names():
        drawn = generator.normal(0, 0.3, parameter.shape)
        positive = name.endswith(("gamma", "moving_variance"))
        parameter.set_data(Tensor((np.abs(drawn) + 0.5 if positive else drawn).astype(np.float32)))
    return network


@pytest.fixture
def silhouettes():
    return np.random.default_rng(1).random((3, 1, 64, 64)).astype(np.float32)


def halved(x, weight, bias):
    """A 3×3 convolution of stride 2 with a margin of zeros."""
    _, _, height, width = x.shape
    wide = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((len(x), len(weight), height // 2, width // 2)) + bias[:, None, None]
    for row in range(3):
        for column in range(3):
            seen = wide[:, :, row : row + height : 2, column : column + width : 2]
            out += np.einsum("bchw,oc->bohw", seen, weight[:, :, row, column])
    return out


def doubled(x, weight, bias):
    """PyTorch's transposed 3×3 convolution: stride 2, padding and output padding 1."""
    _, _, height, width = x.shape
    wide = np.zeros((len(x), weight.shape[1], 2 * height + 2, 2 * width + 2))
    for row in range(3):
        for column in range(3):
            given = np.einsum("bchw,co->bohw", x, weight[:, :, row, column])
            wide[:, :, row : row + 2 * height : 2, column : column + 2 * width : 2] += given
    return wide[:, :, 1 : 1 + 2 * height, 1 : 1 + 2 * width] + bias[:, None, None]


def normed(x, value, name):
    shape = (-1, *[1] * (x.ndim - 2))
    mean, variance, gamma, beta = (
        value[f"{name}.{leaf}"].reshape(shape) for leaf in ("moving_mean", "moving_variance", "gamma", "beta")
    )
    return (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta


def linear(x, value, name):
    return x @ value[f"{name}.weight"].T + value[f"{name}.bias"]


def encoded(x, value, name):
    for layer in (0, 3, 6, 9):
        x = halved(x, value[f"{name}.{layer}.weight"], value[f"{name}.{layer}.bias"])
        x = np.maximum(normed(x, value, f"{name}.{layer + 1}"), 0)
    return x


def test_the_phase_is_estimated_between_encoder_and_decoder(prediction, silhouettes):
    value = {name: p.asnumpy().astype(np.float64) for name, p in prediction.parameters_and_names()}
    code = linear(encoded(silhouettes, value, "encoder").reshape(3, -1), value, "transformation.code")
    estimator = "transformation.estimator"
    phase = encoded(silhouettes, value, f"{estimator}.0").reshape(3, -1)
    phase = linear(linear(phase, value, f"{estimator}.2"), value, f"{estimator}.3")
    phase = normed(phase, value, f"{estimator}.4")
    assert distance(prediction.transformation.phase(Tensor(silhouettes)), phase) < 1e-5

    transformed = linear(np.concatenate((code, phase), 1), value, "transformation.transform")
    assert (code.shape, phase.shape, transformed.shape) == ((3, 100), (3, 2), (3, 100))
    x = linear(transformed, value, "transformation.spread").reshape(3, -1, 4, 4)
    for layer in (0, 3, 6, 9):
        x = doubled(x, value[f"decoder.{layer}.conv.weight"], value[f"decoder.{layer}.conv.bias"])
        if layer < 9:
            x = np.maximum(normed(x, value, f"decoder.{layer + 1}"), 0)
    cycle = prediction(Tensor(silhouettes))
    assert cycle.shape == (3, 8, 64, 64)
    assert distance(cycle, 1 / (1 + np.exp(-x))) < 1e-5


def test_the_estimate_learns_from_the_prediction_alone(prediction, silhouettes):
    prediction.set_train(True)
    target = Tensor(np.random.default_rng(2).random((3, 8, 64, 64)).astype(np.float32))
    estimator = {
        name: parameter
        for name, parameter in prediction.transformation.parameters_and_names()
        if name.startswith("estimator") and parameter.requires_grad
    }

    def function(x):
        return ops.abs(prediction(x) - target).mean()

    _, gradients = value_and_grad(function, None, list(estimator.values()))(Tensor(silhouettes))
    by_name = {name: np.abs(gradient.asnumpy()).max() for name, gradient in zip(estimator, gradients)}
    # A norm takes away what the bias before it adds.
    assert all(size > 0 for name, size in by_name.items() if not name.endswith("bias"))


def test_without_the_phase_nothing_is_there_for_it():
    names = {name for name, _ in SequencePrediction(WIDTH).parameters_and_names()}
    assert {name.split(".")[0] for name in names} == {"encoder", "decoder"}
    assert names < {name for name, _ in SequencePrediction(WIDTH, phase=True).parameters_and_names()}


@pytest.mark.parametrize("width", [32, 44, 64])
def test_empty_columns_are_added_evenly(width):
    x = np.random.default_rng(0).random((2, 3, 64, width)).astype(np.float32)
    wide = with_sides(Tensor(x)).asnumpy()
    beside = (64 - width) // 2
    np.testing.assert_array_equal(wide, np.pad(x, ((0, 0), (0, 0), (0, 0), (beside, beside))))
    np.testing.assert_array_equal(without_sides(Tensor(wide)).asnumpy(), wide[:, :, :, 10:54])


def test_a_width_that_leaves_no_channels_is_refused():
    with pytest.raises(InvalidArgumentError, match="width factor"):
        SequencePrediction(1 / 128, phase=True)
