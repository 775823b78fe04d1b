"""The log: plain lines on the console, the same with times in the run's file."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

_LOGGER = logging.getLogger("mindreid")


def log_to_console(level: int = logging.INFO) -> None:
    """Send the package's messages to standard error, once."""
    if not any(getattr(handler, "is_mindreid_console", False) for handler in _LOGGER.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        handler.is_mindreid_console = True  # type: ignore[attr-defined]
        _LOGGER.addHandler(handler)
    _LOGGER.setLevel(level)
    _LOGGER.propagate = False


class _RunLog(logging.FileHandler):
    """The console has every line, too: a full disk must not bury it under tracebacks."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Leave the line out."""


@contextmanager
def log_to_file(path: Optional[Path]) -> Iterator[None]:
    """Copy the package's messages to ``path`` while the block runs; ``None``: to nowhere."""
    if path is None:
        yield
        return
    handler = _RunLog(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _LOGGER.addHandler(handler)
    level = _LOGGER.level
    # A program that uses the library may not have asked for messages; the file gets them anyway.
    _LOGGER.setLevel(min(_LOGGER.getEffectiveLevel(), logging.INFO))
    try:
        yield
    finally:
        _LOGGER.setLevel(level)
        _LOGGER.removeHandler(handler)
        handler.close()
