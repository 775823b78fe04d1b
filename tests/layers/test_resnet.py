"""Trunks against PyTorch's recorded ResNet-50, and the parts against the whole."""

import mindspore as ms
import numpy as np
import pytest
from mindcv.models import resnet18 as mindcv_resnet18
from mindcv.models import resnet34 as mindcv_resnet34
from mindspore import Tensor, nn, ops

from mindreid.convert import from_torch, load_parameters
from mindreid.errors import InvalidArgumentError
from mindreid.layers.resnet import (
    ResNetStem,
    ResNetTrunk,
    StemMaxPool,
    architecture,
    parameter_name,
    residual_stage,
)
from tests.relative_distance import distance
from tests.slow_cases import quick_only


@pytest.fixture(scope="module")
def recorded(golden):
    return golden("resnet50")


@pytest.fixture(scope="module")
def images(recorded, fill):
    x = fill.fill_images("resnet50/x", recorded["shape_x"], 1)
    assert np.abs(x, dtype=np.float64).sum() == pytest.approx(float(recorded["check_x"]), rel=1e-9)
    return Tensor(x)


@pytest.fixture(scope="module")
def state(recorded, torch_state):
    arrays = torch_state("torchvision_resnet50")
    total = sum(np.abs(value, dtype=np.float64).sum() for value in arrays.values())
    assert total == pytest.approx(float(recorded["check_weights"]), rel=1e-9)
    return arrays


def trunk_with(state, **options):
    trunk = ResNetTrunk("resnet50", **options)
    load_parameters(trunk, from_torch(state, "torchvision_resnet"))
    return trunk


def test_inference_after_every_stage(recorded, images, state):
    trunk = trunk_with(state, last_stride=1).set_train(False)
    x = trunk.max_pool(trunk.relu(trunk.bn1(trunk.conv1(images))))
    assert distance(x.mean((2, 3)), recorded["eval_s1_stem_avg"]) < 1e-5
    for stage in (1, 2, 3):
        x = getattr(trunk, f"layer{stage}")(x)
        assert distance(x.mean((2, 3)), recorded[f"eval_s1_layer{stage}_avg"]) < 1e-5
    x = trunk.layer4(x)
    assert x.shape == tuple(recorded["eval_s1_map_shape"])
    assert distance(x[:, ::64], recorded["eval_s1_map_slice"]) < 1e-5
    assert distance(x.mean((2, 3)), recorded["eval_s1_avg"]) < 1e-5
    assert distance(ops.amax(x, (2, 3)), recorded["eval_s1_max"]) < 1e-5


def test_inference_with_the_last_stride_of_2(recorded, images, state):
    trunk = trunk_with(state).set_train(False)

    @ms.jit
    def run(x):
        return trunk(x)

    x = run(images)
    assert x.shape == tuple(recorded["eval_s2_map_shape"])
    pooled = x.mean((2, 3))
    assert distance(pooled, recorded["eval_s2_avg"]) < 1e-5
    assert distance(ops.amax(x, (2, 3)), recorded["eval_s2_max"]) < 1e-5
    logits = pooled.asnumpy() @ state["fc.weight"].T + state["fc.bias"]
    assert distance(logits, recorded["eval_s2_logits1000"]) < 1e-5


@pytest.mark.parametrize("stride", [1, 2])
def test_training_forward(recorded, images, state, stride):
    x = trunk_with(state, last_stride=stride).set_train()(images)
    assert distance(x.mean((2, 3)), recorded[f"train_s{stride}_avg"]) < 1e-4
    assert distance(ops.amax(x, (2, 3)), recorded[f"train_s{stride}_max"]) < 1e-4


@pytest.mark.parametrize("compiled", quick_only([False, True], False))
def test_gradients_and_running_statistics(recorded, images, state, fill, compiled):
    trunk = trunk_with(state, last_stride=1).set_train()
    coefficients = Tensor(fill.fill_input("resnet50/coef", (len(images), 2048), 1))

    def loss(x):
        return (trunk(x).mean((2, 3)) * coefficients).sum()

    parameters = trunk.trainable_params()
    function = ms.value_and_grad(loss, None, parameters)
    value, gradients = (ms.jit(function) if compiled else function)(images)
    assert distance(value, recorded["grad_loss"]) < 1e-4
    by_name = {parameter.name: gradient for parameter, gradient in zip(parameters, gradients)}
    # The first two lie 3e-4 from their own float64 values: a ReLU or a maximum changes sides.
    assert distance(by_name["conv1.weight"], recorded["grad_conv1"]) < 2e-3
    assert distance(by_name["layer1.0.bn2.gamma"], recorded["grad_layer1_0_bn2_weight"]) < 2e-3
    slices = by_name["layer4.0.conv2.weight"].asnumpy()[::64, ::64]
    assert distance(slices, recorded["grad_layer4_0_conv2_slice"]) < 1e-3
    assert distance(by_name["layer4.2.bn3.beta"], recorded["grad_layer4_2_bn3_bias"]) < 1e-3
    buffers = dict(trunk.parameters_and_names())
    statistics = [name for name in recorded if name.startswith("after_")]
    assert len(statistics) == 6
    for name in statistics:
        assert distance(buffers[parameter_name(name[len("after_") :])], recorded[name]) < 1e-4


