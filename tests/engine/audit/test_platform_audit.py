"""The audit finds what was put into a graph on purpose, and says of the methods what is known of them."""

from __future__ import annotations

import json

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from mindreid.cli import main
from mindreid.commands import audit as audit_command
from mindreid.config import load_recipe
from mindreid.data.silhouette_files import training_silhouettes
from mindreid.data.transforms import origin_trace
from mindreid.engine.audit import platform_support
from mindreid.engine.audit.compiled_graphs import saved_graphs
from mindreid.engine.audit.device_waits import watch_waits
from mindreid.engine.audit.graph_operators import read_operators
from mindreid.engine.audit.platform_audit import STRUCTURE, Audit, audit_recipe, find_problems
from mindreid.engine.audit.platform_support import PlatformSupport
from mindreid.engine.audit.stand_in_batches import stand_in_batch, stand_in_dataset
from mindreid.zoo import list_models
from tests.slow_cases import quick_only

#: What is left in the compiled graphs, by primitive; docs/deployment.md says why.
LEFT = {
    "Ascend": {("ArgMaxWithValue", "int64 on the device"), ("InplaceScatterSrc", "int64 on the device")}
    | {("ExpandDims", "int64 on the device")},
}
LEFT_OF = {"isp": {("OneHot", "int64 on the device"), ("Cast", "int64 on the device")}}


def operators_of(function, *arguments):
    """Compile a function and read back what it became."""
    with saved_graphs() as folder:
        ms.jit(function)(*arguments)
        (path,) = folder.rglob("*_validate_*.ir")
        return [operator for operator in read_operators(path) if operator.name not in STRUCTURE]


def problems(operators, platform="Ascend", phase="training"):
    return {
        (name, problem) for _, name, problem, _ in find_problems(phase, operators, PlatformSupport(platform))
    }


def test_operators_types_and_lines_are_read():
    convolution = nn.Conv2d(3, 4, 3)

    def forward(images):
        return ops.relu(convolution(images))

    found = operators_of(forward, Tensor(np.ones((2, 3, 8, 8), np.float32)))
    assert [operator.name for operator in found] == ["Conv2D", "ReLU"]
    assert found[0].inputs == ("Float32", "Float32")
    assert not any(operator.has_free_sizes for operator in found)
    assert problems(found) == problems(found, "GPU") == set()


def test_costly_types_are_found():
    def wide(numbers, positions):
        return ops.cast(numbers, ms.float64) * 2, ops.cast(positions, ms.int64) + positions

    found = problems(operators_of(wide, Tensor(np.ones(3, np.float32)), Tensor(np.arange(3, dtype=np.int32))))
    assert {("Cast", "float64 on the device"), ("Cast", "int64 on the device")} <= found


def test_free_sizes_are_found_in_training_alone():
    def forward(numbers):
        return ops.relu(numbers)

    found = operators_of(ms.jit(forward, dynamic=1), Tensor(np.ones((2, 3), np.float32)))
    assert [operator.has_free_sizes for operator in found] == [False]

    def choose(numbers):
        return ops.relu(ops.masked_select(numbers, numbers > 0))

    found = operators_of(choose, Tensor(np.ones((2, 3), np.float32)))
    assert ("ReLU", "dynamic shape") in problems(found)
    assert ("ReLU", "dynamic shape") not in problems(found, phase="inference")


def test_host_callbacks_are_found_with_their_line():
    def talk(numbers):
        doubled = numbers * 2
        ops.print_(doubled)
        return doubled

    found = operators_of(talk, Tensor(np.ones(3, np.float32)))
    assert ("Print", "calls the host") in problems(found)
    (printed,) = (operator for operator in found if operator.name == "Print")
    assert printed.place.startswith("after test_platform_audit.py:")


def test_waits_are_found_with_their_line():
    waits, loss = [], Tensor(1.5)
    with watch_waits(waits):
        float(loss)
        loss.asnumpy()
        assert loss * 2 is not None
    loss.asnumpy()
    assert {"__float__", "asnumpy"} <= {wait.reader for wait in waits}
    assert all(wait.place.split(":")[0].endswith(".py") for wait in waits)
    assert sum(wait.place.startswith("test_platform_audit.py:") for wait in waits) == 2


