"""Train on ModelArts: its paths become ours, everything else goes to ``mindreid train`` as it is.

    python scripts/train_modelarts.py --data_url DATA --train_url RESULTS --config mgn/market1501 [OPTIONS...]

``--data_url`` and ``--train_url`` are folders, or places in OBS (``obs://``), which are copied by ModelArts'
``moxing``: the data before training, the run's folder after it, also of a run that failed or was asked to
stop, which saves first. A rank table in ``RANK_TABLE_FILE`` with several devices starts a worker on each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from mindreid.engine.platform.launcher import remember_requests
from mindreid.engine.platform.logs import write_line
from mindreid.engine.platform.rank_table import read_rank_table
from mindreid.errors import DeviceError, MindReidError

ROOT = Path(__file__).resolve().parent.parent
REMOTE = ("obs://", "s3://")
POLL_SECONDS = 0.2


def main() -> int:
    """Fetch, train, deliver; return training's exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_url", required=True, help="the dataset's folder, or its place in OBS")
    parser.add_argument("--train_url", required=True, help="where the run's folder goes")
    parser.add_argument("--cache", type=Path, default=Path("/cache"), help="local disk for copies of OBS")
    parsed, options = parser.parse_known_args()
    try:
        return train(parsed.data_url, parsed.train_url, parsed.cache, options)
    except MindReidError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code


def train(data_url: str, train_url: str, cache: Path, options: list[str]) -> int:
    """Run ``mindreid train`` between two copies."""
    data, output = local(data_url, cache / "data"), local(train_url, cache / "run")
    if is_remote(data_url):
        copy(data_url, str(data))
    if is_remote(train_url):
        # What an earlier job left there can be resumed.
        copy(train_url, str(output), if_there=True)
    try:
        return run([*launcher(output), *arguments(data, output, options)])
    finally:
        if is_remote(train_url):
            copy(str(output), train_url)


def run(command: list[str]) -> int:
    """Run a command to its end, passing SIGTERM and Ctrl-C on; return its exit code as a shell does."""
    requests, passed_on = remember_requests(), 0
    # A session of its own: what is sent to all of ours shall reach it through us only.
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603
    while process.poll() is None:
        while passed_on < len(requests):
            process.send_signal(requests[passed_on])
            passed_on += 1
        time.sleep(POLL_SECONDS)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def launcher(output: Path) -> list[str]:
    """Return what starts one process, or one on each device of the job's rank table."""
    script = str(ROOT / "train.py")
    table = os.environ.get("RANK_TABLE_FILE", "")
    if table and read_rank_table(Path(table)).worker_num > 1:
        module = ["-m", "mindreid.engine.platform.launcher", "--rank-table", table]
        return [sys.executable, *module, "--logs", str(output / "logs"), script]
    return [sys.executable, script]


def arguments(data: Path, output: Path, options: list[str]) -> list[str]:
    """Return the arguments of ``mindreid train``; a run that is there goes on, with what is changed in it."""
    begun = (output / "state.ckpt").is_file()
    return ["--root", str(data), "--resume" if begun else "--output", str(output), *options]


def is_remote(url: str) -> bool:
    """Tell a place in OBS from a folder."""
    return url.startswith(REMOTE)


def local(url: str, cache: Path) -> Path:
    """Return the folder that stands for a URL."""
    return cache if is_remote(url) else Path(url)


def copy(source: str, target: str, *, if_there: bool = False) -> None:
    """Copy a folder between OBS and the local disk.

    Raises
    ------
    DeviceError
        If ``moxing`` is not installed.
    """
    try:
        import moxing
    except ImportError:
        raise DeviceError(
            "places in OBS are copied by ModelArts' package moxing, which is not installed",
            where=source if is_remote(source) else target,
            fix="run it on ModelArts, or name folders",
        ) from None
    if if_there and not moxing.file.exists(source):
        return
    write_line(f"copying {source} to {target}")
    moxing.file.copy_parallel(source, target)


if __name__ == "__main__":
    sys.exit(main())
