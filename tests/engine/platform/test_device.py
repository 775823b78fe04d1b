"""The device: which of several, and how far graphs are optimised there."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, ops

from mindreid.config import DeviceConfig, load_recipe
from mindreid.engine.audit.compiled_graphs import saved_graphs
from mindreid.engine.platform import device
from mindreid.engine.platform.compilation import choose_jit_level, compile_function
from mindreid.engine.platform.device import select_device
from mindreid.errors import ConfigError, DeviceError


@pytest.fixture
def _usual_level():
    yield
    choose_jit_level("O0", "CPU")


def level_of_a_graph():
    with saved_graphs() as folder:
        compile_function(lambda_free)(Tensor(np.ones(3, np.float32)))
        (path,) = folder.rglob("*_validate_*.ir")
        lines = path.read_text().splitlines()
    return {line.strip() for line in lines if line.startswith(("backend:", "jit_level:"))}


def lambda_free(numbers):
    """What is compiled; MindSpore parses no lambda of several on a line."""
    return ops.relu(numbers)


@pytest.mark.usefixtures("_usual_level")
@pytest.mark.parametrize("level", ["O0", "O1"])
def test_graphs_are_compiled_at_the_recipes_level(level):
    recipe = load_recipe("trinet/smoke", [f"device.jit_level={level}"])
    select_device(recipe.device)
    assert level_of_a_graph() == {"backend:", f"jit_level: {level}"}


@pytest.mark.usefixtures("_usual_level")
def test_the_graph_engine_is_ascends_alone():
    with pytest.raises(DeviceError, match=r"O2 is Ascend's graph engine, which a CPU has not.*O0, or O1"):
        select_device(DeviceConfig(target="CPU", jit_level="O2"))
    choose_jit_level("O2", "Ascend")
    assert level_of_a_graph() == {"backend: GE", "jit_level: O0"}
    with pytest.raises(ConfigError, match=r"device\.jit_level"):
        load_recipe("trinet/smoke", ["device.jit_level=O3"])


@pytest.mark.parametrize(
    ("environment", "target", "chosen"),
    [
        ({}, "Ascend", None),
        ({"DEVICE_ID": "3"}, "Ascend", 3),
        ({"DEVICE_ID": "3"}, "CPU", None),
        ({"DEVICE_ID": ""}, "GPU", None),
        ({"DEVICE_ID": "3", "MS_WORKER_NUM": "8"}, "Ascend", None),
    ],
)
def test_which_of_several_devices_is_the_environments_choice(monkeypatch, environment, target, chosen):
    """As no such device is here, what would be handed to MindSpore is looked at."""
    for name in ("DEVICE_ID", "MS_WORKER_NUM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    handed = []
    monkeypatch.setattr(device, "_set_device", lambda *arguments: handed.append(arguments))
    monkeypatch.setattr(ms.hal, "is_available", lambda _target: True)
    monkeypatch.setattr(ms.runtime, "launch_blocking", lambda: None)
    select_device(DeviceConfig(target=target))
    assert handed == [(target, chosen)]


@pytest.mark.parametrize("text", ["first", "-1", "1.5", "0x1", "²"])
def test_a_device_that_is_no_number_is_refused(monkeypatch, text):
    monkeypatch.setenv("DEVICE_ID", text)
    monkeypatch.delenv("MS_WORKER_NUM", raising=False)
    monkeypatch.setattr(ms.hal, "is_available", lambda _target: True)
    with pytest.raises(DeviceError, match="DEVICE_ID="):
        select_device(DeviceConfig(target="Ascend"))
