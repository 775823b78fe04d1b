"""HRNet: the maps' shapes, what every map gets of the others, ImageNet files of its authors."""

import mindspore as ms
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.layers.hrnet import ExchangeModule, HRNetTrunk, NearestUpsample, hrnet_parameter_name

SMALL = {"width": 0.125, "modules": (1, 1, 1), "blocks": 1}


def test_four_maps_each_half_as_large_as_the_one_before():
    trunk = HRNetTrunk(**SMALL).set_train(False)
    maps = trunk(ms.ops.ones((2, 3, 64, 32)))
    assert [m.shape for m in maps] == [
        (2, channels, 16 >> level, 8 >> level) for level, channels in enumerate(trunk.arch.out_channels)
    ]
    assert trunk.arch.out_channels == (16, 32, 64, 128)


def test_every_map_of_a_module_depends_on_every_other():
    module = ExchangeModule((4, 8, 16), blocks=1).set_train(False)
    generator = np.random.default_rng(0)
    maps = [generator.standard_normal((1, 4 << i, 8 >> i, 8 >> i)).astype(np.float32) for i in range(3)]
    before = [m.asnumpy() for m in module(tuple(map(Tensor, maps)))]
    for source in range(3):
        changed = [m + 3 * (i == source) for i, m in enumerate(maps)]
        after = [m.asnumpy() for m in module(tuple(Tensor(m.astype(np.float32)) for m in changed))]
        assert all(not np.allclose(old, new) for old, new in zip(before, after))


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.sampled_from([2, 4, 8]))
def test_nearest_upsampling(channels, height, width, factor):
    x = np.random.default_rng(0).standard_normal((2, channels, height, width)).astype(np.float32)
    np.testing.assert_array_equal(
        NearestUpsample(factor)(Tensor(x)).asnumpy(), x.repeat(factor, 2).repeat(factor, 3)
    )


@pytest.mark.parametrize(
    "options", [{"width": 0.01}, {"width": 5.0}, {"modules": (1, 1)}, {"modules": (1, 0, 1)}, {"blocks": 0}]
)
def test_what_is_refused(options):
    with pytest.raises(InvalidArgumentError):
        HRNetTrunk(**options)


def test_batches_are_not_counted_here():
    assert hrnet_parameter_name("transition1.0.1.num_batches_tracked") is None


@pytest.fixture
def authors_file(tmp_path):
    """What their script saves in PyTorch's names, the trunk and more; and the trunk's values by our names."""
    torch = pytest.importorskip("torch")
    trunk, generator = HRNetTrunk(**SMALL), np.random.default_rng(0)
    words = {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    state = {"classifier.weight": torch.zeros(10, 2), "final_layer.0.weight": torch.zeros(2, 2, 1, 1)}
    state["downsamp_modules.0.0.weight"] = torch.zeros(2, 2, 3, 3)
    values = {}
    for name, parameter in trunk.parameters_and_names():
        stem, _, leaf = name.replace("down_sample", "downsample").rpartition(".")
        values[name] = generator.random(parameter.shape).astype(np.float32)
        state[f"{stem}.{words.get(leaf, leaf)}"] = torch.from_numpy(values[name])
    torch.save(state, tmp_path / "hrnet.pth")
    return tmp_path / "hrnet.pth", values


def test_an_imagenet_file_fills_the_trunk(authors_file):
    from mindreid.engine.checkpoints.imagenet import load_pretrained

    path, values = authors_file
    trunk = HRNetTrunk(**SMALL)
    load_pretrained(trunk, path)
    assert len(values) > 100
    for name, parameter in trunk.parameters_and_names():
        np.testing.assert_array_equal(parameter.asnumpy(), values[name], err_msg=name)


def test_weights_of_another_trunk_are_refused(authors_file):
    from mindreid.engine.checkpoints.imagenet import load_pretrained
    from mindreid.errors import CheckpointError
    from mindreid.layers.resnet import ResNetTrunk

    path, _ = authors_file
    with pytest.raises(CheckpointError, match="of a hrnet_w4, the network's trunk is a resnet18"):
        load_pretrained(ResNetTrunk("resnet18"), path)
    with pytest.raises(CheckpointError, match="of a hrnet_w4, the network's trunk is a hrnet_w8"):
        load_pretrained(HRNetTrunk(**{**SMALL, "width": 0.25}), path)
