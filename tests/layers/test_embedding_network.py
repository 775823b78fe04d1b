"""The shared embedding network: clips against a loop over frames, the neck, its options."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn

from mindreid.errors import InvalidArgumentError
from mindreid.layers.embedding_network import EmbeddingNetwork
from mindreid.layers.neck import BNNeck

SMALL = {"trunk": "resnet18", "width": 0.125}


def random(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def build(**options):
    ms.set_seed(1)
    return EmbeddingNetwork(**SMALL, **options).set_train(False)


@pytest.mark.parametrize(("pool", "length"), [("max_avg", 128), ("max", 64), ("avg", 64)])
def test_the_embedding_is_the_normalised_pooled_map(pool, length):
    network = build(pool=pool)
    images = random(2, 3, 64, 32)
    feature_map = network.trunk(Tensor(images)).asnumpy()
    assert feature_map.shape == (2, 64, 4, 2)
    parts = {"max": feature_map.max((2, 3)), "avg": feature_map.mean((2, 3))}
    pooled = np.concatenate([parts[name] for name in pool.split("_")], 1)
    embedding = network(Tensor(images)).asnumpy()
    assert embedding.shape == (2, length) == (2, network.num_features)
    np.testing.assert_allclose(embedding, pooled / np.sqrt(1 + 1e-5), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("pool", ["max", "max_avg"])
def test_a_clip_is_the_mean_of_its_pooled_frames(pool, compiled):
    network = build(pool=pool)
    clips = random(2, 3, 5, 32, 16)
    run = ms.jit(network.construct) if compiled else network
    frames = [
        network.pool(network.trunk(Tensor(np.ascontiguousarray(clips[:, :, t])))).asnumpy() for t in range(5)
    ]
    expected = network.neck(Tensor(np.mean(frames, 0)))
    np.testing.assert_allclose(run(Tensor(clips)).asnumpy(), expected.asnumpy(), rtol=1e-4, atol=1e-6)


def test_a_clip_is_an_inflated_3d_network():
    """The stem's norm sees all frames together, as a 3-D batch norm behind a 1×7×7 kernel does."""
    network = build().set_train(True)
    clips = random(2, 3, 4, 32, 16)
    inflated = nn.Conv3d(3, 64, (1, 7, 7), (1, 2, 2), "pad", (0, 0, 3, 3, 3, 3))
    inflated.weight.set_data(Tensor(network.trunk.conv1.weight.asnumpy()[:, :, None]))
    out = inflated(Tensor(clips)).asnumpy()
    network(Tensor(clips))
    moved = network.trunk.bn1.moving_mean.asnumpy()
    np.testing.assert_allclose(moved, 0.1 * out.mean((0, 2, 3, 4)), rtol=1e-4, atol=1e-6)


def test_the_necks_bias_can_be_fixed():
    assert [p.name for p in BNNeck(4, bias=False).trainable_params()] == ["norm.gamma"]
    assert len(BNNeck(4).trainable_params()) == 2


def test_one_image_cannot_be_normalised_by_itself():
    with pytest.raises(InvalidArgumentError, match="at least two images"):
        build().set_train()(Tensor(random(1, 3, 32, 16)))


def test_there_is_no_other_pooling():
    with pytest.raises(InvalidArgumentError, match="'max_avg', 'max' or 'avg'"):
        build(pool="gem")
