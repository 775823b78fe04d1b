"""How graphs are compiled: the level of optimisation, chosen with the device, once a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import mindspore as ms

from mindreid.errors import DeviceError

#: "O0": kernel by kernel. "O1": MindSpore fuses operators. "O2": CANN's graph engine compiles all.
JitLevel = Literal["O0", "O1", "O2"]

_chosen: dict[str, Any] = {}


def choose_jit_level(level: JitLevel, target: str) -> None:
    """Set the level of all that :func:`compile_function` compiles from now on.

    Raises
    ------
    DeviceError
        If the target has no such level.
    """
    if level == "O2" and target != "Ascend":
        # MindSpore would take it without a word, and compile as for O0.
        raise DeviceError(
            f"the jit level O2 is Ascend's graph engine, which a {target} has not",
            fix="pass --set device.jit_level=O0, or O1",
        )
    _chosen.clear()
    _chosen.update({"backend": "GE"} if level == "O2" else {"jit_level": level})


def compile_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have a function compiled at its first call, at the chosen level."""
    return ms.jit(function, **_chosen)
