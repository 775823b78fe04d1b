"""What a run's files say of its course: ``metrics.jsonl`` and ``mining.jsonl``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from mindreid.errors import DataError

#: What the weighted sum of the terms is called.
TOTAL = "loss"


@dataclass(frozen=True)
class LossHistory:
    """Every step of a run.

    Attributes
    ----------
    steps, epochs : np.ndarray
        int64 ``[N]``: the step, from 1, and its epoch, from 0.
    losses : dict of str to np.ndarray
        float64 ``[N]``: "loss", the weighted sum, then each unweighted term.
    rates : dict of str to np.ndarray
        float64 ``[N]``: the learning rate of each phase.
    """

    steps: np.ndarray
    epochs: np.ndarray
    losses: dict[str, np.ndarray]
    rates: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.steps)


def read_losses(path: Path) -> LossHistory:
    """Read ``metrics.jsonl``; a run that has not made a step has an empty history.

    Raises
    ------
    DataError
        If a line is damaged.
    """
    rows = read_lines(path, {"loss": float, "terms": dict, "rates": dict})
    terms = list(dict.fromkeys(name for row in rows for name in row["terms"]))
    phases = list(dict.fromkeys(name for row in rows for name in row["rates"]))
    return LossHistory(
        steps=np.array([row["step"] for row in rows], np.int64),
        epochs=np.array([row["epoch"] for row in rows], np.int64),
        losses={
            TOTAL: np.array([row["loss"] for row in rows], float),
            **{name: _column([row["terms"] for row in rows], name) for name in terms},
        },
        rates={name: _column([row["rates"] for row in rows], name) for name in phases},
    )


def read_lines(path: Path, wanted: Mapping[str, type] = MappingProxyType({})) -> list[dict[str, Any]]:
    """Read JSON lines of a run; the last one, which may be half written, is left out unless it is whole.

    Parameters
    ----------
    path : Path
        A file that may not be there.
    wanted : mapping of str to type
        What a line says beside its epoch and step: a number (``float``), or numbers by name (``dict``).

    Raises
    ------
    DataError
        If a line is no JSON object with an epoch, a step and what is wanted.
    """
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    whole = text[: text.rfind("\n") + 1]
    return [_read_line(line, f"{path}:{number}", wanted) for number, line in enumerate(whole.splitlines(), 1)]


def _read_line(line: str, where: str, wanted: Mapping[str, type]) -> dict[str, Any]:
    try:
        row = json.loads(line)
        is_valid = isinstance(row["epoch"], int) and isinstance(row["step"], int)
        for name, kind in wanted.items():
            values = row[name].values() if kind is dict else (row[name],)
            is_valid = is_valid and all(map(is_number, values))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        is_valid = False
    if not is_valid:
        raise DataError("this line tells nothing of a step", where=where, fix="take the line out")
    return row


def is_number(value: Any) -> bool:
    """Return whether a value that was read from JSON is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _column(rows: Sequence[Mapping[str, float]], name: str) -> np.ndarray:
    return np.array([row.get(name, np.nan) for row in rows], float)
