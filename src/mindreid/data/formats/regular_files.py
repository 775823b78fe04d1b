"""Files that can be read to their end: no pipes, sockets, devices or folders."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import BinaryIO, Optional

from mindreid.atomic import PathLike
from mindreid.errors import DataError

_BLOCK = 2**20
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_regular(path: PathLike) -> BinaryIO:
    """Open a file for reading, without ever waiting for somebody to write to it.

    Raises
    ------
    DataError
        If it is not there, may not be read, is empty, or is no regular file.
    """
    reason = "it is empty"
    try:
        # A pipe without a writer would otherwise block for good.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        reason = _reason(error)
    else:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_size:
            return os.fdopen(descriptor, "rb")
        reason = _other_kind(status) or reason
        os.close(descriptor)
    raise DataError(f"cannot read the file: {reason}", where=str(path), fix="fetch it again or take it out")


def stream_checksum(stream: BinaryIO) -> str:
    """Return the SHA-256 of an open file from its beginning, where it is left again."""
    stream.seek(0)
    digest = hashlib.sha256()
    while block := stream.read(_BLOCK):
        digest.update(block)
    stream.seek(0)
    return digest.hexdigest()


def file_checksum(path: PathLike) -> str:
    """Return the SHA-256 of a file's content."""
    with open(path, "rb") as stream:
        return stream_checksum(stream)


def why_unreadable(path: PathLike) -> Optional[str]:
    """Say why there is no regular file at ``path``, links followed; ``None`` if there is one."""
    try:
        return _other_kind(os.stat(path))
    except (OSError, ValueError) as error:
        return _reason(error)


def _other_kind(status: os.stat_result) -> Optional[str]:
    return next((f"it is {name}" for is_kind, name in _KINDS if is_kind(status.st_mode)), None)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
