"""The console, and the log: plain lines on the console, the same with times in the run's file."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

from mindreid.errors import MindReidError

#: Level of MindSpore's log.
_ERRORS_ONLY = 3
_LOGGER = logging.getLogger("mindreid")


def prepare_console() -> None:
    """Make standard output take any text, and be there.

    What its encoding lacks is written with backslashes. A closed stream is opened on nothing:
    otherwise the next file that the process opens would get what is meant for the console.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # notebooks replace the streams
            stream.reconfigure(errors="backslashreplace")


def write_line(text: str) -> None:
    """Write a line to standard output; it is dropped if nobody reads there any more (``| head -1``).

    Raises
    ------
    MindReidError
        If standard output is a file on a full disk.
    """
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError as error:
        _drop_output()
        if not isinstance(error, BrokenPipeError):
            raise MindReidError(f"can't write to standard output ({error.strerror})") from None


def hide_framework_warnings() -> None:
    """Keep MindSpore's and mindcv's warnings of their own internals from the console, in workers, too.

    Call it before MindSpore is imported. A user's own ``GLOG_v`` or ``PYTHONWARNINGS`` goes first.
    """
    os.environ.setdefault("GLOG_v", str(_ERRORS_ONLY))
    if not sys.warnoptions:
        for package in ("mindspore", "mindcv"):
            warnings.filterwarnings("ignore", module=rf"{package}(\.|$)")


def flush_console() -> None:
    """Write what is left, or drop it if nobody reads there any more."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()


def _drop_output() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def log_to_console(level: int = logging.INFO) -> None:
    """Send the package's messages to standard error, once."""
    if not any(getattr(handler, "is_mindreid_console", False) for handler in _LOGGER.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_ConsoleLines())
        handler.is_mindreid_console = True  # type: ignore[attr-defined]
        _LOGGER.addHandler(handler)
    _LOGGER.setLevel(level)
    _LOGGER.propagate = False


class _ConsoleLines(logging.Formatter):
    """Plain lines; only what needs attention says so."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return f"{record.levelname.lower()}: {text}" if record.levelno >= logging.WARNING else text


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
