"""Mixed precision by level: types between cells, statistics, and who calls the cells."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.layers.embedding_network import EmbeddingNetwork
from mindreid.layers.parts import PartLinear
from mindreid.layers.precision import set_precision
from tests.slow_cases import quick_only

IMAGES = Tensor(np.random.default_rng(0).standard_normal((4, 3, 32, 16)).astype(np.float32))
#: Bits of the map and of the embedding.
LEVELS = {
    "O0": ("32", "32"),
    "O1": ("32", "32"),
    "O2": ("16", "32"),
    "O3": ("16", "16"),
    "auto": ("16", "32"),
}


def small_network():
    ms.set_seed(1)
    return EmbeddingNetwork("resnet18", width=0.0625)


def map_and_embedding(network):
    feature_map = network.trunk(IMAGES)
    return feature_map, network.embed(feature_map)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("compiled", [False, True], ids=["launched", "compiled"])
def test_types_of_map_and_embedding(level, compiled):
    network = set_precision(small_network(), level).set_train(False)

    def methods(images):
        feature_map = network.trunk(images)
        return feature_map, network.embed(feature_map)

    outputs = (ms.jit(methods) if compiled else methods)(IMAGES)
    assert tuple(str(output.dtype)[5:] for output in outputs) == LEVELS[level]
    expected = map_and_embedding(small_network().set_train(False))
    for found, wanted in zip(outputs, expected):
        wanted = wanted.asnumpy()
        np.testing.assert_allclose(found.asnumpy(), wanted, atol=0.02 * np.abs(wanted).max())
        assert np.array_equal(found.asnumpy(), wanted) == (level == "O0")


@pytest.mark.parametrize("level", quick_only(["O1", "O2", "O3"], "O3"))
def test_gradients_and_statistics_are_float32_and_nearly_the_same(level):
    def learn(network):
        network.set_train()

        weights = Tensor(np.random.default_rng(2).standard_normal((4, 64)).astype(np.float32))

        def loss(images):
            return (ops.cast(network(images), ms.float32) * weights).mean()

        parameters = [network.trunk.layer4[1].conv2.weight, network.trunk.layer4[1].bn2.gamma]
        gradients = ms.jit(ms.grad(loss, None, parameters))(IMAGES)
        return [*gradients, network.trunk.layer4[1].bn2.moving_variance, network.neck.norm.moving_mean]

    for half, single in zip(learn(set_precision(small_network(), level)), learn(small_network())):
        assert half.dtype == ms.float32
        half, single = half.asnumpy(), single.asnumpy()
        assert np.linalg.norm(half - single) < 0.1 * np.linalg.norm(single)
        assert not np.array_equal(half, single)


def test_the_same_level_again_is_for_cells_that_were_exchanged():
    network = set_precision(small_network(), "O1").set_train(False)
    before = [output.asnumpy() for output in map_and_embedding(network)]
    network.trunk.bn1 = nn.BatchNorm2d(64).set_train(False)
    after = map_and_embedding(set_precision(network, "O1"))
    for output, value in zip(after, before):
        assert output.dtype == ms.float32
        np.testing.assert_array_equal(output.asnumpy(), value)


@pytest.mark.parametrize("compiled", [False, True], ids=["launched", "compiled"])
def test_a_linear_map_of_parts_casts_its_weights(compiled):
    layer = PartLinear(4, 8, 3)
    x = Tensor(np.random.default_rng(1).standard_normal((2, 8, 4)).astype(np.float32))
    expected = np.einsum("bip,pio->bop", x.asnumpy(), layer.weight.asnumpy())
    single = layer(x).asnumpy()
    half = set_precision(layer, "O1")

    def call(x):
        return half(x)

    found = (ms.jit(call) if compiled else call)(x)
    assert (layer.weight.dtype, found.dtype) == (ms.float32, ms.float16)
    np.testing.assert_allclose(found.asnumpy(), expected, atol=0.01)
    # What it multiplies is rounded to float16, not only its result.
    assert not np.array_equal(found.asnumpy(), single.astype(np.float16))


def test_an_unknown_level_is_refused():
    with pytest.raises(InvalidArgumentError, match="choose one of O0"):
        set_precision(nn.Dense(2, 2), "O4")
