"""setup.sh makes .venv once, repairs what was interrupted, and says in one line what is wrong.

Most tests put a small shell script in the place of Python and pip, which keeps what a real one
does (an environment in a folder, an interpreter in it) and notes the calls; the real pip runs where
its own failure matters.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
CHECKED_OUT = (
    "scripts",
    "requirements",
    "setup.py",
    "pyproject.toml",
    "README.md",
    "src/mindreid/__init__.py",
)

FAKE_PYTHON = r"""#!/bin/bash
case "$*" in
    *version_info*) echo "${FAKE_VERSION:-3.11}" ;;
    *"import ensurepip"*) exit "${FAKE_NO_ENSUREPIP:-0}" ;;
    "-m venv -- "*)
        mkdir -p "$4/bin"
        cp "$0" "$4/bin/python"
        ;;
    "-m pip install "*)
        echo "$*" >>"$FAKE_CALLS"
        if [ -n "${FAKE_PIP_HANGS:-}" ]; then sleep 60; fi
        exit "${FAKE_PIP_FAILS:-0}"
        ;;
    *) exit 99 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path):
    """A copy of what setup.sh needs, in a folder with a space in its name."""
    root = tmp_path / "check out"
    for name in CHECKED_OUT:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    return root


@pytest.fixture
def tools(tmp_path):
    """A folder for PATH with the system's programs, but no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for directory in ("/bin", "/usr/bin"):
        for program in Path(directory).iterdir():
            link = folder / program.name
            if not program.name.startswith("python") and not link.is_symlink():
                link.symlink_to(program)
    return folder


@pytest.fixture
def setup(run_script, checkout, tools, tmp_path):
    """Run setup.sh with the stand-in for Python first on PATH; ``calls()`` lists pip's arguments."""
    python = tmp_path / "python3.11"
    python.write_text(FAKE_PYTHON, encoding="utf-8")
    python.chmod(0o755)
    shutil.copy(python, tools / "python3.11")
    calls = tmp_path / "calls"
    calls.touch()

    def run(*arguments, root=checkout, **environment):
        base = {"PATH": str(tools), "FAKE_CALLS": str(calls), "PYTHON": ""}
        return run_script(
            "setup.sh", *arguments, folder=root / "scripts", environment={**base, **environment}
        )

    run.calls = lambda: calls.read_text(encoding="utf-8").splitlines()
    run.environment = {**os.environ, "PATH": str(tools), "FAKE_CALLS": str(calls), "PYTHON": ""}
    return run


def test_pins_and_editable_install(setup, checkout):
    finished = setup()
    assert finished.returncode == 0, finished.stderr
    (call,) = setup.calls()
    assert f"--constraint {checkout}/requirements/constraints.txt --editable ." in call
    assert finished.stdout.endswith(f"setup.sh: ready: {checkout}/.venv/bin/mindreid\n")


def test_nothing_happens_when_up_to_date(setup):
    setup()
    again = setup()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert len(setup.calls()) == 1


@pytest.mark.parametrize("changed", ["setup.py", "requirements/constraints.txt"])
def test_changed_requirements_are_installed(setup, checkout, changed):
    setup()
    with (checkout / changed).open("a", encoding="utf-8") as stream:
        stream.write("# changed\n")
    assert setup().returncode == 0
    assert len(setup.calls()) == 2


def test_extras_add_up(setup):
    setup("--extras", "onnx")
    setup("--extras", "convert,onnx")
    setup("--extras", "convert")
    setup()
    assert [call.split("--editable ")[1] for call in setup.calls()] == [".[onnx]", ".[convert,onnx]"]


def test_all_extras_contain_each(setup):
    setup("--extras", "all")
    setup("--extras", "onnx,test")
    assert [call.split("--editable ")[1] for call in setup.calls()] == [".[all]"]


def test_the_pose_estimator_gets_an_environment_of_its_own(setup, checkout):
    setup("--extras", "pose,onnx")
    setup("--extras", "pose")
    calls = setup.calls()
    assert [call.split("--editable ")[1] for call in calls if "--editable" in call] == [".[onnx]"]
    assert calls[1] == f"-m pip install --no-input --no-deps --requirement {checkout}/requirements/pose.txt"
    assert (checkout / ".venv" / "pose" / "bin" / "python").is_file()


