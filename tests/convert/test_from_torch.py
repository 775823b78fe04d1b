"""Renaming of whole PyTorch state dicts, and loading with every difference named."""

import re

import numpy as np
import pytest

from mindreid.convert import SOURCES, from_torch, load_parameters
from mindreid.errors import CheckpointError, InvalidArgumentError
from mindreid.layers.resnet import ResNetTrunk
from mindreid.models.mgn import MGN, MGNObjective
from tests.slow_cases import quick_only

PORTS = {"mgn_pytorch": "mgn_seathiefwang", "reid_mgn": "mgn_GNAYUOHZ"}


@pytest.mark.parametrize("source", quick_only(PORTS, "reid_mgn"))
def test_every_parameter_of_a_port_has_its_place(source, torch_state):
    state = torch_state(PORTS[source], num_classes=5)
    parameters = from_torch(state, source)
    counters = [name for name in state if name.endswith("num_batches_tracked")]
    assert len(parameters) == len(state) - len(counters)
    network = MGN(variant=source)
    load_parameters(network, parameters)
    load_parameters(MGNObjective(network, 5), parameters)
    np.testing.assert_array_equal(
        network.half_branch.layer3[0].conv1.weight.asnumpy(), state["p2.0.0.conv1.weight"]
    )


@pytest.mark.slow
def test_a_port_does_not_fit_another_variant(torch_state):
    parameters = from_torch(torch_state(PORTS["reid_mgn"], num_classes=5), "reid_mgn")
    with pytest.raises(CheckpointError, match=r"35 missing \(reductions.1.linear.weight"):
        load_parameters(MGN(variant="paper"), parameters)


def test_a_foreign_name_is_named():
    with pytest.raises(CheckpointError, match=r"'backbone\.0\.weight' is not a parameter of a mgn_pytorch"):
        from_torch({"backbone.0.weight": np.zeros(1)}, "mgn_pytorch")


def test_layers_that_a_network_does_not_have_are_named():
    """OpenGait's GaitPart for OU-MVLP has more of them."""
    name = "Backbone.forward_block.feature.14.conv.weight"
    state = {name: np.zeros((4, 4, 3, 3)), "Head.fc_bin": np.zeros((2, 4, 4))}
    for source in ("opengait_gaitpart", "opengait_gaitset"):
        with pytest.raises(CheckpointError, match=rf"'{name}' is not a parameter of a {source}"):
            from_torch(state, source)


@pytest.mark.parametrize(
    ("source", "name", "shape"),
    [
        ("opengait_gaitpart", "TFA.pooling_func.conv1d3x1.0.0.conv.weight", (4, 4, 3, 3)),
        ("opengait", "BNNecks.fc_bin", (4, 4)),
        ("torchvision_resnet", "fc.weight", ()),
        ("mgn_pytorch", "reduction_0.0.weight", (4, 4, 3, 3)),
    ],
)
def test_a_tensor_of_another_shape_is_named_with_it(source, name, shape):
    with pytest.raises(CheckpointError, match=re.escape(f"{name!r} has the shape {shape}, which")):
        from_torch({name: np.zeros(shape)}, source)


def test_classifier_of_torchvision_is_for_training_only():
    assert set(
        from_torch({"fc.weight": np.zeros((2, 2)), "bn1.weight": np.zeros(2)}, "torchvision_resnet")
    ) == {
        "objective.classifier.weight",
        "bn1.gamma",
    }


def test_unknown_source():
    with pytest.raises(InvalidArgumentError, match="did you mean 'mgn_pytorch'"):
        from_torch({}, "mgn-pytorch")
    assert {"torchvision_resnet", "mgn_pytorch", "reid_mgn"} <= set(SOURCES)


def test_lenient_loading_still_refuses_shapes():
    trunk = ResNetTrunk("resnet18", width=0.25)
    load_parameters(trunk, {"bn1.gamma": np.full(64, 2.0), "foreign": np.zeros(1)}, strict=False)
    np.testing.assert_array_equal(trunk.bn1.gamma.asnumpy(), 2)
    with pytest.raises(CheckpointError, match=r"bn1.gamma has shape \(3,\) instead of \(64,\)"):
        load_parameters(trunk, {"bn1.gamma": np.zeros(3)}, strict=False)


def test_many_differences_are_counted():
    with pytest.raises(CheckpointError, match=r"105 missing \(conv1.weight, .* and \d+ more\)"):
        load_parameters(ResNetTrunk("resnet18", width=0.25), {})


def test_a_compiled_network_sees_loaded_values():
    import mindspore as ms

    network = ms.nn.Dense(1, 1, weight_init="ones", has_bias=False)

    @ms.jit
    def run(x):
        return network(x)

    x = ms.Tensor([[1.0]])
    assert run(x).asnumpy() == 1
    load_parameters(network, {"weight": np.array([[3.0]])})
    assert run(x).asnumpy() == 3
