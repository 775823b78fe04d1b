"""OGBase against a written-out reference, and what holds for its embedding."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

import mindreid
from mindreid.errors import InvalidArgumentError
from mindreid.zoo import MODELS

SMALL = {"width": 0.125, "features": 12}


def silhouettes(count=4, frames=3, seed=0):
    return np.random.default_rng(seed).random((count, frames, 64, 44)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    """A small network whose running statistics have moved away from their start."""
    built = mindreid.create_model("aug_ogbase", **SMALL)
    built.set_train()(Tensor(silhouettes()))
    return built.set_train(False)


def test_construct_joins_frames_then_stripes(network):
    x = silhouettes(2, 5)
    embedding = network(Tensor(x))
    assert embedding.shape == (2, 12, 16)
    assert embedding.dtype == ms.float32
    maps = np.stack([network.trunk(Tensor(sequence[:, None])).asnumpy() for sequence in x])
    assert maps.shape == (2, 5, 64, 16, 11)
    rows = maps.max(1)
    pooled = rows.mean(3) + rows.max(3)
    expected = np.einsum("ncp,pco->nop", pooled, network.part_linear.weight.asnumpy())
    np.testing.assert_allclose(embedding.asnumpy(), expected, rtol=1e-4, atol=1e-6)


def test_order_and_repetition_of_frames_do_not_matter(network):
    x = silhouettes(2, 3)
    embedding = network(Tensor(x)).asnumpy()
    padded = x[:, [2, 0, 1, 0, 0, 2, 1]]
    np.testing.assert_allclose(network(Tensor(padded)).asnumpy(), embedding, rtol=1e-5, atol=1e-7)


def test_default_sizes():
    network = mindreid.create_model("aug_ogbase", num_classes=100).set_train(False)
    assert network(Tensor(silhouettes(1, 1))).shape == (1, 256, 16)
    assert network.part_linear.weight.shape == (16, 512, 256)
    assert sum(parameter.size for parameter in network.trunk.trainable_params()) == 4_896_960


@pytest.mark.parametrize("size", [(60, 44), (32, 44), (64, 42)])
def test_a_size_that_cannot_be_cut_into_parts(network, size):
    with pytest.raises(InvalidArgumentError, match="64"):
        network.check_input(*size)


def test_width_without_channels():
    with pytest.raises(InvalidArgumentError, match="width"):
        mindreid.create_model("aug_ogbase", width=0.001)


def test_objective_trains_everything_in_one_phase(network):
    objective = MODELS["aug_ogbase"].objective(network, num_classes=3, triplet_weight=0.5)
    (phase,) = objective.phases()
    assert phase.terms == ("triplet", "softmax")
    assert len(phase.parameters) == len(objective.trainable_params())
    assert objective.term_weights(0) == {"triplet": 0.5, "softmax": 1.0}
