"""Losses, rates and evaluations of a run as summaries that TensorBoard shows."""

from __future__ import annotations

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
            from tensorboardX import SummaryWriter
        except ImportError:
            raise MissingExtraError("tensorboardX", "summary", "writing summaries for TensorBoard") from None
        self.term_names, self.every, self.progress = tuple(term_names), every, progress
        self._writer = SummaryWriter(str(folder), purge_step=progress.step + 1)
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
                        self._writer.add_scalar(f"{protocol}/{name}", value, self.progress.step)
        self._write()

    def on_checkpoint(self) -> None:
        """Write what is left."""
        self._write()

    def _write(self) -> None:
        for report in self._pending:
            terms = zip(self.term_names, report.terms.asnumpy().astype(float).tolist())
            for name, value in terms:
                self._writer.add_scalar(f"loss/{name}", value, report.step)
            for phase, rate in report.rates.items():
                self._writer.add_scalar(f"rate/{phase}", rate, report.step)
        self._pending = []
        self._writer.flush()
