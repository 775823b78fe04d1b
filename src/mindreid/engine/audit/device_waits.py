"""Where Python waits for the device: each such place in a training step costs what launching ahead gains."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mindspore import Tensor

#: What brings a tensor's value to the host.
_READERS = ("asnumpy", "item", "tolist", "__bool__", "__int__", "__float__", "__index__")


@dataclass(frozen=True)
class Wait:
    """A value that was read from the device.

    Attributes
    ----------
    reader : str
        The method of ``Tensor`` that read it.
    place : str
        The line that called it, ``loop.py:12``.
    """

    reader: str
    place: str


@contextmanager
def watch_waits(waits: list[Wait]) -> Iterator[None]:
    """Add to ``waits`` every value that is read from the device while the block runs."""
    originals = {name: getattr(Tensor, name) for name in _READERS if hasattr(Tensor, name)}

    def watching(name: str) -> Any:
        def read(self: Tensor, *arguments: Any, **options: Any) -> Any:
            caller = sys._getframe(1)
            waits.append(Wait(name, f"{Path(caller.f_code.co_filename).name}:{caller.f_lineno}"))
            return originals[name](self, *arguments, **options)

        return read

    for name in originals:
        setattr(Tensor, name, watching(name))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(Tensor, name, original)
