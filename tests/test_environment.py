"""The commands in surroundings that nobody has prepared: no locale, no home, no rights, no reader."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mindreid.walkers import synthesize

BARE = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "POSIX", "LANG": "C", "PYTHONIOENCODING": "ascii"}
RECIPE = """
base: mgn/walkers
model: {network: {trunk: resnet18, width: 0.125}}
input: {height: 96, width: 32}
sampler: {persons: 2, images: 2}
train: {epochs: 1}
"""


def without_rights():
    """What starts a program that no permission is waived for."""
    if os.getuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root without setpriv")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


def on_one_core():
    return ["taskset", "-c", str(min(os.sched_getaffinity(0)))] if shutil.which("taskset") else []


def run(*words, line="", **surroundings):
    """Run a command from ``/`` with few variables; ``line`` comes after it in a shell's line."""
    command = [*without_rights(), *on_one_core(), sys.executable, "-m", "mindreid"]
    command += map(str, words)
    if line:
        command = ["bash", "-c", f'set -o pipefail; "$@" {line}', "bash", *command]
    options = {
        "cwd": "/",
        "env": BARE,
        "capture_output": True,
        "check": False,
        "timeout": 300,
        **surroundings,
    }
    return subprocess.run(command, **options)


def assert_one_line(done, message):
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert message in done.stderr.decode().splitlines()[-1]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A data set that nobody may write to, in a folder whose name the console can't show."""
    folder = tmp_path_factory.mktemp("数据")
    synthesize("market1501", folder / "walkers", ids=12, seed=1, cameras=2, frames=2, size=(96, 32))
    (folder / "tiny.yaml").write_text(RECIPE)
    closed = [folder / "walkers", *(folder / "walkers").rglob("*")]
    for path in closed:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in closed:
        path.chmod(0o755)


def test_a_name_that_the_console_cannot_show(place):
    done = run("data", "check", "--name", "market1501", "--root", place / "walkers", "--images")
    assert done.returncode == 0, done.stderr
    done.stdout.decode("ascii")
    done = run("data", "check", "--name", "market1501", "--root", place / "nowhere")
    assert done.returncode == 2
    assert b"\\u6570\\u636e" in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("shell", ["| head -1", "| true", ">&-", ">&- 2>&-", "2>&1 | true", "<&-"])
def test_nobody_reads_what_is_written(place, shell):
    done = run("data", "check", "--name", "market1501", "--root", place / "walkers", line=shell)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output(place):
    done = run("data", "check", "--name", "market1501", "--root", place / "walkers", line="> /dev/full")
    assert_one_line(done, "can't write to standard output")


def test_a_folder_that_may_not_be_written_to(place):
    inside = place / "walkers" / "query" / "more"
    assert_one_line(run("data", "synthesize", "--root", inside, "--ids", 4), "Permission denied")
    assert not inside.exists()


def test_a_narrow_terminal():
    done = run("infer", "--help", env={**BARE, "COLUMNS": "1"})
    assert done.returncode == 0
    assert b"--skip-unreadable" in done.stdout


def test_a_recipe_cannot_hold_every_name(place):
    root = os.fsencode(place) + b"/\xf1"
    done = run("train", "--config", "mgn/walkers", "--root", os.fsdecode(root))
    assert_one_line(done, "whose bytes are no UTF-8")


BROKEN_GRAPH = """
import mindspore as ms
from mindreid.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
@ms.jit
def graph(images):
    return ms.ops.reshape(images, (7, 7))
try:
    graph(ms.Tensor([[1.0, 2.0]]))
except Exception as error:
    print(type(error).__name__)
"""


def test_a_graph_that_does_not_compile_leaves_nothing_in_the_current_folder(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "temporary").mkdir()
    (tmp_path / "graph.py").write_text(BROKEN_GRAPH)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "graph.py")],
        cwd=tmp_path / "here", env={**BARE, "TMPDIR": str(tmp_path / "temporary")},
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.stdout.split()[-1] == b"ValueError", done.stderr
    assert not any((tmp_path / "here").iterdir())
    assert [*(tmp_path / "temporary").rglob("analyze_fail.ir")]


@pytest.mark.slow
def test_from_training_to_a_picture(place, tmp_path):
    """Everything, read-only data and current folder, no temporary folder of one's own."""
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    recipe, root, weights = place / "tiny.yaml", place / "walkers", tmp_path / "run" / "last.ckpt"
    of_run = ("--config", recipe, "--root", root, "--checkpoint", weights)
    export = ("export", "--config", recipe, "--checkpoint", weights, "--verify")
    query, gallery = root / "query", root / "bounding_box_test"
    steps = [
        ("train", "--config", recipe, "--root", root, "--output", tmp_path / "run"),
        ("eval", *of_run, "--json", tmp_path / "result.json"),
        (*export, "--format", "mindir", "--output", tmp_path / "数据.mindir"),
        (*export, "--format", "onnx", "--output", tmp_path / "数据.onnx"),
        ("infer", "--model", tmp_path / "数据.mindir", "--input", query, "--gallery", gallery,
         "--output", tmp_path / "embeddings"),
        ("report", "ranks", *of_run, "--output", tmp_path / "ranks.png"),
    ]  # fmt: skip
    for words in steps:
        done = run(*words, cwd=root, env={**BARE, "TMPDIR": str(root)})
        assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "embeddings" / "ranking.csv").is_file()
    assert (tmp_path / "ranks.png").is_file()
    assert {path.name for path in root.iterdir()} >= {"query"}
    assert not {"rank_0", "kernel_meta"} & {path.name for path in root.iterdir()}
    assert_one_line(run(*steps[0][:-1], root / "run"), "Permission denied")
