"""A request to end, SIGTERM or Ctrl-C: the step at hand is finished and saved before the process leaves."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional

from mindreid.engine.platform.distributed import Workers, any_of

#: From the first batch on, MindSpore's pipeline turns Ctrl-C into SIGTERM.
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequestedError(Exception):
    """Unwinds the training loop to where it saves; users see :class:`InterruptedRunError`."""


class StopRequest:
    """Remembers a signal until the training loop asks for it.

    Several workers must stop after the same step, or those that go on wait for ever for the
    others. They agree every ``every`` steps, since asking costs a round of communication.

    Parameters
    ----------
    workers : Workers
        Who must agree.
    every : int
        Steps between two agreements of several workers; one worker stops after any step.
    """

    def __init__(self, workers: Workers = Workers(), every: int = 1) -> None:  # noqa: B008 - immutable
        self.workers, self.every = workers, every
        self.signal: Optional[signal.Signals] = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the first signal of the block as a request; a second one acts at once."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread is allowed to handle signals
            return
        usual = {number: signal.getsignal(number) for number in SIGNALS}

        def restore() -> None:
            for number, handler in usual.items():
                signal.signal(number, handler)

        def remember(number: int, _frame: Any) -> None:
            self.signal = signal.Signals(number)
            restore()

        for number in SIGNALS:
            signal.signal(number, remember)
        try:
            yield
        finally:
            restore()

    def check(self, step: Optional[int] = None) -> None:
        """Raise if a worker was asked to stop.

        Parameters
        ----------
        step : int, optional
            Steps done, where the loop passes by often; ``None`` asks all workers in any case.

        Raises
        ------
        StopRequestedError
            On all workers at the same call.
        """
        if step is not None and self.workers.size > 1 and step % self.every:
            return
        if any_of(self.signal is not None, self.workers):
            raise StopRequestedError

    def check_alone(self) -> None:
        """Raise if asked to stop and alone; several workers finish what they share."""
        if self.signal is not None and self.workers.size == 1:
            raise StopRequestedError
