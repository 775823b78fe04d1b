"""The tables of measured and published figures, one function each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

from mindreid.errors import DataError
from mindreid.report.tables.figure_texts import (
    FIGURES,
    NO_DATA,
    NO_RECIPE,
    figure_text,
    measured_text,
    published_text,
    row_setting,
)
from mindreid.report.tables.markdown import NOT_RUN, bullets, rank1_and_map_spread, table
from mindreid.report.tables.published import Published, load_published
from mindreid.report.tables.result_files import ResultFiles
from mindreid.zoo import list_models

_TRUST = {"printed": "by the authors", "quoted": "by a later work", "user": "a user's report"}
#: mindcv's columns, with what stands for its accuracy.
_PERFORMANCE = (
    "model name", "params(M)", "cards", "batch size", "resolution", "jit level", "graph compile",
    "ms/step", "img/s", "what", "recipe",
)  # fmt: skip


def models_table(results: ResultFiles, up: str = "") -> str:
    """Show every recipe's published rows without re-ranking beside what was measured.

    ``up`` leads from the document's folder to the checkout's root.
    """
    rows = []
    for model in list_models():
        for row in _published(model).rows:
            if row.recipe is None or row.rerank or row.trust == "user":
                continue
            name = f"[{model}]({up}models/{model}/README.md)"
            rows.append(
                (
                    name,
                    row_setting(row, named=True),
                    f"`{row.recipe}`",
                    published_text(row),
                    measured_text(results, row),
                )
            )
    header = ("model", "dataset, protocol", "recipe", "published: rank-1 / mAP")
    return _table_with_measured(header, rows)


def published_table(results: ResultFiles, model: str) -> str:
    """Show all published rows of a model with their sources, beside what was measured."""
    rows = [
        (
            row_setting(row),
            "yes" if row.rerank else "no",
            row.method or "the paper's",
            published_text(row),
            row.origin,
            measured_text(results, row),
        )
        for row in _published(model).rows
    ]
    header = ("dataset, protocol", "re-ranked", "method", "published: rank-1 / mAP", "source")
    return _table_with_measured(header, rows)


def _table_with_measured(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Write a table whose rows end with what was measured; without that column if nothing was."""
    if all(row[-1] in (NO_RECIPE, NO_DATA) for row in rows):
        return table(header, [row[:-1] for row in rows])
    return table((*header, "measured: rank-1 / mAP"), rows)


def recipe_summary(recipe: str) -> str:
    """Say which published figures a recipe stands for, in one line; the first of several."""
    published = load_published(recipe.split("/")[0])
    rows = [row for row in published.rows if row.recipe == recipe and not row.rerank] if published else []
    # The authors' word counts before a user's.
    rows.sort(key=lambda row: row.trust == "user")
    if not rows:
        return "no published figure"
    first = rows[0]
    figures = ", ".join(
        f"{FIGURES.get(name, name)} {figure_text(value)}" for name, value in first.figures.items()
    )
    more = f"; {len(rows) - 1} more in the model's card" if len(rows) > 1 else ""
    return f"{row_setting(first, named=True)}: {figures} ({_TRUST[first.trust]}){more}"


def pitfalls(model: str) -> str:
    """List what to beware of when comparing with the published figures of a model."""
    return bullets(_published(model).pitfalls)


def learning_tables(results: ResultFiles, model: Optional[str] = None) -> str:
    """Show what the small recipes learn on persons not in training, one table for each experiment.

    With a model, the experiments in which one of its recipes takes part.
    """
    tables = []
    for figures in results.learning():
        recipes = list(dict.fromkeys(arm["recipe"] for arm in figures["arms"].values()))
        if model is None or any(recipe.startswith(f"{model}/") for recipe in recipes):
            tables.append(_learning_table(figures, recipes))
    return "\n\n".join(tables) or NOT_RUN


def _learning_table(figures: Mapping[str, Any], recipes: Sequence[str]) -> str:
    named = ", ".join(f"`{recipe}`" for recipe in recipes)
    title = f"*{figures['title']}*, {len(figures['seeds'])} seeds, {named}"
    arms = figures["summary"]
    rows = [
        (protocol, *(rank1_and_map_spread(own[protocol]) for own in arms.values()))
        for protocol in next(iter(arms.values()))
    ]
    return f"{title}\n\n{table(('rank-1 / mAP', *arms), rows)}"


def performance_table(results: ResultFiles, model: str) -> str:
    """Show the time per step of training and inference on this project's machine, in mindcv's columns."""
    rows = [*_training_rows(results, model), *_inference_rows(results, model)]
    return table(_PERFORMANCE, rows) if rows else NOT_RUN


def _training_rows(results: ResultFiles, model: str) -> Iterator[tuple[str, ...]]:
    figures, benchmark = step_figures(results, model)
    if figures is None:
        return
    seconds, batch = figures["train"]["mindspore_wall_s"], figures["batch"]
    yield (
        model,
        _millions(results, model),
        "1 CPU",
        str(batch),
        _resolution(figures),
        "O0",
        f"{figures['first_step_with_compilation_s']:.0f}s",
        f"{1000 * seconds:.0f}",
        f"{batch / seconds:.1f}",
        "training step",
        f"benchmarks/{benchmark}.py",
    )


def _resolution(figures: Mapping[str, Any]) -> str:
    frames = figures.get("frames")
    image = f"{figures['height']}x{figures['width']}"
    return f"{frames}x{image}" if frames else image


def _inference_rows(results: ResultFiles, model: str) -> Iterator[tuple[str, ...]]:
    figures = results.figures("inference")
    own = figures["models"].get(model) if figures else None
    if own is None:
        return
    for runtime, measured in own["runtimes"].items():
        per_step = measured["ms_per_image"] * own["batch"]
        yield (
            model,
            _millions(results, model),
            "1 CPU",
            str(own["batch"]),
            own["resolution"],
            "O0" if runtime == "MindSpore" else "-",
            f"{measured['start_s']:.1f}s",
            f"{per_step:.0f}",
            f"{1000 / measured['ms_per_image']:.1f}",
            f"inference, {runtime}",
            "benchmarks/inference.py",
        )


def _millions(results: ResultFiles, model: str) -> str:
    figures = results.figures("inference")
    own = figures["models"].get(model) if figures else None
    return f"{own['parameters'] / 1e6:.2f}" if own else "-"


def _published(model: str) -> Published:
    published = load_published(model)
    if published is None:
        raise DataError("the model's folder has no published.yaml", where=f"models/{model}")
    return published


def step_figures(results: ResultFiles, name: str) -> tuple[Optional[Mapping[str, Any]], str]:
    """Find what was measured of a training step, and the benchmark that measured it."""
    for benchmark in ("train_step", "adversarial_step"):
        figures = (results.figures(benchmark) or {}).get(name)
        if figures is not None:
            return figures, benchmark
    return None, ""
