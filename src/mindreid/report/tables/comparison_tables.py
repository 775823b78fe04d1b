"""The tables in which papers compare methods, whole: ``docs/comparisons.yaml`` says which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Optional

import pydantic
from pydantic import BaseModel, ConfigDict

from mindreid.errors import ConfigError
from mindreid.report.tables.figure_texts import (
    NO_DATA,
    NO_RECIPE,
    measured_text,
    published_text,
    setting_text,
)
from mindreid.report.tables.markdown import table
from mindreid.report.tables.published import PublishedRow, load_published
from mindreid.report.tables.result_files import ResultFiles
from mindreid.yaml_source import read_yaml
from mindreid.zoo import list_models

FILE = Path("docs") / "comparisons.yaml"
_TRUST = ("printed", "quoted", "user")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Setting(_Section):
    """A column: on what and how it was measured."""

    dataset: str
    protocol: str = "standard"
    variant: str = ""

    def shows(self, row: PublishedRow) -> bool:
        """Tell whether a row belongs into this column; re-ranked figures belong nowhere."""
        own = (self.dataset, self.protocol, self.variant)
        return not row.rerank and own == (row.dataset, row.protocol, row.variant)


class Comparison(_Section):
    """One table: methods below each other, settings beside each other."""

    title: str
    models: tuple[str, ...]
    settings: tuple[Setting, ...]


class Comparisons(_Section):
    """All tables of the file."""

    comparisons: tuple[Comparison, ...]


def comparison_tables(results: ResultFiles, root: Path) -> str:
    """Write every comparison that a checkout's file names, each under its title.

    Raises
    ------
    ConfigError
        If the file is damaged, or names a method that there is not.
    """
    return "\n\n".join(
        f"### {comparison.title}\n\n{_table(results, comparison)}" for comparison in _read(root / FILE)
    )


def _read(path: Path) -> tuple[Comparison, ...]:
    try:
        content = Comparisons.model_validate_json(json.dumps(read_yaml(path).content))
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise ConfigError(f"{place}: {problem['msg']}", where=str(path)) from None
    for comparison in content.comparisons:
        unknown = sorted(set(comparison.models) - set(list_models()))
        if unknown:
            raise ConfigError(
                f"{comparison.title}: there is no model {unknown[0]!r}",
                where=str(path),
                fix=f"choose from {', '.join(list_models())}",
            )
    return content.comparisons


def _table(results: ResultFiles, comparison: Comparison) -> str:
    settings = comparison.settings
    header = ["method", *(setting_text(s.dataset, s.variant, s.protocol) for s in settings), "trained by"]
    rows = []
    for model in comparison.models:
        published = load_published(model)
        own = () if published is None else published.rows
        for method in dict.fromkeys(row.method for row in own):
            found = [_best([row for row in own if row.method == method and s.shows(row)]) for s in settings]
            if any(found):
                rows.append(_row(results, model, method, found))
    return table(header, rows)


def _best(rows: list[PublishedRow]) -> Optional[PublishedRow]:
    """Choose whose word counts; users' reports are for the cards."""
    rows = [row for row in rows if row.trust != "user"]
    return min(rows, key=lambda row: _TRUST.index(row.trust), default=None)


def _row(
    results: ResultFiles, model: str, method: str, found: list[Optional[PublishedRow]]
) -> tuple[str, ...]:
    name = f"[{model}](../models/{model}/README.md)"
    recipes = dict.fromkeys(row.recipe for row in found if row is not None and row.recipe is not None)
    return (
        f"{name}, {method}" if method else name,
        *(_cell(results, row) for row in found),
        ", ".join(f"`{recipe}`" for recipe in recipes) or NO_RECIPE,
    )


def _cell(results: ResultFiles, row: Optional[PublishedRow]) -> str:
    """Write the published figures, and below them what was measured."""
    if row is None:
        return "–"
    mark = " (quoted)" if row.trust == "quoted" else ""
    measured = measured_text(results, row)
    below = "" if measured in (NO_DATA, NO_RECIPE) else f"<br>measured: {measured}"
    return f"{published_text(row)}{mark}{below}"
