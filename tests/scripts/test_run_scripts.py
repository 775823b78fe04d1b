"""The training, evaluation and export scripts do their work, started from a foreign folder."""

import json
import socket
from pathlib import Path

import pytest

RECIPE = """
base: mgn/walkers
model: {network: {trunk: resnet18, width: 0.125}}
input: {height: 96, width: 32}
sampler: {persons: 2, images: 2}
train: {epochs: 1, log_every: 4}
evaluation: {batch_size: 16}
"""


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """A folder with a space in its name: a small recipe and walkers to train on."""
    from mindreid.data.walkers import synthesize

    folder = tmp_path_factory.mktemp("a place")
    (folder / "tiny.yaml").write_text(RECIPE, encoding="utf-8")
    synthesize("market1501", folder / "walkers", ids=12, seed=1, cameras=2, frames=2, size=(96, 32))
    return folder


@pytest.fixture(scope="session")
def trained(run_script, place):
    """A run that run_standalone_train.sh made."""
    finished = run_script(
        *("run_standalone_train.sh", "CPU", place / "tiny.yaml", place / "walkers", place / "a run"),
        cwd=place,
    )
    assert finished.returncode == 0, finished.stderr
    return place / "a run"


def test_standalone_training_leaves_a_whole_run(trained):
    assert {"last.ckpt", "train.log", "metrics.jsonl", "config.yaml"} <= {p.name for p in trained.iterdir()}
    lines = (trained / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["step"] for line in lines] == list(range(1, len(lines) + 1))


def test_relative_paths_count_from_the_current_folder(run_script, trained, place, monkeypatch):
    monkeypatch.chdir(place)
    finished = run_script(
        "run_eval.sh", "CPU", "tiny.yaml", "walkers", "a run/last.ckpt", "--json", "result.json"
    )
    assert finished.returncode == 0, finished.stderr
    result = json.loads((place / "result.json").read_text(encoding="utf-8"))
    assert result["checkpoint"] == str(trained / "last.ckpt")
    assert 0 < result["results"]["standard"]["mAP"] <= 1


def test_errors_of_the_command_come_through(run_script, place, trained):
    finished = run_script(
        *("run_eval.sh", "CPU", "mgn/walkerz", place / "walkers", trained / "last.ckpt"),
    )
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: there is no recipe 'mgn/walkerz' (did you mean 'mgn/walkers'?)")


def test_export_is_verified(run_script, trained, place):
    target = place / "exported files" / "mgn.mindir"
    finished = run_script(
        "run_export.sh", "CPU", place / "tiny.yaml", trained / "last.ckpt", "mindir", target
    )
    assert finished.returncode == 0, finished.stderr
    assert "largest difference from the live network" in finished.stdout
    assert target.stat().st_size > 0


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_two_workers_train_one_network(run_script, place, tmp_path):
    output = tmp_path / "two workers"
    finished = run_script(
        *("run_distribute_train.sh", "CPU", place / "tiny.yaml", place / "walkers", output),
        *("--worker-num", 2, "--port", _free_port()),
    )
    assert finished.returncode == 0, finished.stderr
    assert len(list(output.rglob("last.ckpt"))) == 1
    for rank in range(2):
        assert "epoch 1 step" in Path(output, "logs", f"worker_{rank}.log").read_text(encoding="utf-8")


def test_a_worker_that_stops_is_reported(run_script, place, tmp_path):
    finished = run_script(
        *("run_distribute_train.sh", "CPU", place / "tiny.yaml", place / "walkers", tmp_path / "out"),
        *("--worker-num", 2, "--port", _free_port(), "--set", "train.epoch=3"),
    )
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith("run_distribute_train.sh: error: a worker stopped: unknown key 'train.epoch'")
