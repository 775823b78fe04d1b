"""The training loop: epochs, steps, schedules; it knows methods only through their objective."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Any, Optional

import numpy as np
from mindspore import Tensor

from mindreid.engine.training.listeners import Listener
from mindreid.engine.training.optimizers import set_learning_rate
from mindreid.engine.training.progress import Progress, StepReport
from mindreid.engine.training.schedules import Schedule
from mindreid.engine.training.step import TrainStep
from mindreid.engine.training.stopping import StopRequest, StopRequestedError
from mindreid.objective import Objective


class Trainer:
    """Drives one objective through its epochs.

    Parameters
    ----------
    objective : Objective
        What is trained.
    optimizers : mapping
        By phase name; also the names under which rates are reported.
    base_rates : mapping of str to float
        Learning rate of each phase where its schedule says 1.
    schedules : mapping of str to callable
        Factor of the base rate by epoch, for each phase; by step if ``steps`` is given.
    step : TrainStep
        The compiled step.
    batches : callable
        ``batches(epoch, skip=n)`` is a generator that iterates over dictionaries of arrays, the
        first ``n`` left out: "images" float32 ``[B, 3, H, W]`` and int32 ``[B]`` labels.
    epochs : int
        Where to stop.
    steps : int, optional
        Where to stop within the last epoch, for runs that count steps.
    seed : int
        Of the draws that objectives ask for.
    progress : Progress
        Where to start; updated in place.
    listeners : sequence of Listener
        Called in order.
    mine_labels : callable
        ``mine_labels(epoch)``, called before an epoch's first step.
    checkpoint_steps : int
        Steps between two calls of ``on_checkpoint``; 0: only when asked to stop.
    stop : StopRequest
        Asked after every step.
    """

    def __init__(
        self,
        objective: Objective,
        optimizers: Mapping[str, Any],
        base_rates: Mapping[str, float],
        schedules: Mapping[str, Schedule],
        step: TrainStep,
        batches: Callable[..., Generator[Mapping[str, np.ndarray], None, None]],
        *,
        epochs: int,
        seed: int,
        progress: Progress,
        listeners: Sequence[Listener] = (),
        mine_labels: Callable[[int], None] = lambda _epoch: None,
        checkpoint_steps: int = 0,
        stop: Optional[StopRequest] = None,
        steps: Optional[int] = None,
    ) -> None:
        self.objective, self.optimizers, self.step = objective, optimizers, step
        self.base_rates, self.schedules, self.batches = base_rates, schedules, batches
        self.epochs, self.seed, self.progress, self.listeners = epochs, seed, progress, listeners
        self.mine_labels = mine_labels
        self.checkpoint_steps, self.stop = checkpoint_steps, stop or StopRequest()
        self.steps, self._rates = steps, dict[str, float]()

    def fit(self) -> None:
        """Train from where ``progress`` stands to the last epoch.

        Raises
        ------
        StopRequestedError
            If the process was asked to end; all that was done is saved.
        """
        try:
            for epoch in range(self.progress.epoch, self.epochs):
                self.stop.check()
                self._train_epoch(epoch)
                self._end_epoch(epoch)
        except StopRequestedError:
            self._checkpoint()
            raise

    def _train_epoch(self, epoch: int) -> None:
        if self.progress.batch == 0:
            self.objective.on_epoch_begin(epoch)
            self.mine_labels(epoch)
        for listener in self.listeners:
            listener.on_epoch_begin(epoch)
        self.objective.set_train(True)
        self._rates = {}
        by_term = self.objective.term_weights(epoch)
        weights = np.array([by_term[name] for name in self.step.term_names], np.float32)
        device_weights = Tensor(weights)
        with closing(self.batches(epoch, skip=self.progress.batch)) as batches:
            for batch in itertools.islice(batches, self._steps_left()):
                rates = self._set_rates(epoch if self.steps is None else self.progress.step)
                images = Tensor(batch["images"])
                terms = self.step(images, self._labels(batch, epoch), device_weights)
                self.progress.step += 1
                self.progress.batch += 1
                size = len(images) * self.step.workers.size
                self._end_step(StepReport(epoch, self.progress.step, terms, weights, rates, size))

    def _end_step(self, report: StepReport) -> None:
        for listener in self.listeners:
            listener.on_step(report)
        self.stop.check(report.step)
        if self.checkpoint_steps and report.step % self.checkpoint_steps == 0:
            self._checkpoint()

    def _end_epoch(self, epoch: int) -> None:
        batches = self.progress.batch
        self.progress.epoch, self.progress.batch = epoch + 1, 0
        try:
            for listener in self.listeners:
                listener.on_epoch_end(epoch)
        except StopRequestedError:
            # All steps are done but the evaluation isn't: the resumed run begins with it.
            self.progress.epoch, self.progress.batch = epoch, batches
            raise

    def _checkpoint(self) -> None:
        for listener in self.listeners:
            listener.on_checkpoint()

    def _labels(self, batch: Mapping[str, np.ndarray], epoch: int) -> list[Tensor]:
        labels = [batch[name] for name in self.objective.labels]
        # Seeded by epoch and step, so that a resumed run draws what the uninterrupted one would.
        generator = np.random.default_rng((self.seed, epoch, self.progress.step))
        # Every worker draws for the whole batch, which is what the losses see.
        drawn = self.objective.draw(generator, len(batch["images"]) * self.step.workers.size)
        return [Tensor(value) for value in (*labels, *drawn)]

    def _steps_left(self) -> Optional[int]:
        return None if self.steps is None else self.steps - self.progress.step

    def _set_rates(self, position: int) -> dict[str, float]:
        """Set the rates of an epoch or a step; an unchanged rate costs nothing."""
        rates = {name: self.base_rates[name] * self.schedules[name](position) for name in self.optimizers}
        for name, rate in rates.items():
            if rate != self._rates.get(name):
                set_learning_rate(self.optimizers[name], rate)
        self._rates = rates
        return rates
