"""One process at a time writes to a folder."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

LOCK = ".lock"


class FolderInUse(Exception):  # noqa: N818 - a signal, which its catcher explains
    """Another process holds the folder; the message names it."""


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder; the system lets go of it even of a killed process.

    Raises
    ------
    FolderInUse
        If another process is in the block for the same folder.
    """
    with (folder / LOCK).open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                stream.seek(0)
                raise FolderInUse(stream.read().strip()) from None
            logger.warning("this file system has no locks; don't start a second process on %s", folder)
        stream.truncate(0)
        stream.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        stream.flush()
        yield


def is_locked(folder: Path) -> bool:
    """Tell whether a process holds a folder; without locks, or a folder, nobody does."""
    try:
        stream = (folder / LOCK).open("rb")
    except OSError:
        return False
    with stream:
        try:
            # Shared, so that those who ask do not keep each other out.
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno in (errno.EWOULDBLOCK, errno.EACCES)
        return False
