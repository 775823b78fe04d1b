"""However a path is written, the scripts hand on a name of that very file or folder."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

import pytest

#: Stands before the real one on PATH: tells what it was called with, and where.
PYTHON = """import json, os, sys
if sys.argv[1] != "-c":
    json.dump([os.getcwd(), *sys.argv[1:]], open(os.environ["CALLED_WITH"], "w"))
"""

SCRIPTS = {
    "run_standalone_train.sh": ("CPU", "mgn/walkers", "{root}", "{output}"),
    "run_distribute_train.sh": ("CPU", "mgn/walkers", "{root}", "{output}"),
    "run_eval.sh": ("CPU", "mgn/walkers", "{root}", "{file}"),
    "run_export.sh": ("CPU", "mgn/walkers", "{file}", "mindir", "{output}"),
    "run_infer.sh": ("{file}", "{root}", "{output}"),
}


@pytest.fixture
def called(tmp_path, run_script, monkeypatch):
    """Run a script in ``tmp_path / "here"``; return the arguments that the program would have got."""
    stub = tmp_path / "bin" / "python"
    stub.parent.mkdir()
    # The interpreter's own path may have a space in it, which no first line of a script can name.
    (stub.parent / "call.py").write_text(PYTHON, encoding="utf-8")
    words = " ".join(map(shlex.quote, (sys.executable, str(stub.parent / "call.py"))))
    stub.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    stub.chmod(0o755)
    here = tmp_path / "here"
    (here / "my 数据").mkdir(parents=True)
    (here / "my 数据" / "a file").write_text("content")
    (here / "link").symlink_to("my 数据")
    monkeypatch.chdir(here)

    def call(script, root):
        places = {"root": root, "file": f"{root}/a file", "output": f"{root}/new folder"}
        arguments = [argument.format(**places) for argument in SCRIPTS[script]]
        environment = {
            "PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}",
            "CALLED_WITH": str(tmp_path / "call.json"),
        }
        finished = run_script(script, *arguments, environment=environment)
        assert finished.returncode == 0, finished.stderr
        return json.loads((tmp_path / "call.json").read_text(encoding="utf-8"))

    return call


FORMS = ("my 数据", "my 数据/", "./my 数据", "link/../my 数据", "link", "{here}/my 数据")


@pytest.mark.parametrize(
    ("script", "root"),
    [*((script, "./link") for script in sorted(SCRIPTS)), *(("run_eval.sh", form) for form in FORMS)],
)
def test_paths_reach_the_program_as_absolute_ones(called, script, root):
    here = Path.cwd()
    cwd, *arguments = called(script, root.format(here=here))
    assert cwd == str(here)
    folder = here / "my 数据"
    meant = {"{root}": folder, "{file}": folder / "a file", "{output}": folder / "new folder"}
    handed_on = {os.path.realpath(argument) for argument in arguments if argument.startswith("/")}
    assert {str(path) for place, path in meant.items() if place in SCRIPTS[script]} <= handed_on
    assert not any(argument.startswith((".", "my", "link")) for argument in arguments)
