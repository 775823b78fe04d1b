"""The one exception family of the package: what went wrong, where, and what to do about it."""

from __future__ import annotations

from typing import Optional


class MindReidError(Exception):
    """Base class of every error that a user can cause and mend.

    Parameters
    ----------
    what : str
        What went wrong, in one sentence without a full stop.
    where : str, optional
        The file (and line), key or tensor it went wrong at.
    fix : str, optional
        What the user can do about it.

    Examples
    --------
    >>> print(MindReidError("no such folder", where="data/market", fix="pass --root"))
    no such folder: data/market. Fix: pass --root
    """

    #: What the command line returns to its caller.
    exit_code = 2

    def __init__(self, what: str, where: Optional[str] = None, fix: Optional[str] = None) -> None:
        self.what, self.where, self.fix = what, where, fix
        message = what if where is None else f"{what}: {where}"
        super().__init__(message if fix is None else f"{message}. Fix: {fix}")


class InvalidArgumentError(MindReidError, ValueError):
    """A function was called with arguments that do not fit together."""


class ConfigError(MindReidError):
    """A recipe or an override has an unknown key, a wrong type or a contradiction."""


class DataError(MindReidError):
    """A dataset is missing, laid out differently, empty, or holds an unreadable file."""


class CheckpointError(MindReidError):
    """A checkpoint is missing, damaged, or belongs to another network."""


class TrainingError(MindReidError):
    """Training cannot go on: a loss is not a number, or its state contradicts the recipe."""


class InterruptedRunError(MindReidError):
    """A run was asked to end, and has saved all it did.

    Parameters
    ----------
    what, where, fix
        As for every error.
    signal : int
        The signal that asked, e.g. 15 for SIGTERM; the exit code is 128 more, as in a shell.
    """

    def __init__(self, what: str, where: str, fix: str, *, signal: int) -> None:
        super().__init__(what, where, fix)
        self.exit_code = 128 + signal


class ExportError(MindReidError):
    """An exported file could not be written or does not agree with the live network."""


class DeviceError(MindReidError):
    """The device that was asked for is not there or cannot do what was asked."""


class MissingExtraError(MindReidError):
    """An optional dependency is needed for what was asked.

    Parameters
    ----------
    package : str
        The package that could not be imported.
    extra : str
        The extra of this project that installs it.
    purpose : str
        What it is needed for.
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed",
            fix=f"pip install 'mindreid[{extra}]'",
        )
