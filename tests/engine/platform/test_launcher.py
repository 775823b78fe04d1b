"""Requests to stop reach every worker, whenever msrun starts it; a stand-in for msrun starts what we say."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

#: Starts a worker for each number of seconds in DELAYS, after them, and ends when all have.
MSRUN = """
import os, subprocess, sys, time
folder = os.environ["FOLDER"]
open(os.path.join(folder, "msrun"), "w").write(str(os.getpid()))
begin, workers = time.monotonic(), []
for rank, delay in enumerate(os.environ["DELAYS"].split()):
    time.sleep(max(0.0, float(delay) - (time.monotonic() - begin)))
    environment = {**os.environ, "MS_ROLE": "MS_WORKER", "RANK_ID": str(rank)}
    command = [sys.executable, "-c", os.environ["WORKER"], os.path.join(folder, f"worker_{rank}")]
    workers.append(subprocess.Popen(command, env=environment, start_new_session=True))
sys.exit(max(worker.wait() for worker in workers))
"""
WORKER = """
import os, signal, sys, time
def stop(*_):
    open(sys.argv[1] + "_asked", "w").close()
    sys.exit(143)
signal.signal(signal.SIGTERM, stop)
open(sys.argv[1], "w").close()
time.sleep(20)
"""


@pytest.fixture
def launch(tmp_path):
    """Start a launcher whose msrun starts workers after some seconds."""
    (tmp_path / "bin").mkdir()
    msrun = tmp_path / "bin" / "msrun"
    # No first line of a script names a Python whose folder has a space in its name.
    command = shlex.join([sys.executable, "-c", MSRUN])
    msrun.write_text(f"#!/bin/sh\nexec {command}\n", encoding="utf-8")
    msrun.chmod(0o755)
    path = f"{msrun.parent}{os.pathsep}{os.environ['PATH']}"
    jobs = []

    def launch(*delays):
        command = [sys.executable, "-m", "mindreid.engine.platform.launcher", "--worker-num", "2"]
        own = {"PATH": path, "FOLDER": str(tmp_path), "DELAYS": " ".join(map(str, delays)), "WORKER": WORKER}
        jobs.append(
            subprocess.Popen(
                [*command, "--logs", tmp_path / "logs", "train.py"],
                env={**os.environ, **own},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return jobs[0]

    yield launch
    for job in jobs:
        job.kill()
        job.communicate()


def wait_for(path):
    begin = time.monotonic()
    while not path.exists():
        assert time.monotonic() - begin < 30, f"waited too long for {path}"
        time.sleep(0.02)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_job_that_is_stopped_before_it_has_workers_ends_and_starts_none(launch, tmp_path, number, code):
    job = launch(5)
    wait_for(tmp_path / "msrun")
    job.send_signal(number)
    _, said = job.communicate(timeout=30)
    assert job.returncode == code
    assert said == f"error: stopped by {number.name} before a worker had begun\n"
    assert not is_running(int((tmp_path / "msrun").read_text()))
    assert not (tmp_path / "worker_0").exists()


def test_a_worker_that_starts_after_the_request_is_asked_too(launch, tmp_path):
    job = launch(0, 3)
    wait_for(tmp_path / "worker_0")
    time.sleep(1)  # for the launcher to see it
    job.send_signal(signal.SIGTERM)
    job.communicate(timeout=30)
    assert job.returncode == 143
    assert (tmp_path / "worker_0_asked").exists()
    assert (tmp_path / "worker_1_asked").exists() or not (tmp_path / "worker_1").exists()
