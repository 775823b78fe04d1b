"""Snippets of docs/deployment.md: Python is run where its runtime is, C++ compiled where its headers are."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mindreid
from mindreid.config import InputConfig
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.deployment.exporter import export_network
from tests.engine.deployment.small_network import OPTIONS

TEXT = (Path(__file__).resolve().parents[1] / "docs/deployment.md").read_text(encoding="utf-8")
SECTIONS = ("MindSpore Lite", "ONNX Runtime", "TensorRT")
COMPILER = shutil.which("g++")
#: As the runtimes' packages have them: mindspore-lite's runtime/include/api, onnxruntime's include.
HEADERS = {
    "MindSpore Lite": {"include/api/context.h", "include/api/model.h"},
    "ONNX Runtime": {"onnxruntime_cxx_api.h"},
    "TensorRT": {"onnxruntime_cxx_api.h"},
}


def snippet(section, language):
    own = TEXT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    (found,) = re.findall(rf"```{language}\n(.*?)```", own, re.DOTALL)
    return found


def compile_only(source):
    """Have the compiler check a source, which may include what is on CPATH."""
    command = [str(COMPILER), "-std=c++17", "-Wall", "-Werror", "-fsyntax-only", "-x", "c++", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("section", SECTIONS)
def test_python_is_python(section):
    ast.parse(snippet(section, "python"))


@pytest.fixture
def mgn_onnx(tmp_path, monkeypatch):
    """A small MGN for images of the documented size, in the current folder under the documented name."""
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package, reason="needs the extra `onnx`")
    recipe = {"input": InputConfig(height=384, width=128).model_dump(mode="json")}
    network = mindreid.create_model("mgn", **OPTIONS)
    export_network(
        network, Description("mgn", OPTIONS, 4, recipe), tmp_path / "mgn.onnx", "onnx", verify=False
    )
    monkeypatch.chdir(tmp_path)


@pytest.mark.filterwarnings("ignore:Specified provider")
@pytest.mark.parametrize("section", ["ONNX Runtime", "TensorRT"])
def test_onnx_runtime_runs_the_python_of(section, mgn_onnx):
    """Without a GPU, ONNX Runtime warns and takes the last provider."""
    names: dict = {}
    exec(snippet(section, "python"), names)  # noqa: S102 - that is what a reader does
    images = np.random.default_rng(0).integers(0, 256, (2, 384, 128, 3), dtype=np.uint8)
    (embeddings,) = names["session"].run(["embeddings"], {"images": images})
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    if section == "ONNX Runtime":
        assert names["embeddings"].shape == (4, embeddings.shape[1])


def included(source):
    """Names of what a C++ source includes: those of a runtime, and those of the language."""
    names = re.findall(r'^#include [<"](.+)[>"]$', source, re.MULTILINE)
    assert len(names) == source.count("#include")
    return {name for name in names if name.endswith(".h")}, {name for name in names if "." not in name}


@pytest.mark.parametrize("section", SECTIONS)
def test_cpp_includes_the_runtimes_headers(section):
    assert included(snippet(section, "cpp"))[0] == HEADERS[section]


@pytest.mark.skipif(COMPILER is None, reason="needs g++")
@pytest.mark.parametrize("section", SECTIONS)
def test_cpp_compiles_against_the_runtimes_headers(section):
    source = snippet(section, "cpp")
    language = compile_only("".join(f"#include <{name}>\n" for name in included(source)[1]))
    assert language.returncode == 0, language.stderr
    # Not what the snippet itself includes: were that misspelt, nothing would be checked.
    if compile_only("".join(f"#include <{name}>\n" for name in HEADERS[section])).returncode:
        pytest.skip(f"the headers of {section} are not on CPATH")
    checked = compile_only(source)
    assert checked.returncode == 0, checked.stderr
    assert compile_only(source.replace("(", "(no_such_name, ", 2)).returncode
