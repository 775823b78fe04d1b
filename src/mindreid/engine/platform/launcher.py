"""Start workers with MindSpore's msrun, pass a request to stop on to them, tell which one failed.

``python -m mindreid.engine.platform.launcher --worker-num 8 --logs DIR SCRIPT [ARGUMENT ...]``
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from mindreid.engine.platform.logs import write_line
from mindreid.engine.platform.rank_table import read_rank_table
from mindreid.errors import DeviceError

_FAILED = re.compile(r"Worker process (\d+) exit with exception\. Error code: (-?\d+)")
_POLL_SECONDS = 0.5
#: A line of msrun's own on the console, not of the first worker.
_OWN_LINE = re.compile(r"Start (scheduler|worker) process|\[[A-Z]+\] ")


@dataclass
class _Job:
    """What runs: msrun, its messages, its workers by rank, and the scheduler that they meet at.

    ``requests`` are the signals that asked to stop, ``told`` is how many of them each worker was sent.
    """

    msrun: subprocess.Popen
    logs: Path
    messages: Path
    requests: list[int]
    ranks: dict[int, int] = field(default_factory=dict)
    told: dict[int, int] = field(default_factory=dict)
    scheduler: Optional[int] = None

    def look(self) -> None:
        """Note the processes that msrun has started; it keeps their numbers to itself."""
        for pid in _children(self.msrun.pid):
            environment = _environment(pid)
            if environment.get("MS_ROLE") == "MS_SCHED":
                self.scheduler = pid
            elif environment.get("MS_ROLE") == "MS_WORKER" and _command(pid) != "tail":
                self.ranks[pid] = int(environment.get("RANK_ID", len(self.ranks)))

    def failure(self) -> Optional[tuple[int, int]]:
        """Return process and exit code of the worker that failed first."""
        found = _FAILED.search(self.messages.read_text(encoding="utf-8", errors="replace"))
        return (int(found.group(1)), int(found.group(2))) if found else None

    def pass_requests_on(self) -> None:
        """Ask every worker, also one that has just begun, as often as we were; end msrun if it has none."""
        if self.requests and not self.ranks:
            self._end_msrun()
        for pid in self.ranks:
            while self.told.setdefault(pid, 0) < len(self.requests):
                # msrun itself would die of it and leave the workers behind.
                _kill(pid, signal.SIGTERM)
                self.told[pid] += 1

    def _end_msrun(self) -> None:
        _kill(self.msrun.pid, signal.SIGSTOP)  # it starts nothing more meanwhile
        for pid in (*_children(self.msrun.pid), self.msrun.pid):
            _kill(pid, signal.SIGKILL)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run a job to its end; return 0, or the exit code of the worker that failed first."""
    parsed = _parser().parse_args(arguments)
    try:
        devices = _take_rank_table(parsed)
    except DeviceError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    parsed.logs.mkdir(parents=True, exist_ok=True)
    job = _start(parsed, devices, remember_requests())
    _wait(job)
    if job.requests and not job.ranks:
        number = signal.Signals(job.requests[0])
        sys.stderr.write(f"error: stopped by {number.name} before a worker had begun\n")
        return 128 + number
    failure = job.failure()
    if failure is None:
        return job.msrun.returncode
    sys.stderr.write(f"error: {_explain(job, *failure)}\n")
    return failure[1] if failure[1] > 0 else 128 - failure[1]


