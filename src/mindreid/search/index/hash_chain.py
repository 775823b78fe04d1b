"""A log whose lines each carry the hash of the line before: what is changed later is seen."""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO, Optional

from mindreid.errors import DataError

#: What the first line carries.
FIRST = "0" * 64
_TAIL = 4096


def chained_line(previous: Optional[str], action: str, details: Mapping[str, Any]) -> str:
    """Return the next line of a log, JSON without a line end.

    Parameters
    ----------
    previous : str, optional
        The last line so far; ``None``: there is none.
    action : str
        What is done.
    details : mapping
        JSON values.
    """
    entry = {
        "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "user": _user(),
        "action": action,
        **details,
        "previous": FIRST if previous is None else line_hash(previous),
    }
    return json.dumps(entry, ensure_ascii=False)


def line_hash(line: str) -> str:
    """Return the SHA-256 of a line, without its line end."""
    return hashlib.sha256(line.encode("utf-8", "surrogateescape")).hexdigest()


def verify_chain(lines: Iterable[str], where: str) -> tuple[int, str]:
    """Check that every line carries the hash of the line before.

    Cutting off the last lines can't be seen from the log alone: note the hash of the last line
    elsewhere.

    Returns
    -------
    tuple
        How many lines there are, and the hash of the last one.

    Raises
    ------
    DataError
        If one does not, or is no line of a log.
    """
    expected, number = FIRST, 0
    for number, line in enumerate(lines, 1):
        if _entry(line, f"{where}:{number}").get("previous") != expected:
            raise DataError(
                f"line {number} of the log does not follow the line before it: one of them was changed, "
                "taken out or put in",
                where=where,
            )
        expected = line_hash(line)
    return number, expected


def _entry(line: str, where: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise DataError("this is no line of a log", where=where)
    return entry


class LogFile:
    """The log of an index that is a folder: JSON, a line an action.

    Parameters
    ----------
    path : Path
        The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, action: str, details: Mapping[str, Any]) -> None:
        """Add a line and have the disk keep it; a line that a killed process has half written goes."""
        # Opened for appending, so that of two processes neither begins the file anew.
        with self.path.open("a+b") as stream:
            # Its own lock: who looks for somebody must not wait for hours of video to be added.
            fcntl.flock(stream, fcntl.LOCK_EX)
            last, end = _last_line(stream)
            text = chained_line(last, action, details)
            stream.truncate(end)
            stream.write(text.encode("utf-8", "surrogateescape") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def lines(self) -> Iterator[str]:
        """Yield the whole lines."""
        if not self.path.exists():
            return
        with self.path.open("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):
                    yield line[:-1].decode("utf-8", "surrogateescape")

    def entries(self) -> list[dict[str, Any]]:
        """Return the lines as what they say."""
        return [_entry(line, f"{self.path}:{number}") for number, line in enumerate(self.lines(), 1)]


def _last_line(stream: BinaryIO) -> tuple[Optional[str], int]:
    """Return the last whole line of a log, and where it ends."""
    tail, begin = b"", stream.seek(0, os.SEEK_END)
    # Two line ends are around the last line, unless it is the first.
    while begin and tail.count(b"\n") < 2:
        size = min(begin, _TAIL)
        begin = stream.seek(begin - size)
        tail = stream.read(size) + tail
    whole, newline, _ = tail.rpartition(b"\n")
    if not newline:
        return None, 0
    return whole.rpartition(b"\n")[2].decode("utf-8", "surrogateescape"), begin + len(whole) + 1


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.getuid())
