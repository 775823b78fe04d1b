"""What watches a run: loss log with NaN guard and ETA, evaluation, checkpoints."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.atomic import write_text
from mindreid.engine.evaluation.protocol_results import Results, results_to_json
from mindreid.engine.training.progress import Progress, StepReport
from mindreid.errors import TrainingError

logger = logging.getLogger(__name__)


class Listener:
    """Something that watches a run: the log, the evaluation, the keeper of checkpoints.

    Attributes
    ----------
    only_looks : bool
        Whether an error in it says nothing against what was trained, which is saved then.
    fails_together : bool
        Whether every worker has it, and an error of one at an epoch's end becomes one of all.
    """

    only_looks = False
    fails_together = False

    def on_epoch_begin(self, epoch: int) -> None:
        """Act before the first step of ``epoch`` (from 0), not where a resumed run goes on within it."""

    def on_step(self, report: StepReport) -> None:
        """Take note of a finished step; must not wait for the device each time."""

    def on_epoch_end(self, epoch: int) -> None:
        """Act after ``epoch`` (from 0), in the order of the listeners."""

    def on_checkpoint(self) -> None:
        """Act where the run is saved within an epoch, in the order of the listeners."""


class LossLog(Listener):
    """Writes every loss term of every step, says now and then how it goes, and stops on NaN.

    Terms stay on the device until they are logged, so that steps do not wait for the host. A
    loss that is not finite is therefore found at the next logged step or at the end of the
    epoch, before anything is saved; the message names the step at which it first appeared.

    Parameters
    ----------
    path : Path, optional
        JSON lines, one per step; only one of several workers writes them.
    term_names : sequence of str
        Names of the terms, in the order of ``StepReport.terms``.
    every : int
        Steps between two lines of the console log.
    total_steps : int
        Length of the whole run, for the ETA.
    progress : Progress
        Lines of steps after ``progress.step`` are cut from ``path``: a resumed run repeats them.
    keep_hint : str
        Where the last good checkpoint is, for the message.
    """

    def __init__(
        self,
        path: Optional[Path],
        term_names: Sequence[str],
        *,
        every: int,
        total_steps: int,
        progress: Progress,
        keep_hint: str,
    ) -> None:
        self.path, self.term_names, self.every = path, tuple(term_names), every
        self.total_steps, self.keep_hint = total_steps, keep_hint
        self._pending: list[StepReport] = []
        self._unsaid: list[dict[str, Any]] = []
        self._images = 0
        self._seconds = 0.0
        self._begin = self._mark = time.monotonic()
        self._first_step = progress.step
        if path is not None:
            cut_lines_after(path, progress.step)

    def on_epoch_begin(self, epoch: int) -> None:
        """Leave out of the speed what happened between epochs, such as an evaluation."""
        self._mark = time.monotonic()

    def on_step(self, report: StepReport) -> None:
        """Keep the report; read it from the device every ``every`` steps."""
        self._pending.append(report)
        if report.step % self.every == 0 or report.step == self.total_steps:
            self._read()
            self._say()

    def on_epoch_end(self, epoch: int) -> None:
        """Read what is left of the epoch, before anything of it is saved."""
        self.on_checkpoint()

    def on_checkpoint(self) -> None:
        """Read what is left, before anything is saved."""
        if self._pending:
            self._read()

    def _read(self) -> None:
        rows = [self._row(report) for report in self._pending]
        self._images += sum(report.batch_size for report in self._pending)
        self._pending = []
        bad = next(
            (n for n, row in enumerate(rows) if not np.isfinite(list(row["terms"].values())).all()), None
        )
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.writelines(json.dumps(row) + "\n" for row in rows[:bad])
        if bad is not None:
            self._stop(rows[bad])
        self._unsaid += rows
        now = time.monotonic()
        self._seconds += now - self._mark
        self._mark = now

    def _row(self, report: StepReport) -> dict[str, Any]:
        terms = report.terms.asnumpy().astype(float)
        return {
            "epoch": report.epoch,
            "step": report.step,
            "loss": float(np.where(report.weights > 0, terms * report.weights, 0).sum()),
            "terms": dict(zip(self.term_names, terms.tolist())),
            "rates": dict(report.rates),
        }

    def _stop(self, row: dict[str, Any]) -> None:
        terms = ", ".join(f"{name} = {value:.4g}" for name, value in row["terms"].items())
        raise TrainingError(
            f"the loss is not finite at step {row['step']} (epoch {row['epoch'] + 1}): {terms}",
            where=self.keep_hint,
            fix="lower the learning rate, or resume from the last good checkpoint",
        )

    def _say(self) -> None:
        last = self._unsaid[-1]
        mean = {name: np.mean([row["terms"][name] for row in self._unsaid]) for name in self.term_names}
        done = last["step"] - self._first_step
        remaining = (time.monotonic() - self._begin) / done * (self.total_steps - last["step"])
        logger.info(
            "epoch %d step %d/%d  %s  lr %s  %.1f img/s  ETA %s",
            last["epoch"] + 1,
            last["step"],
            self.total_steps,
            "  ".join(f"{name} {value:.4f}" for name, value in mean.items()),
            " ".join(f"{rate:.3g}" for rate in last["rates"].values()),
            self._images / max(self._seconds, 1e-9),
            format_seconds(remaining),
        )
        self._unsaid, self._images, self._seconds = [], 0, 0.0


class PeriodicEvaluation(Listener):
    """Evaluates every few epochs and after the last one; tells whether it was the best so far.

    Parameters
    ----------
    evaluate : callable
        ``evaluate() -> {protocol: result}``; the first protocol decides.
    every : int, optional
        Epochs between evaluations; 0: only after the last epoch; ``None``: never.
    epochs : int
        Length of the run.
    best_metric : str
        Metric of the first protocol that selects the best checkpoint.
    progress : Progress
        Receives the results as files hold them.
    on_best : callable
        Called after an evaluation that beat all before it.
    path : Path, optional
        JSON lines, one per evaluation; only one of several workers writes them.
    """

    only_looks = True
    fails_together = True

    def __init__(
        self,
        evaluate: Callable[[], Results],
        *,
        every: Optional[int],
        epochs: int,
        best_metric: str,
        progress: Progress,
        on_best: Callable[[], None],
        path: Optional[Path] = None,
    ) -> None:
        self.evaluate, self.every, self.epochs = evaluate, every, epochs
        self.best_metric, self.progress, self.on_best = best_metric, progress, on_best
        self.path = path
        if path is not None:
            # Within an epoch whose steps are all done, its evaluation is still to come.
            cut_lines_after(path, progress.step - bool(progress.batch))

    def on_epoch_end(self, epoch: int) -> None:
        """Evaluate if it is time."""
        if not self._is_due(epoch + 1):
            return
        results = self.evaluate()
        self.progress.metrics = results_to_json(results)
        if self.path is not None:
            append_line(
                self.path, {"epoch": epoch, "step": self.progress.step, "results": self.progress.metrics}
            )
        self._choose_best(results)

    def _choose_best(self, results: Results) -> None:
        protocol, first = next(iter(results.items()))
        metric, value = self.best_metric, first.named(self.best_metric)
        if value is None:
            # Some gait protocols report rank-1 alone.
            metric, value = "rank1", first.rank1
        if math.isnan(value):
            logger.warning(
                "the data have nothing for %s of %r, by which the best checkpoint is chosen: there is none",
                metric,
                protocol,
            )
            return
        figure = {"metric": metric, "protocol": protocol, "rerank": first.rerank}
        if self.progress.best_of not in ({}, figure):
            logger.warning(
                "the best checkpoint was chosen by %s, and from now on is by %s: earlier ones do not count",
                *(_figure_name(**each) for each in (self.progress.best_of, figure)),
            )
            self.progress.best = -1.0
        self.progress.best_of = figure
        if value > self.progress.best:
            self.progress.best = value
            self.on_best()

    def _is_due(self, done: int) -> bool:
        if self.every is None:
            return False
        return done == self.epochs or (self.every > 0 and done % self.every == 0)


class CheckpointKeeper(Listener):
    """Saves the last weights and the resumable state every few epochs, after the last one, and when told."""

    def __init__(self, save: Callable[[], None], *, every: int, epochs: int) -> None:
        self.save, self.every, self.epochs = save, every, epochs

    def on_epoch_end(self, epoch: int) -> None:
        """Save if it is time."""
        if (epoch + 1) % self.every == 0 or epoch + 1 == self.epochs:
            self.on_checkpoint()

    def on_checkpoint(self) -> None:
        """Save."""
        self.save()


def _figure_name(metric: str, protocol: str, rerank: bool) -> str:
    return f"{metric} of {protocol!r}{' re-ranked' if rerank else ''}"


def format_seconds(seconds: float) -> str:
    """Write a duration as ``1:02:03`` or ``2:03``."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def append_line(path: Path, row: Mapping[str, Any]) -> None:
    """Add a line to a file of JSON lines."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")


def cut_lines_after(path: Path, step: int) -> None:
    """Cut the lines of steps after ``step`` from a file of JSON lines, which a resumed run repeats."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    write_text(path, "".join(line for line in whole if json.loads(line)["step"] <= step))
