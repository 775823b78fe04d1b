"""Names that a package shows and imports only when somebody asks for one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any


def lazy_names(package: str, **names: Sequence[str]) -> tuple[list[str], Callable[[str], Any]]:
    """Return a package's ``__all__`` and its ``__getattr__``.

    A command then imports a whole framework only if it needs it, and modules of a package may use
    each other without a circle through the package itself.

    Parameters
    ----------
    package : str
        ``__name__`` of the package.
    **names
        Public names by the module of the package that holds them.

    Examples
    --------
    >>> shown, get = lazy_names("json", decoder=["JSONDecodeError"])
    >>> shown
    ['JSONDecodeError']
    >>> get("JSONDecodeError").__module__
    'json.decoder'
    """
    homes = {name: module for module, held in names.items() for name in held}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)

    return sorted(homes), get
