"""Weights drawn as authors' code draws them: means, deviations and bounds."""

import numpy as np
import pytest
from mindspore import nn

import mindreid
from mindreid.zoo import MODELS


def values(cells, attribute):
    return [getattr(cell, attribute).asnumpy() for cell in cells]


def cells_of(network, kind):
    return [cell for _, cell in network.cells_and_names() if isinstance(cell, kind)]


def test_opengait_draws_convolutions_by_xavier_and_scales_about_one():
    network = mindreid.create_model("aug_ogbase", initialization="opengait")
    for weight in values(cells_of(network, nn.Conv2d), "weight"):
        area = weight.shape[2] * weight.shape[3]
        bound = np.sqrt(6 / (area * (weight.shape[0] + weight.shape[1])))
        assert 0.95 * bound < np.abs(weight).max() <= bound * (1 + 1e-6)
        assert weight.std() == pytest.approx(bound / np.sqrt(3), rel=0.1)
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
