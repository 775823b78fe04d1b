"""MindReID: person re-identification for MindSpore, above all after a change of clothes."""

import atexit
import importlib
import sys
from typing import Any

from mindreid.data.open_dataset import load_dataset
from mindreid.zoo import create_model, list_models

__all__ = ["__version__", "create_model", "list_models", "load_dataset", "load_model"]

__version__ = "0.1.0"

_LAZY_SUBMODULES = ("convert", "losses", "metrics")


def __getattr__(name: str) -> Any:
    # Metrics must stay importable without MindSpore, and losses without the metrics' libraries; a trained
    # network needs them all.
    if name in _LAZY_SUBMODULES:
        return importlib.import_module(f"mindreid.{name}")
    if name == "load_model":
        from mindreid.engine.deployment import load_model

        return load_model
    raise AttributeError(f"module 'mindreid' has no attribute {name!r}")


@atexit.register
def _silence_exit() -> None:
    # MindSpore's Cell.__del__ reads module globals that are gone when the interpreter shuts down, and
    # complains for every network that is still alive. MindSpore itself is not imported for this.
    if "mindspore.nn" in sys.modules:
        sys.modules["mindspore.nn"].Cell.__del__ = lambda _: None