@pytest.mark.parametrize(
    ("primitive", "platform", "verdict"),
    [
        ("Conv2D", "Ascend", "documented"),
        # Its own text refers to that of the function.
        ("ReLU", "GPU", "documented"),
        ("SumExt", "Ascend", "documented"),
        ("ZerosLikeExt", "GPU", "unsupported"),
        ("NoSuchPrimitive", "Ascend", "unknown"),
        ("SqrtGrad", "Ascend", "forward"),
    ],
)
def test_what_mindspore_says_of_a_primitive(primitive, platform, verdict):
    assert PlatformSupport(platform)[primitive].verdict == verdict


def test_a_method_that_moves_its_labels_with_the_image_has_a_stand_in_batch(tmp_path):
    """Where pixels come from is a label of the batch, and silhouettes are files that the objective reads."""
    recipe = load_recipe("gi_reid/smoke")
    dataset = stand_in_dataset(recipe, tmp_path)
    silhouettes = training_silhouettes(dataset.train, 6, 4)
    assert silhouettes.shape == (len(dataset.train), 6, 4)
    assert (silhouettes == 255).all()
    batch = stand_in_batch(recipe, dataset, origin_trace(recipe.augment, recipe.input, 4))
    expected = (len(batch["images"]), recipe.input.height // 4, recipe.input.width // 4)
    assert batch["origin"].shape == expected
    assert batch["origin"].dtype == np.int32
    assert "origin" not in stand_in_batch(recipe, dataset)


def test_the_libraries_are_asked_for_what_has_no_documentation(monkeypatch):
    monkeypatch.setattr(
        platform_support, "_names_in_libraries", lambda _platform: b"Xyz\0ConvBackpropInput\0"
    )
    assert PlatformSupport("Ascend")["ConvBackpropInput"].verdict == "library"
    assert PlatformSupport("Ascend")["ConvBackprop"].verdict == "unknown"
    monkeypatch.setattr(platform_support, "_names_in_libraries", lambda _platform: None)
    assert PlatformSupport("Ascend")["ReluGrad"].verdict == "unknown"


@pytest.mark.parametrize("method", quick_only(list_models(), "trinet"))
def test_every_method_fits_ascend(method):
    """No operator is missing there, nothing waits, no size is free; and what is left is known."""
    audit = audit_recipe(load_recipe(f"{method}/smoke"), ["Ascend"])["Ascend"]
    assert min(audit.operators.values()) > 20
    known = LEFT["Ascend"] | LEFT_OF.get(method, set())
    assert {(found.operator, found.problem) for found in audit.findings} <= known


@pytest.mark.slow
def test_the_command_prints_and_writes_what_was_seen(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["audit", "--platform", "GPU", "--config", "trinet/smoke", "--json", "seen.json"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert f"operators: {seen['operators']['training']} in training" in printed
    assert all(finding["operator"] in printed for finding in seen["findings"])
    assert [path.name for path in tmp_path.iterdir()] == ["seen.json"]


def test_the_command_audits_the_recipe_with_what_is_changed_in_it(monkeypatch, tmp_path):
    """Whatever a graph has of it: nothing is compiled."""
    asked = []

    def audit(recipe, platforms):
        asked.append((recipe.input.height, platforms))
        return {platforms[0]: Audit((), {"training": 1}, {})}

    monkeypatch.setattr("mindreid.engine.audit.platform_audit.audit_recipe", audit)
    command = ["audit", "--config", "trinet/smoke", "--json", str(tmp_path / "seen.json")]
    for platform, words in (("Ascend", []), ("GPU", ["--set", "input.height=192"])):
        assert main([*command, "--platform", platform, *words]) == 0
        seen = json.loads((tmp_path / "seen.json").read_text())
        assert (seen["recipe"]["input"]["height"], [seen["platform"]]) == asked[-1]
    usual = load_recipe("trinet/smoke").input.height
    assert usual != 192
    assert asked == [(usual, ["Ascend"]), (192, ["GPU"])]


def test_the_platforms_are_the_choices():
    assert audit_command.PLATFORMS == platform_support.PLATFORMS
