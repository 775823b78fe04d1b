"""Several runs on one page, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from mindreid.atomic import write_text
from mindreid.errors import InvalidArgumentError
from mindreid.metrics.percentages import to_percent
from mindreid.pages.markup import Content, element, join, note, table
from mindreid.pages.page_frame import Section, assemble
from mindreid.report.page.curve_section import curve_section
from mindreid.report.page.evaluation_section import FIGURES
from mindreid.report.page.mining_section import mining_section
from mindreid.report.page.recipe_section import value_text
from mindreid.report.recipe_differences import differing, flatten
from mindreid.report.run_record import RunRecord


def write_comparison(runs: Sequence[RunRecord], output: Path) -> None:
    """Write a page that compares runs by their files: figures, recipes, curves.

    Raises
    ------
    InvalidArgumentError
        If there are less than two.
    """
    if len(runs) < 2:
        raise InvalidArgumentError("a comparison takes at least two runs", fix="name the folders of several")
    named = dict(zip(_labels(runs), runs))
    sections = [
        _results(named),
        _recipes(named),
        curve_section(
            {label: run.losses for label, run in named.items()},
            {label: run.evaluations for label, run in named.items()},
        ),
        mining_section({label: run.mining for label, run in named.items()}),
        _environments(named),
    ]
    said = element("p", f"{len(runs)} runs: {', '.join(named)}", class_="note")
    write_text(output, assemble("Runs compared", said, sections))


def _labels(runs: Sequence[RunRecord]) -> list[str]:
    """Name runs by their folders; where names are the same, by their whole paths or a number."""
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        names = [str(run.folder.root) for run in runs]
    if len(set(names)) < len(names):
        names = [f"{number}: {name}" for number, name in enumerate(names, 1)]
    return names


def _results(runs: Mapping[str, RunRecord]) -> Section:
    results = {label: run.results for label, run in runs.items()}
    data = {str(_dataset(run)) for run in runs.values()}
    protocols = dict.fromkeys(protocol for own in results.values() for protocol in own)
    rows: list[tuple[Content, ...]] = []
    for protocol in protocols:
        for name, title in FIGURES.items():
            values = [own[protocol].named(name) if protocol in own else None for own in results.values()]
            if any(value is not None for value in values):
                rows.append((f"{protocol}, {title}", *_cells(values, mark=len(data) == 1)))
    if not rows:
        return Section("evaluation", "Evaluation", note("None of the runs has been evaluated."))
    epochs = [str(run.description.epoch) if run.description else "–" for run in runs.values()]
    rerank = [_reranked(run) for run in runs.values()]
    names = [run.recipe.dataset.name for run in runs.values()]
    rows += [("after epoch", *epochs), ("re-ranked", *rerank), ("dataset", *names)]
    best = (
        "the best of a row is bold, with ▲"
        if len(data) == 1
        else "the runs have different datasets, so none is the best"
    )
    said = note(f"Per cent, as the training evaluated the last checkpoint; {best}.")
    return Section("evaluation", "Evaluation", join([said, table(("", *runs), rows)]))


def _dataset(run: RunRecord) -> dict[str, Any]:
    """Return what the data are, wherever they lie."""
    dataset = run.recipe.dataset
    return {"name": dataset.name, **dataset.options}


def _cells(values: Sequence[Optional[float]], *, mark: bool) -> list[Content]:
    best = max(value for value in values if value is not None)
    cells: list[Content] = []
    for value in values:
        if value is None:
            cells.append("–")
            continue
        text = f"{to_percent(value):.2f}"
        cells.append(element("span", f"▲ {text}", class_="best") if mark and value == best else text)
    return cells


def _reranked(run: RunRecord) -> str:
    said = {result.rerank for result in run.results.values()}
    return "–" if not said else "yes" if said == {True} else "no" if said == {False} else "partly"


def _recipes(runs: Mapping[str, RunRecord]) -> Section:
    rows = [
        (element("code", key), *(element("code", value_text(value)) for value in values))
        for key, *values in differing([flatten(run.recipe.as_dict()) for run in runs.values()])
    ]
    if not rows:
        return Section("recipe", "Recipes", note("All recipes are equal."))
    said = note("The keys in which the recipes differ.")
    return Section("recipe", "Recipes", join([said, table(("key", *runs), rows, numbers_from=len(runs) + 1)]))


def _environments(runs: Mapping[str, RunRecord]) -> Section:
    versions = [run.description.versions if run.description else {} for run in runs.values()]
    names = dict.fromkeys(name for own in versions for name in own)
    rows: list[tuple[Content, ...]] = [("folder", *(str(run.folder.root) for run in runs.values()))]
    rows += [(name, *(own.get(name, "–") for own in versions)) for name in names]
    return Section("environment", "Environment", table(("", *runs), rows, numbers_from=len(runs) + 1))