def remember_requests() -> list[int]:
    """Take SIGTERM and Ctrl-C from now on as requests to stop, and return the list that they are added to."""
    requests: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda asked, _frame: requests.append(asked))
    return requests


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="launcher", description="Start workers with msrun.")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--worker-num", type=int, help="workers on all machines together")
    group.add_argument(
        "--rank-table", type=Path, help="HCCL's table of all machines and devices, in place of the rest"
    )
    parser.add_argument("--local-worker-num", type=int, help="workers on this machine (default: all)")
    parser.add_argument("--master-addr", default="127.0.0.1", help="the first machine")
    parser.add_argument("--port", type=int, default=8118, help="a free port of the first machine")
    parser.add_argument(
        "--node-rank", type=int, help="this machine: 0, 1, ... (default: 0, or by the rank table's addresses)"
    )
    parser.add_argument("--logs", type=Path, required=True, help="folder of each worker's log")
    parser.add_argument("script", help="what each worker runs")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _take_rank_table(parsed: argparse.Namespace) -> dict[str, str]:
    """Fill in what a rank table says; return the environment in which workers see their devices."""
    if parsed.rank_table is None:
        return {}
    table = read_rank_table(parsed.rank_table)
    rank = table.node_rank() if parsed.node_rank is None else parsed.node_rank
    if not 0 <= rank < len(table.servers):
        raise DeviceError(f"the rank table has {len(table.servers)} machines, none is {rank}")
    parsed.node_rank, parsed.worker_num = rank, table.worker_num
    parsed.local_worker_num = len(table.servers[rank].devices)
    parsed.master_addr = table.servers[0].address
    return {"ASCEND_RT_VISIBLE_DEVICES": ",".join(map(str, table.servers[rank].devices))}


def _start(parsed: argparse.Namespace, devices: dict[str, str], requests: list[int]) -> _Job:
    command = [
        "msrun",
        f"--worker_num={parsed.worker_num}",
        f"--local_worker_num={parsed.local_worker_num or parsed.worker_num}",
        f"--master_addr={parsed.master_addr}",
        f"--master_port={parsed.port}",
        f"--node_rank={parsed.node_rank or 0}",
        *([f"--rank_table_file={parsed.rank_table}"] if parsed.rank_table else []),
        f"--log_dir={parsed.logs}",
        "--join=True",
        "--tail_worker_log=0",
        parsed.script,
        *parsed.arguments,
    ]
    environment = {**os.environ, **devices, "PYTHONUNBUFFERED": "1"}
    environment.setdefault("GLOG_v", "3")
    # Machines share the folder.
    path = parsed.logs / (f"msrun_{parsed.node_rank}.log" if parsed.node_rank else "msrun.log")
    with path.open("wb") as messages:
        # A session of its own: Ctrl-C shall reach the workers through us only.
        msrun = subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.PIPE, stderr=messages, env=environment, start_new_session=True
        )
    return _Job(msrun, parsed.logs, path, requests)


def _wait(job: _Job) -> None:
    stream: Any = job.msrun.stdout
    os.set_blocking(stream.fileno(), False)
    rest = b""
    while job.msrun.poll() is None:
        job.look()
        job.pass_requests_on()
        rest = _show(rest + (stream.read() or b""))
        if job.failure() and job.scheduler is not None:
            # It would wait half a minute for the workers that msrun has just ended.
            _kill(job.scheduler, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
    _show(rest + (stream.read() or b"") + b"\n")


def _show(output: bytes) -> bytes:
    """Print the whole lines of the first worker; return what is left."""
    *lines, rest = output.split(b"\n")
    for line in lines:
        text = line.decode(errors="replace")
        if text and not _OWN_LINE.match(text):
            write_line(text)
    return rest


def _explain(job: _Job, pid: int, code: int) -> str:
    rank = job.ranks.get(pid)
    log = job.logs / ("worker_*.log" if rank is None else f"worker_{rank}.log")
    who = "a worker" if rank is None else f"worker {rank}"
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"stopped with exit code {code}"
    return f"{who} {how}{_reason(job.logs, rank)}; its log: {log}"


def _reason(logs: Path, rank: Optional[int]) -> str:
    """Return the error that the worker, or else any worker, ended with."""
    for path in sorted(logs.glob("worker_*.log" if rank is None else f"worker_{rank}.log")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in lines if line.startswith("error: ")]
        if errors:
            return f": {errors[-1][len('error: ') :]}"
    return ""


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _environment(pid: int) -> dict[str, str]:
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _kill(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


if __name__ == "__main__":
    sys.exit(main())
