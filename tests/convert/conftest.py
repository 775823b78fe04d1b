"""The tensors of a small network, as PyTorch names them."""

import pytest

from mindreid.layers.resnet import ResNetTrunk


@pytest.fixture(scope="module")
def small_state():
    """A ResNet-18's tensors under torchvision's names."""
    torch = pytest.importorskip("torch", reason="needs the extra `convert`")
    words = {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    state = {}
    for name, parameter in ResNetTrunk("resnet18").parameters_and_names():
        stem, leaf = name.replace("down_sample", "downsample").rsplit(".", 1)
        state[f"{stem}.{words.get(leaf, leaf)}"] = torch.from_numpy(parameter.asnumpy().copy())
    return state
