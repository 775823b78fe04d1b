"""The training loop: epochs and steps; it knows methods only through their objective."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Optional

import numpy as np
from mindspore import Tensor

from mindreid.engine.platform.distributed import Workers, failing_together, wait_for_all
from mindreid.engine.training.listeners import Listener
from mindreid.engine.training.optimizers import restart, set_learning_rate
from mindreid.engine.training.plan import Plan
from mindreid.engine.training.progress import StepReport
from mindreid.engine.training.run_state import RunState
from mindreid.engine.training.stopping import StopRequest, StopRequestedError


class Trainer:
    """Carries out a plan on a run's state.

    Parameters
    ----------
    plan : Plan
        How long and how fast.
    state : RunState
        What is trained, and where to start; updated in place.
    batches : callable
        ``batches(epoch, skip=n)`` is a generator that iterates over dictionaries of arrays, the
        first ``n`` left out: "images" float32 ``[B, 3, H, W]``, or a tensor of the device that the
        step prepares to be that, and int32 ``[B]`` labels.
    listeners : sequence of Listener
        Called in order.
    stop : StopRequest
        Asked after every step.
    """

    def __init__(
        self,
        plan: Plan,
        state: RunState,
        batches: Callable[..., Generator[Mapping[str, np.ndarray], None, None]],
        listeners: Sequence[Listener] = (),
        stop: Optional[StopRequest] = None,
    ) -> None:
        self.plan, self.state, self.batches = plan, state, batches
        self.listeners, self.stop = listeners, stop or StopRequest()
        self._rates: dict[str, float] = {}
        self._resting: frozenset[str] = frozenset()

    def fit(self) -> None:
        """Train from where the state stands to the last step; nothing happens if that is taken.

        Raises
        ------
        StopRequestedError
            If the process was asked to end; all that was done is saved.
        """
        progress = self.state.progress
        if self.plan.is_done(progress):
            return
        progress.epoch, progress.batch = self.plan.place(progress)
        try:
            for epoch in range(progress.epoch, self.plan.epochs):
                self.stop.check()
                self._train_epoch(epoch)
                self._end_epoch(epoch)
        except StopRequestedError:
            self._checkpoint()
            raise

    def _train_epoch(self, epoch: int) -> None:
        progress, step = self.state.progress, self.state.step
        if progress.batch == 0:
            self._begin_epoch(epoch)
        self.state.objective.set_train(True)
        frozen = self.state.objective.frozen(epoch)
        step.freeze(frozen)
        self._rates, self._resting = {}, step.resting(frozen)
        by_term = self.state.objective.term_weights(epoch)
        weights = np.array([by_term[name] for name in step.term_names], np.float32)
        device_weights = Tensor(weights)
        with closing(self.batches(epoch, skip=progress.batch)) as batches:
            for batch in itertools.islice(batches, self.plan.steps_left(progress.step)):
                rates = self._set_rates(epoch)
                images = batch["images"]
                if not isinstance(images, Tensor):
                    images = Tensor.from_numpy(images)
                terms = step(images, self._labels(batch, epoch), device_weights)
                progress.step += 1
                progress.batch += 1
                size = len(images) * self.state.workers.size
                self._end_step(StepReport(epoch, progress.step, terms, weights, rates, size))

    def _begin_epoch(self, epoch: int) -> None:
        self.state.objective.on_epoch_begin(epoch)
        self._wake_optimizers(epoch)
        for listener in self.listeners:
            listener.on_epoch_begin(epoch)

    def _wake_optimizers(self, epoch: int) -> None:
        """Begin anew with the optimisers that rested until this epoch."""
        if epoch == 0:
            return
        rested, rest = (
            self.state.step.resting(self.state.objective.frozen(each)) for each in (epoch - 1, epoch)
        )
        for name in rested - rest:
            restart(self.state.optimizers[name])

    def _end_step(self, report: StepReport) -> None:
        for listener in self.listeners:
            listener.on_step(report)
        self.stop.check(report.step)
        if self.plan.saves_after(report.step):
            self._checkpoint()

    def _end_epoch(self, epoch: int) -> None:
        progress = self.state.progress
        batches = progress.batch
        progress.epoch, progress.batch = epoch + 1, 0
        for listener in self.listeners:
            workers = self.state.workers if listener.fails_together else Workers()
            try:
                with failing_together(workers):
                    listener.on_epoch_end(epoch)
            except Exception as error:
                # All steps are done but the evaluation isn't: the resumed run begins with it.
                progress.epoch, progress.batch = epoch, batches
                if listener.only_looks and not isinstance(error, StopRequestedError):
                    self._checkpoint()
                    # A worker that left earlier would have the others killed, the first one while it saves.
                    wait_for_all(workers)
                raise

    def _checkpoint(self) -> None:
        for listener in self.listeners:
            listener.on_checkpoint()

    def _labels(self, batch: Mapping[str, np.ndarray], epoch: int) -> list[Tensor]:
        objective = self.state.objective
        labels = [batch[name] for name in objective.labels]
        # Seeded by epoch and step, so that a resumed run draws what the uninterrupted one would.
        generator = np.random.default_rng((self.plan.seed, epoch, self.state.progress.step))
        # Every worker draws for the whole batch, which is what the losses see.
        rows, workers = len(batch["images"]), self.state.workers
        drawn = objective.draw(generator, rows * workers.size)
        noise = objective.draw_noise(generator, (rows * workers.size, *batch["images"].shape[1:]))
        own = slice(workers.rank * rows, (workers.rank + 1) * rows)
        return [Tensor(value) for value in (*labels, *(each[own] for each in noise), *drawn)]

    def _set_rates(self, epoch: int) -> dict[str, float]:
        """Set the rates of the step at hand; an unchanged rate costs nothing."""
        optimizers = self.state.optimizers
        factors = self.plan.factors(epoch, self.state.progress.step)
        rates = {
            name: 0.0 if name in self._resting else optimizer.base_rate * factors[name]
            for name, optimizer in optimizers.items()
        }
        for name, rate in rates.items():
            if rate != self._rates.get(name):
                set_learning_rate(optimizers[name], rate)
        self._rates = rates
        return rates
