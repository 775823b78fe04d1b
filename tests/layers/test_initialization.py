"""Weights drawn as authors' code draws them: means, deviations and bounds."""

import numpy as np
import pytest
from mindspore import nn

import mindreid
from mindreid.layers.frame_convolution import FrameConv, FramePartLinear
from mindreid.zoo import MODELS


def values(cells, attribute):
    return [getattr(cell, attribute).asnumpy() for cell in cells]


def cells_of(network, kind):
    return [cell for _, cell in network.cells_and_names() if isinstance(cell, kind)]


def opengaits_kernels(network):
    """Every convolution's weights with the shape ``[out, in, ...]`` that they have in OpenGait."""
    neighbours = [cell.conv for cell in cells_of(network, FrameConv)]
    for cell in cells_of(network, nn.Conv2d):
        weight = cell.weight.asnumpy()
        out, inner, *area = weight.shape
        yield weight, (out, inner // 3, 3, *area) if cell in neighbours else weight.shape
    for cell in cells_of(network, FramePartLinear):
        for weight in values(cell.weights, "data"):
            yield weight, (weight.shape[1], weight.shape[0] // cell.size, cell.size)


DEEP = {"blocks": (1, 1, 1, 1), "width": 0.5}
GAIT = [
    ("aug_ogbase", {}),
    ("deepgaitv2", {"mode": "p3d", **DEEP}),
    ("deepgaitv2", {"mode": "3d", **DEEP}),
    ("gaitgl", {}),
    ("gaitpart", {}),
    ("gaitset", {}),
]


@pytest.mark.parametrize(("method", "options"), GAIT)
def test_opengait_draws_convolutions_by_xavier(method, options):
    network = mindreid.create_model(method, initialization="opengait", **options)
    kernels = list(opengaits_kernels(network))
    assert len(kernels) >= 8
    for weight, (out, inner, *area) in kernels:
        bound = np.sqrt(6 / ((inner + out) * np.prod(area)))
        assert 0.95 * bound < np.abs(weight).max() <= bound * (1 + 1e-6)
        assert weight.std() == pytest.approx(bound / np.sqrt(3), rel=0.1)


@pytest.mark.parametrize("initialization", ["he", "opengait"])
def test_gaitsets_second_stream_starts_as_a_copy_but_with_opengait(initialization):
    network = mindreid.create_model("gaitset", width=0.25, initialization=initialization)
    for first, second in (
        (network.set_block2, network.global_block2),
        (network.set_block3, network.global_block3),
    ):
        equal = [
            np.array_equal(ours.asnumpy(), theirs.asnumpy())
            for ours, theirs in zip(first.get_parameters(), second.get_parameters())
        ]
        assert equal == [initialization == "he"] * 2


def test_opengait_draws_the_scales_of_norms_about_one():
    network = mindreid.create_model("aug_ogbase", initialization="opengait")
    scales = np.concatenate(values(cells_of(network, nn.BatchNorm2d), "gamma"))
    assert (scales.mean(), scales.std()) == pytest.approx((1.0, 0.02), abs=0.002)
    objective = MODELS["aug_ogbase"].objective(network, num_classes=4)
    assert objective.neck.norm.gamma.asnumpy().std() == pytest.approx(0.02, rel=0.1)


def test_other_networks_start_with_scales_of_one():
    network = mindreid.create_model("aug_ogbase", width=0.125)
    assert all((scale == 1).all() for scale in values(cells_of(network, nn.BatchNorm2d), "gamma"))


@pytest.mark.parametrize(("initialization", "deviation"), [("small", 0.001), ("kaiming", np.sqrt(2 / 90))])
def test_the_ports_of_mgn_draw_classifiers_by_kaiming(initialization, deviation):
    network = mindreid.create_model("mgn", trunk="resnet18", width=0.125, initialization=initialization)
    objective = MODELS["mgn"].objective(network, num_classes=90)
    for weight in values(objective.classifiers, "weight"):
        assert weight.std() == pytest.approx(deviation, rel=0.1)
    scales = np.concatenate([reduction.norm.gamma.asnumpy() for reduction in network.reductions])
    assert scales.std() == pytest.approx(0.02 if initialization == "kaiming" else 0.0, rel=0.1)


def test_cals_authors_draw_the_necks_scales_about_one_and_no_bias():
    from mindreid.models.cal import CALObjective

    for initialization, deviation in (("ones", 0.0), ("simple_ccreid", 0.02)):
        network = mindreid.create_model("cal", trunk="resnet18", initialization=initialization)
        objective = CALObjective(network, 4, owners=(0, 1, 2, 3))
        assert network.neck.norm.gamma.asnumpy().std() == pytest.approx(deviation, rel=0.1)
        assert (objective.classifier.bias.asnumpy() == 0).all() == (initialization == "simple_ccreid")
        lengths = np.linalg.norm(objective.clothes_classifier.weight.asnumpy(), axis=1)
        np.testing.assert_allclose(lengths, 1, atol=0.1)
