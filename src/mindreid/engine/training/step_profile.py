"""A profile of a few steps: MindSpore's own output, and a page that says where a step's time goes."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mindspore as ms
from mindspore.profiler import ProfilerActivity

from mindreid.atomic import write_text
from mindreid.engine.training.listeners import Listener
from mindreid.engine.training.progress import StepReport
from mindreid.text_table import format_table

logger = logging.getLogger(__name__)

#: Steps that compile and warm up, and steps that are profiled after them.
SKIPPED, PROFILED = 3, 5
_MICROSECONDS = 1e6
#: In MindSpore's trace, the rows of kernels and those of messages between workers.
_KERNEL_ROWS = re.compile(r"CPU OP|Ascend Hardware|GPU OP|Communication|HCCL", re.IGNORECASE)
_MESSAGE = re.compile(r"hcom|All(Reduce|Gather|ToAll)|ReduceScatter|Broadcast|Barrier", re.IGNORECASE)

Batch = Mapping[str, Any]
#: Begin and end, in microseconds.
Span = tuple[float, float]


@dataclass
class StepProfile(Listener):
    """Profiles the ``PROFILED`` steps behind the first ``SKIPPED``, and writes where their time went.

    They are fewer where their epoch ends before.

    Attributes
    ----------
    folder : Path
        Receives MindSpore's files and ``summary.md``.
    target : str
        The device.
    """

    only_looks = True

    folder: Path
    target: str
    _profiler: Any = None
    _steps: int = 0
    _begin: float = 0.0
    _waited: float = 0.0

    def watch(self, batches: Generator[Batch, None, None]) -> Generator[Batch, None, None]:
        """Pass batches on, and count how long the step waits for them; begin with that of the first step."""
        with closing(batches):
            while True:
                begin = time.perf_counter()
                batch = next(batches, None)
                waited = time.perf_counter() - begin
                if batch is None:
                    return
                if self._steps == SKIPPED:
                    self._start(waited)
                self._waited += waited
                yield batch

    def on_step(self, report: StepReport) -> None:
        """Count the step, and end after those that are profiled."""
        self._steps += 1
        if self._profiler is not None:
            self._profiler.step()
            if self._steps == SKIPPED + PROFILED:
                self._finish()

    def on_epoch_end(self, epoch: int) -> None:
        """End with the epoch, should it be shorter: what follows is no step."""
        if self._profiler is not None:
            self._finish()
        elif self._steps <= SKIPPED:
            logger.info("nothing is profiled yet: of %d steps to warm up, %d are done", SKIPPED, self._steps)

    def _start(self, waited: float) -> None:
        activities = [ProfilerActivity.CPU]
        if self.target in ("Ascend", "GPU"):
            activities.append(ProfilerActivity.NPU if self.target == "Ascend" else ProfilerActivity.GPU)
        self._profiler = ms.profiler.profile(
            activities=activities, on_trace_ready=ms.profiler.tensorboard_trace_handler(str(self.folder))
        )
        ms.runtime.synchronize()
        self._profiler.start()
        self._begin, self._waited = time.perf_counter() - waited, 0.0

    def _finish(self) -> None:
        ms.runtime.synchronize()
        seconds, steps = time.perf_counter() - self._begin, self._steps - SKIPPED
        profiler, self._profiler = self._profiler, None
        profiler.stop()
        kernels, messages = read_trace(self.folder)
        page = summary_page(self.target, steps, seconds, self._waited, covered(kernels), covered(messages))
        write_text(self.folder / "summary.md", page)


def summary_page(
    target: str, steps: int, seconds: float, data: float, device: float, communication: float
) -> str:
    """Write where the time of some steps went.

    Parameters
    ----------
    target : str
        The device.
    steps : int
        How many.
    seconds, data, device, communication : float
        Of all of them: by the clock, waiting for batches, in kernels, in messages between workers.
        What is none of the last three is the host's: Python, launches, copies. Where the device works
        while the host waits for data, the shares add up to more than 100 per cent.
    """
    host = max(seconds - data - device - communication, 0.0)
    parts = {"data": data, "host": host, "device": device, "communication": communication}
    rows = [
        (name, f"{1e3 * part / steps:.1f}", f"{100 * part / seconds:.1f}") for name, part in parts.items()
    ]
    table = format_table([("part", "ms a step", "per cent"), *rows], "<>>")
    return (
        f"# Where a step's time goes\n\n{steps} steps on {target}, {1e3 * seconds / steps:.1f} ms each.\n\n"
        f"```text\n{table}\n```\n\n"
        "data: the step waits for a batch. host: Python, launches and copies. device: kernels.\n"
        "communication: messages between workers. MindSpore's own files are beside this page;\n"
        "`trace_view.json` opens in chrome://tracing or Perfetto.\n"
    )


def read_trace(folder: Path) -> tuple[list[Span], list[Span]]:
    """Read the spans of kernels and of messages from the newest trace in a folder."""
    traces = sorted(folder.rglob("trace_view.json"), key=lambda path: path.stat().st_mtime)
    if not traces:
        return [], []
    events = json.loads(traces[-1].read_text(encoding="utf-8"))
    rows = {event["pid"] for event in events if _is_kernel_row(event)}
    kernels: list[Span] = []
    messages: list[Span] = []
    for event in events:
        if event.get("ph") == "X" and event["pid"] in rows:
            begin, length = float(event["ts"]), float(event["dur"])
            kind = messages if _MESSAGE.search(event["name"]) else kernels
            kind.append((begin, begin + length))
    return kernels, messages


def covered(spans: Iterable[Span]) -> float:
    """Seconds that at least one of some spans covers.

    Examples
    --------
    >>> covered([(0.0, 2e6), (1e6, 3e6), (5e6, 6e6)])
    4.0
    """
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(end - max(begin, reached), 0.0)
        reached = max(reached, end)
    return total / _MICROSECONDS


def _is_kernel_row(event: Mapping[str, Any]) -> bool:
    named = event.get("ph") == "M" and event.get("name") == "process_name"
    return bool(named and _KERNEL_ROWS.search(event["args"]["name"]))
