"""Files that appear whole or not at all: temporary name, flush, rename."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Union

from mindreid.errors import DataError

PathLike = Union[str, os.PathLike[str]]


@contextmanager
def atomic_path(target: PathLike, mode: int = 0o644) -> Iterator[Path]:
    """Yield a temporary path that replaces ``target`` when the block ends well.

    The file is written under its own name in a temporary folder beside the target, since some
    writers add an ending or leave pieces of their own. If the block raises, that folder is
    removed and an older ``target`` stays as it was; a killed process leaves at most a folder
    ``.tmp-*``, for :func:`remove_stale_temporaries`.

    Parameters
    ----------
    target : path
        Where the file shall appear. Missing parent folders are made.
    mode : int
        Who can read and write it, from its first moment on.

    Raises
    ------
    OSError
        If the folder cannot be written to or the disk is full.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".tmp-{target.stem}-", dir=target.parent) as folder:
        temporary = Path(folder, target.name)
        yield temporary
        _flush(temporary)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    _flush(target.parent)


@contextmanager
def atomic_folder(target: PathLike) -> Iterator[Path]:
    """Yield a temporary folder beside ``target`` that takes its place when the block ends well.

    If the block raises, or SIGTERM ends the process, the temporary folder is removed.

    Parameters
    ----------
    target : path
        A folder that is not there yet, or is empty; ``~`` is expanded, and of a symbolic link the
        folder that it points to is meant.

    Raises
    ------
    DataError
        If ``target`` is a file, a folder with something in it, or one whose place cannot be taken.
    """
    target = Path(os.path.realpath(os.path.expanduser(target)))
    if target.exists():
        _check_replaceable(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _exit_at_sigterm():
        temporary = Path(tempfile.mkdtemp(prefix=f".tmp-{target.name}-", dir=target.parent))
        try:
            yield temporary
            os.chmod(temporary, 0o755)  # noqa: S103 - mkdtemp hides its folder from other users
            os.replace(temporary, target)
            _flush(target.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _exit_at_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block by an exception, unless somebody else takes the signal."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    is_main = threading.current_thread() is threading.main_thread()  # others may not handle signals
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _check_replaceable(folder: Path) -> None:
    if not folder.is_dir() or any(folder.iterdir()):
        raise DataError(
            "this is not an empty folder", where=str(folder), fix="name a new folder or delete it"
        )
    # A new folder in place of the current one would leave the user's shell in the old, deleted one.
    if folder == Path.cwd() or folder.is_mount():
        raise DataError(
            "the current folder, or one that is mounted, can't be replaced by a new one",
            where=str(folder),
            fix="name a new folder in it",
        )


def write_text(target: PathLike, text: str) -> None:
    """Write ``text`` as UTF-8 to ``target``, whole or not at all."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: PathLike, value: Any) -> None:
    """Write ``value`` as indented JSON to ``target``, whole or not at all."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def remove_stale_temporaries(folder: PathLike) -> None:
    """Delete what killed processes left in ``folder`` under a temporary name."""
    for stale in Path(folder).glob(".tmp-*"):
        shutil.rmtree(stale, ignore_errors=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
