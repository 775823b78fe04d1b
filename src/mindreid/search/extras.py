"""Packages that only searching needs."""

from __future__ import annotations

import importlib
from types import ModuleType

from mindreid.errors import MissingExtraError


def optional_package(name: str, purpose: str, extra: str = "search") -> ModuleType:
    """Import a package of an extra.

    Parameters
    ----------
    name : str
        The package, as it is imported.
    purpose : str
        What needs it, for the error.
    extra : str
        What installs it.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise MissingExtraError(name, extra, purpose) from None