def test_all_extras_leave_the_pose_estimator_to_who_asks_for_it(setup, checkout):
    setup("--extras", "all")
    assert not (checkout / ".venv" / "pose").exists()
    setup("--extras", "pose")
    setup("--extras", "all,onnx,pose")
    setup("--extras", "pose")
    editable = [call.split("--editable ")[1] for call in setup.calls() if "--editable" in call]
    assert editable == [".[all]", ".[all]"]
    assert (checkout / ".venv" / "pose").is_dir()


def test_unknown_extra_changes_nothing(setup, checkout):
    finished = setup("--extras", "onnx,tpu")
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1] == (
        "setup.sh: error: unknown extra 'tpu': choose from convert onnx docs pose search milvus summary test "
        "all"
    )
    assert not (checkout / ".venv").exists()


def test_interrupted_installation_is_remade(setup, checkout):
    process = subprocess.Popen(
        ["bash", str(checkout / "scripts" / "setup.sh")],
        env={**setup.environment, "FAKE_PIP_HANGS": "yes"},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while not setup.calls() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    left_over = checkout / ".venv" / "half-installed"
    left_over.touch()
    finished = setup()
    assert finished.returncode == 0, finished.stderr
    assert "making .venv" in finished.stdout
    assert not left_over.exists()
    assert setup().stdout == ""


def test_moved_checkout_gets_a_new_environment(setup, checkout, tmp_path):
    setup()
    moved = checkout.rename(tmp_path / "moved")
    finished = setup(root=moved)
    assert finished.returncode == 0
    assert "making .venv" in finished.stdout


def test_failing_pip_keeps_a_working_environment(setup, checkout):
    setup()
    marker = checkout / ".venv" / "kept"
    marker.touch()
    failed = setup("--extras", "onnx", FAKE_PIP_FAILS="1")
    assert failed.returncode == 1
    assert failed.stderr == (
        f"setup.sh: error: pip could not install the packages, see {checkout}/.setup.log\n"
    )
    assert setup().stdout == ""
    assert marker.exists()


def test_no_suitable_python(run_script, checkout, tools):
    finished = run_script(
        "setup.sh", folder=checkout / "scripts", environment={"PATH": str(tools), "PYTHON": ""}
    )
    assert finished.returncode == 1
    assert len(finished.stderr.splitlines()) == 1
    assert "MindSpore 2.8.0 with this project takes Python 3.9, 3.10 or 3.11" in finished.stderr
    assert not (checkout / ".venv").exists()


def test_unsuitable_pythons_are_passed_over(setup):
    finished = setup(FAKE_VERSION="3.13")
    assert finished.returncode == 1
    assert finished.stderr.startswith("setup.sh: error: no suitable Python on PATH")


def test_chosen_python_must_fit(setup, tools):
    finished = setup(PYTHON=str(tools / "python3.11"), FAKE_VERSION="3.8")
    assert finished.returncode == 1
    assert len(finished.stderr.splitlines()) == 1
    assert "python3.11 is 3.8: MindSpore 2.8.0" in finished.stderr


def test_missing_venv_module_is_named(setup):
    finished = setup(FAKE_NO_ENSUREPIP="1")
    assert finished.returncode == 1
    assert len(finished.stderr.splitlines()) == 1
    assert "apt-get install python3.11-venv" in finished.stderr


def test_without_a_network_one_line_and_the_log(run_script, checkout, tmp_path):
    finished = run_script(
        "setup.sh",
        folder=checkout / "scripts",
        environment={
            "PYTHON": sys.executable,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(tmp_path),
        },
    )
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith("setup.sh: error: pip could not install the packages: No matching distribution")
    assert line.endswith(f"see {checkout}/.setup.log")
    assert "No matching distribution" in (checkout / ".setup.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11"])
def test_every_python_has_one_pin_of_every_package(version):
    lines = (ROOT / "requirements" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    names = {canonicalize_name(pin.name) for pin in pins}
    applied = [
        canonicalize_name(pin.name)
        for pin in pins
        if pin.marker is None or pin.marker.evaluate({"python_version": version})
    ]
    assert len(names) > 100
    # What newer Pythons have themselves is pinned for the others alone.
    assert len(applied) == len(set(applied))
    assert {"numpy", "mindspore", "mindcv", "pytest", "markdown", "faiss-cpu"} <= set(applied)
