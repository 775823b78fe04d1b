"""How long each stage of adding a recording takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageClock:
    """Seconds by stage.

    Attributes
    ----------
    seconds : dict
        Of each stage, in the order in which they were first begun.
    processor : dict
        Seconds of these in which a processor was at work; more than all of them where several were.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.processor: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block to a stage."""
        begin, working = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
            self.processor[name] = self.processor.get(name, 0.0) + time.process_time() - working

    def timed(self, name: str, items: Iterator) -> Iterator:
        """Yield items, and count the time until each is there."""
        while True:
            with self.stage(name):
                item = next(items, None)
            if item is None:
                return
            yield item
