"""Wrong arguments: usage and one line that says what is wrong, exit code 2, nothing started."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
TRAIN, EVAL, EXPORT, DISTRIBUTE = (
    f"run_{name}.sh" for name in ("standalone_train", "eval", "export", "distribute_train")
)


def _error_of(finished):
    return [line for line in finished.stderr.splitlines() if "error: " in line]


@pytest.mark.parametrize(
    ("script", "needed"), [(TRAIN, 4), (DISTRIBUTE, 4), (EVAL, 4), (EXPORT, 5)], ids=lambda value: str(value)
)
def test_missing_arguments_show_the_usage(run_script, script, needed):
    finished = run_script(script, "CPU", "mgn/walkers")
    assert finished.returncode == 2
    assert _error_of(finished) == [f"{script}: error: 2 of {needed} arguments given"]
    assert finished.stderr.startswith(f"usage: bash scripts/{script} DEVICE_TARGET")


@pytest.mark.parametrize("script", [TRAIN, DISTRIBUTE, EVAL, EXPORT])
def test_unknown_device_is_refused(run_script, script):
    finished = run_script(script, "TPU", "mgn/walkers", ".", "out", "more")
    assert finished.returncode == 2
    assert _error_of(finished) == [f"{script}: error: unknown device target 'TPU': choose Ascend, GPU or CPU"]


@pytest.mark.parametrize("script", [TRAIN, DISTRIBUTE, EVAL])
def test_missing_dataset_is_named(run_script, script):
    finished = run_script(script, "CPU", "mgn/walkers", "no such folder", "out")
    assert finished.returncode == 2
    assert finished.stderr == f"{script}: error: there is no dataset folder 'no such folder'\n"
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        (EVAL, ("CPU", "mgn/walkers", ".", "no.ckpt")),
        (EXPORT, ("CPU", "mgn/walkers", "no.ckpt", "mindir", "o")),
    ],
)
def test_missing_checkpoint_is_named(run_script, script, arguments):
    finished = run_script(script, *arguments)
    assert finished.returncode == 2
    assert finished.stderr == f"{script}: error: there is no checkpoint file 'no.ckpt'\n"


def test_missing_recipe_file_is_named(run_script):
    finished = run_script(TRAIN, "CPU", "my recipe.yaml", ".", "out")
    assert finished.returncode == 2
    assert finished.stderr == f"{TRAIN}: error: there is no recipe file 'my recipe.yaml'\n"


def test_unknown_export_format_is_refused(run_script):
    Path("some.ckpt").touch()
    finished = run_script(EXPORT, "CPU", "mgn/walkers", "some.ckpt", "caffe", "out")
    assert finished.returncode == 2
    assert _error_of(finished) == [f"{EXPORT}: error: unknown format 'caffe': choose mindir, onnx or air"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--worker-num", "two"), "--worker-num takes a whole number, not 'two'"),
        (("--worker-num", "0"), "--worker-num must be at least 1"),
        (("--worker-num",), "--worker-num needs a value"),
        (("--port", "80"), "--port must be at least 1024"),
        (
            ("--worker-num", "2", "--local-worker-num", "4"),
            "--local-worker-num 4 is more than --worker-num 2",
        ),
    ],
)
def test_bad_worker_options_are_refused(run_script, options, complaint):
    finished = run_script(DISTRIBUTE, "CPU", "mgn/walkers", ".", "out", *options)
    assert finished.returncode == 2
    assert _error_of(finished) == [f"{DISTRIBUTE}: error: {complaint}"]
    assert not Path("out").exists()


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("[!e]*.sh")))
def test_help_of_every_script(run_script, script):
    finished = run_script(script, "--help")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith(f"usage: bash scripts/{script}")


def test_scripts_say_how_to_install_what_is_missing(run_script, tmp_path):
    # A checkout without .venv, and a python on PATH that lacks the package.
    checkout = tmp_path / "check out"
    shutil.copytree(SCRIPTS, checkout / "scripts")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    finished = run_script(
        TRAIN,
        *("CPU", "mgn/walkers", ".", "out"),
        folder=checkout / "scripts",
        environment={"PATH": f"{tmp_path / 'bare' / 'bin'}:/usr/bin:/bin"},
    )
    assert finished.returncode == 1
    assert finished.stderr == (
        f"{TRAIN}: error: mindreid is not installed: run bash '{checkout}/scripts/setup.sh' first\n"
    )
