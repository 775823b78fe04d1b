"""Losses, rates and evaluations of a run as summaries that TensorBoard shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from mindreid.engine.training.listeners import Listener
from mindreid.engine.training.progress import Progress, StepReport
from mindreid.errors import MissingExtraError


class TensorBoardLog(Listener):
    """Writes event files: "loss/<term>" and "rate/<phase>" by step, "<protocol>/<figure>" after evaluations.

    Parameters
    ----------
    folder : Path
        Of the event files. A resumed run adds one; what it repeats, TensorBoard shows once.
    term_names : sequence of str
        Names of the terms, in the order of ``StepReport.terms``.
    every : int
        Steps between two readings of the terms from the device.
    progress : Progress
        Of the run; it has the evaluations.

    Raises
    ------
    MissingExtraError
        If the extra `summary` is not installed.
    """

    def __init__(self, folder: Path, term_names: Sequence[str], *, every: int, progress: Progress) -> None:
        try:
            from tensorboardX.event_file_writer import EventsWriter
        except ImportError:
            raise MissingExtraError("tensorboardX", "summary", "writing summaries for TensorBoard") from None
        self.term_names, self.every, self.progress = tuple(term_names), every, progress
        folder.mkdir(parents=True, exist_ok=True)
        # The library's own queue gives no word when it is on disk; and its names differ by the second.
        self._file = EventsWriter(str(folder / "events"), f".{progress.step}")
        self._forget_later_steps()
        self._pending: list[StepReport] = []
        self._evaluation: object = progress.metrics

    def on_step(self, report: StepReport) -> None:
        """Keep the report; write what was kept every ``every`` steps."""
        self._pending.append(report)
        if report.step % self.every == 0:
            self._write()

    def on_epoch_end(self, epoch: int) -> None:
        """Write what is left, and the evaluation if there was one."""
        if self.progress.metrics is not self._evaluation:
            self._evaluation = self.progress.metrics
            for protocol, row in self.progress.metrics.items():
                for name, value in row.items():
                    if isinstance(value, float):
                        self._add(f"{protocol}/{name}", value, self.progress.step)
        self._write()

    def on_checkpoint(self) -> None:
        """Write what is left."""
        self._write()

    def _write(self) -> None:
        for report in self._pending:
            terms = zip(self.term_names, report.terms.asnumpy().astype(float).tolist())
            for name, value in terms:
                self._add(f"loss/{name}", value, report.step)
            for phase, rate in report.rates.items():
                self._add(f"rate/{phase}", rate, report.step)
        self._pending = []
        self._file.flush()

    def _add(self, name: str, value: float, step: int) -> None:
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.summary import scalar

        self._file.write_event(Event(wall_time=time.time(), step=step, summary=scalar(name, value)))

    def _forget_later_steps(self) -> None:
        from tensorboardX.proto.event_pb2 import Event, SessionLog

        start = SessionLog(status=SessionLog.START)
        self._file.write_event(Event(wall_time=time.time(), step=self.progress.step + 1, session_log=start))