@pytest.mark.parametrize(
    ("name", "reference"), [("resnet18", mindcv_resnet18), ("resnet34", mindcv_resnet34)]
)
def test_equals_mindcv_with_its_pooling(name, reference):
    theirs = reference().set_train(False)
    ours = ResNetTrunk(name, stem_pool="mindcv").set_train(False)
    values = {key: value.asnumpy() for key, value in theirs.parameters_and_names()}
    load_parameters(ours, {k: v for k, v in values.items() if not k.startswith("classifier")})
    x = Tensor(np.random.default_rng(0).standard_normal((2, 3, 64, 32)).astype(np.float32))
    assert distance(ours(x), theirs.forward_features(x).asnumpy()) < 1e-6


@pytest.mark.parametrize("size", [(48, 24), (47, 23), (48, 23)])
def test_stem_pooling(size):
    """Both paddings against MindSpore's own layers, on a map as it comes from a ReLU."""
    x = Tensor(np.maximum(np.random.default_rng(1).standard_normal((2, 3, *size)), 0).astype(np.float32))
    same = nn.MaxPool2d(3, 2, pad_mode="same")
    symmetric = nn.MaxPool2d(3, 2, pad_mode="pad", padding=1)
    np.testing.assert_array_equal(StemMaxPool("mindcv")(x).asnumpy(), same(x).asnumpy())
    np.testing.assert_array_equal(StemMaxPool("torchvision")(x).asnumpy(), symmetric(x).asnumpy())


class Halves(nn.Cell):
    """A ResNet-18 in two parts, cut within the third stage."""

    def __init__(self):
        super().__init__()
        arch = architecture("resnet18", 0.25)
        self.stem = ResNetStem(arch)
        self.stem.layer1 = residual_stage(arch, 1)
        self.stem.layer2 = residual_stage(arch, 2)
        self.stem.layer3 = residual_stage(arch, 3, last=1)
        self.rest = nn.Cell()
        self.rest.layer3 = residual_stage(arch, 3, first=1)
        self.rest.layer4 = residual_stage(arch, 4)

    def construct(self, x):
        x = self.stem(x)
        for stage in (self.stem.layer1, self.stem.layer2, self.stem.layer3):
            x = stage(x)
        return self.rest.layer4(self.rest.layer3(x))


def test_parts_make_up_the_whole():
    whole, parts = ResNetTrunk("resnet18", width=0.25).set_train(False), Halves().set_train(False)
    values = {name: value.asnumpy() for name, value in whole.parameters_and_names()}
    renamed = {name.split(".", 1)[1]: name for name, _ in parts.parameters_and_names()}
    assert set(renamed) == set(values)
    load_parameters(parts, {renamed[name]: value for name, value in values.items()})
    x = Tensor(np.random.default_rng(0).standard_normal((2, 3, 64, 32)).astype(np.float32))
    np.testing.assert_array_equal(whole(x).asnumpy(), parts(x).asnumpy())


def test_width_scales_the_stages():
    trunk = ResNetTrunk("resnet34", last_stride=1, width=0.5)
    assert trunk.num_features == 256
    assert trunk(ops.ones((1, 3, 64, 32))).shape == (1, 256, 4, 2)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"trunk": "resnet05"}, "did you mean 'resnet50'"),
        ({"width": 0.0}, "width"),
        ({"stem_pool": "pad"}, "stem's pooling"),
    ],
)
def test_bad_options(options, match):
    with pytest.raises(InvalidArgumentError, match=match):
        ResNetTrunk(**options)


def test_a_stride_in_the_last_block_skips_pixels_of_its_output():
    """What a bottleneck computes with a stride is every other pixel of what it computes without one."""
    arch = architecture("resnet50", 0.125)
    plain, halved = residual_stage(arch, 2, stride=1), residual_stage(arch, 2, stride=1, end_stride=2)
    assert [p.name for p in halved.get_parameters()] == [p.name for p in plain.get_parameters()]
    for mine, theirs in zip(halved.get_parameters(), plain.get_parameters()):
        mine.set_data(theirs)
    channels = arch.channels(1)
    x = Tensor(np.random.default_rng(0).standard_normal((2, channels, 12, 8)).astype(np.float32))
    small, large = halved.set_train(False)(x), plain.set_train(False)(x)
    assert small.shape[2:] == (6, 4)
    assert distance(small, large[:, :, ::2, ::2]) < 1e-6


def test_strides_at_the_end_change_where_a_trunk_halves_its_map_not_its_parameters():
    first, last = ResNetTrunk("resnet18", width=0.125), ResNetTrunk("resnet18", width=0.125, stride_at="last")
    shapes = [{name: p.shape for name, p in t.parameters_and_names()} for t in (first, last)]
    assert {n: s for n, s in shapes[1].items() if "down_sample" not in n} == {
        n: s for n, s in shapes[0].items() if "down_sample" not in n
    }
    x = ops.ones((1, 3, 64, 32))
    heights = []
    y = last.max_pool(last.relu(last.bn1(last.conv1(x))))
    for stage in (last.layer1, last.layer2, last.layer3, last.layer4):
        y = stage(y)
        heights.append(y.shape[2])
    assert heights == [8, 4, 2, 2]
    assert first(x).shape == last(x).shape
    with pytest.raises(InvalidArgumentError, match="first"):
        ResNetTrunk("resnet18", stride_at="middle")
