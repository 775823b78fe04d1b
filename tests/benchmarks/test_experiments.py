"""Commands that a benchmark runs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def run_benchmark(*arguments):
    """Start a benchmark that does nothing but run a command."""
    imports = "from runs.experiments import mindreid; from report import run_program"
    command = [sys.executable, "-c", f"{imports}; run_program(lambda: mindreid(*{arguments}))"]
    return subprocess.Popen(
        command, cwd=BENCHMARKS, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )


def child_of(process):
    """Wait for the command to be there; return its process."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := children.read_text().split():
            return int(found[0])
        time.sleep(0.05)
    raise AssertionError("no command was run")


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="no list of processes here")
def test_a_benchmark_that_is_asked_to_end_takes_its_command_along(tmp_path):
    process = run_benchmark("data", "synthesize", "--ids", "5000", "--root", str(tmp_path / "walkers"))
    child = child_of(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert not (tmp_path / "walkers").exists()


def test_a_command_that_fails_is_named_without_a_traceback(tmp_path):
    process = run_benchmark("data", "check", "--name", "market1501", "--root", str(tmp_path / "none"))
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "stopped, since this failed: -m mindreid data check" in said
    assert "Traceback" not in said
