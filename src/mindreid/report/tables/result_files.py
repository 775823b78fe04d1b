"""The files in ``results/``: what benchmarks and ``mindreid eval --json`` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from mindreid.config import load_recipe
from mindreid.engine.evaluation.protocol_results import ProtocolResult, results_from_json
from mindreid.errors import DataError
from mindreid.report.tables.published import PublishedRow

#: Sections of a recipe in which it must equal the row's: a port's network is not the paper's.
_DECISIVE = ("model", "input", "augment")


class ResultFiles:
    """Look results up by what was measured.

    Parameters
    ----------
    folder : Path
        Holds one JSON file for each benchmark or evaluation.

    Raises
    ------
    DataError
        If there is no such folder, or a file in it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise DataError(
                "there is no folder of results", where=str(folder), fix="run it in a checkout, or pass --root"
            )
        self._contents = {path.stem: _read(path) for path in sorted(folder.glob("*.json"))}

    def figures(self, name: str) -> Optional[dict[str, Any]]:
        """Return a benchmark's figures, ``None`` if it has not been run."""
        content = self._contents.get(name)
        return None if content is None else content["figures"]

    def content(self, name: str) -> Optional[dict[str, Any]]:
        """Return a benchmark's figures with command, machine and date, ``None`` if it has not been run."""
        return self._contents.get(name)

    def learning(self) -> Iterator[dict[str, Any]]:
        """Yield the figures of every learning experiment."""
        for name, content in self._contents.items():
            if name.startswith("learning_"):
                yield content["figures"]

    def evaluation(self, row: PublishedRow) -> Optional[ProtocolResult]:
        """Find what the row's recipe reached on the row's dataset, ``None`` if that was not measured."""
        if row.recipe is None:
            return None
        measured = [content for content in self._contents.values() if _is_of(content, row)]
        # Reading a recipe takes a while, and few rows were measured.
        wanted = load_recipe(row.recipe).as_dict() if measured else {}
        for content in measured:
            used = content["recipe"]
            found = row.measured(results_from_json(content["results"]))
            if found is not None and all(used[section] == wanted[section] for section in _DECISIVE):
                return found
        return None


def _is_of(content: dict[str, Any], row: PublishedRow) -> bool:
    """Tell whether it is an evaluation on a row's released dataset."""
    data = content.get("dataset")
    return data is not None and not data["generated"] and row.describes(data["name"], data["variant"])


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise DataError("this is no JSON file", where=str(path), fix="run its benchmark again") from None
