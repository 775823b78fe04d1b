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
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block to a stage."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def timed(self, name: str, items: Iterator) -> Iterator:
        """Yield items, and count the time until each is there."""
        while True:
            with self.stage(name):
                item = next(items, None)
            if item is None:
                return
            yield item
