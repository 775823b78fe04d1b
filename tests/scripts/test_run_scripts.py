"""The training, evaluation and export scripts do their work, started from a foreign folder."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

RECIPE = """
base: trinet/walkers
model: {network: {trunk: resnet18, width: 0.125}}
input: {height: 64, width: 32}
sampler: {persons: 2, images: 2}
train: {epochs: 1, log_every: 4}
evaluation: {batch_size: 16}
"""
#: Six persons to train on with four images each, two of two in a batch.
STEPS_PER_EPOCH = 6


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """A folder with a space in its name: a small recipe and walkers to train on."""
    from mindreid.walkers import synthesize

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


@pytest.mark.slow
def test_export_is_verified(run_script, trained, place):
    target = place / "exported files" / "mgn.mindir"
    finished = run_script(
        "run_export.sh", "CPU", place / "tiny.yaml", trained / "last.ckpt", "mindir", target
    )
    assert finished.returncode == 0, finished.stderr
    assert "largest difference from the live network" in finished.stdout
    assert target.stat().st_size > 0


@pytest.mark.slow
def test_inference_with_the_exported_file(run_script, trained, place):
    model, images = place / "exported files" / "mgn.mindir", place / "walkers" / "query"
    if not model.exists():
        run_script("run_export.sh", "CPU", place / "tiny.yaml", trained / "last.ckpt", "mindir", model)
    output = place / "inferred embeddings"
    finished = run_script("run_infer.sh", model, images, output, "--gallery", images, "--top", 1)
    assert finished.returncode == 0, finished.stderr
    assert f"{model} runs on MindSpore" in finished.stdout
    lines = (output / "ranking.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert lines
    # Every image's nearest one is itself.
    assert all(line.split(",")[0] == line.split(",")[2] for line in lines)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.slow
def test_a_worker_that_stops_is_reported(run_script, place, tmp_path):
    finished = run_script(
        *("run_distribute_train.sh", "CPU", place / "tiny.yaml", place / "walkers", tmp_path / "out"),
        *("--worker-num", 2, "--port", _free_port(), "--set", "train.epoch=3"),
    )
    assert finished.returncode == 2
    (line,) = finished.stderr.splitlines()
    expected = (
        r"error: worker (\d) stopped with exit code 2: unknown key 'train\.epoch'.*/logs/worker_\1\.log"
    )
    assert re.fullmatch(expected, line)


@contextmanager
def running(place, output):
    """Start two workers, with much to do, and yield their launcher when they have saved something."""
    command = [
        *("bash", SCRIPTS / "run_distribute_train.sh", "CPU", place / "tiny.yaml", place / "walkers", output),
        *("--worker-num", 2, "--port", _free_port(), "--set", "train.epochs=1000"),
        *("--set", "train.evaluate_every=0", "--set", "train.log_every=1"),
    ]
    run = subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        _wait_for(lambda: (output / "state.ckpt").exists())
        yield run
    finally:
        for rank in range(2):
            for pid in _worker_processes(output, rank):
                os.kill(pid, signal.SIGKILL)
        run.kill()
        run.communicate()


def _wait_for(condition, seconds=150):
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds, "waited for too long"
        time.sleep(0.2)


def _worker_processes(output, rank):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        wanted = {b"MS_ROLE=MS_WORKER", b"RANK_ID=%d" % rank}
        if str(output).encode() in command and wanted <= set(environment):
            found.append(int(folder.name))
    return found


def _steps(output):
    lines = (output / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["step"] for line in lines]


def resume(run_script, place, output):
    """Go on with two workers for an epoch or two more than there are."""
    epochs = _steps(output)[-1] // STEPS_PER_EPOCH + 2
    return run_script(
        *("run_distribute_train.sh", "CPU", place / "tiny.yaml", place / "walkers", output),
        *("--worker-num", 2, "--port", _free_port(), "--resume", output),
        *("--set", f"train.epochs={epochs}"),
    )


@pytest.fixture(scope="module")
def killed(place, tmp_path_factory):
    """A run of two workers of which one was killed: its folder, exit code and messages."""
    output = tmp_path_factory.mktemp("two workers") / "a run"
    with running(place, output) as run:
        (worker,) = _worker_processes(output, rank=1)
        os.kill(worker, signal.SIGKILL)
        _, errors = run.communicate(timeout=60)
        _wait_for(lambda: not _worker_processes(output, rank=0), seconds=5)
    return output, run.returncode, errors


@pytest.mark.slow
def test_a_killed_worker_ends_the_job_within_a_minute_and_is_named(killed):
    output, code, errors = killed
    assert code == 137
    log = output / "logs" / "worker_1.log"
    assert errors.splitlines() == [f"error: worker 1 was killed by SIGKILL; its log: {log}"]


@pytest.mark.slow
def test_a_job_whose_worker_was_killed_goes_on_to_its_end(killed, run_script, place):
    output = killed[0]
    finished = resume(run_script, place, output)
    assert finished.returncode == 0, finished.stderr
    steps = _steps(output)
    assert steps == list(range(1, len(steps) + 1))
    assert steps[-1] % STEPS_PER_EPOCH == 0
    assert len(list(output.rglob("last.ckpt"))) == 1
    assert "resumed after epoch" in finished.stdout
    for rank in range(2):
        assert f"/{steps[-1]} " in (output / "logs" / f"worker_{rank}.log").read_text(encoding="utf-8")


@pytest.mark.slow
def test_sigterm_lets_both_workers_save_and_the_run_goes_on(run_script, place, tmp_path):
    output = tmp_path / "a run"
    with running(place, output) as run:
        run.send_signal(signal.SIGTERM)
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 143
    (step,) = re.findall(r"stopped by SIGTERM; everything up to step (\d+) is saved", errors)
    before = _steps(output)
    assert before == list(range(1, int(step) + 1))
    finished = resume(run_script, place, output)
    assert finished.returncode == 0, finished.stderr
    assert _steps(output)[: len(before)] == before
    assert len(_steps(output)) > len(before)
