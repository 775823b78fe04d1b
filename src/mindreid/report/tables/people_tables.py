"""Tables of what was measured on real persons; each is "not run here" until its benchmark was run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mindreid.report.loss_history import TOTAL
from mindreid.report.tables.markdown import NOT_RUN, difference_with_interval, percent, table, with_interval
from mindreid.report.tables.result_files import ResultFiles

_CHANCE = "chance"


def real_people_table(results: ResultFiles) -> str:
    """Show every network on CUHK01, ours and others', beside the first that others are compared with."""
    figures = results.figures("real_people_cuhk01")
    if figures is None:
        return NOT_RUN
    (baseline,) = (name for name, own in figures["networks"].items() if "minus_baseline" not in own["rank1"])
    rows = [
        (
            name,
            with_interval(own["rank1"]),
            with_interval(own["mAP"]),
            difference_with_interval(own["rank1"]["minus_baseline"]) if name != baseline else "",
        )
        for name, own in figures["networks"].items()
    ]
    header = ("network", "rank-1 (95 %)", "mAP (95 %)", f"rank-1 above {baseline} (95 %)")
    lines = [table(header, rows), *(_rates_line(arm, rates) for arm, rates in figures["rates"].items())]
    return "\n\n".join(lines)


def _rates_line(arm: str, rates: Sequence[float]) -> str:
    """Say with which parts of its recipe's rates an arm was trained, split by split."""
    return f"*{arm}* has its recipe's learning rates × {', '.join(f'{rate:g}' for rate in rates)} (by split)."


def rates_table(results: ResultFiles) -> str:
    """Show the terms of every arm's loss at parts of its recipe's rates, and which part was chosen."""
    figures = results.figures("people_rates")
    if figures is None:
        return NOT_RUN
    factors = list(next(iter(figures["arms"].values()))["losses"])
    rows = [
        (arm, *(loss_terms(own["losses"][factor]) for factor in factors), f"× {own['chosen']:g}")
        for arm, own in figures["arms"].items()
    ]
    return table(("network", *(f"loss at × {factor}" for factor in factors), "chosen"), rows)


def loss_terms(losses: Mapping[str, float]) -> str:
    """Return the terms of a loss, without their sum."""
    return ", ".join(f"{term} {value:.2f}" for term, value in losses.items() if term != TOTAL)


def curve_table(results: ResultFiles) -> str:
    """Show a training of full length, evaluation by evaluation, and say since when it is level."""
    figures = results.figures("real_people_curve")
    if figures is None:
        return NOT_RUN
    rows = [(metric, *map(percent, figures[key])) for metric, key in (("rank-1", "rank1"), ("mAP", "mAP"))]
    header = ("after epoch", *map(str, figures["epochs"]))
    level = f"Rank-1 is within a point of its end from epoch {figures['level_from_epoch']}"
    return f"{table(header, rows)}\n\n{level} (`{figures['recipe']}`, {figures['protocol']})."


def view_labels_table(results: ResultFiles) -> str:
    """Show what either method tells of every true orientation."""
    figures = results.figures("pku_labels")
    if figures is None:
        return NOT_RUN
    return "\n\n".join(
        f"*{method}*: {own['right_percent']} % right, {own['labelled_percent']} % told, "
        f"median error {own['median_error_degrees']}°\n\n{_confusion(own['confusion'])}"
        for method, own in figures["methods"].items()
    )


def view_differences_table(results: ResultFiles) -> str:
    """Show rank-1 by how differently a query and the gallery see a person."""
    figures = results.figures("pku_views")
    if figures is None:
        return NOT_RUN
    return _by_column(figures["by_difference"], "rank-1")


def kth_table(results: ResultFiles) -> str:
    """Show rank-1 of gait and of appearance, in other and in the same clothes."""
    figures = results.figures("kth_walking")
    return NOT_RUN if figures is None else _by_column(figures["protocols"], "rank-1 (95 %)", interval=True)


def _by_column(columns: Mapping[str, Mapping[str, Any]], corner: str, *, interval: bool = False) -> str:
    """Write a row for each arm, a column for each protocol, and chance."""
    write = with_interval if interval else lambda own: percent(own["mean"])
    arms = list(next(iter(columns.values())))
    rows = [(arm, *(write(of[arm]["rank1"]) for of in columns.values())) for arm in arms]
    chances = (percent(next(iter(of.values()))[_CHANCE]["mean"]) for of in columns.values())
    return table((corner, *columns), [*rows, (_CHANCE, *chances)])


def _confusion(counts: Mapping[str, Mapping[str, int]]) -> str:
    names = list(next(iter(counts.values())))
    rows = [(f"{angle}°", *(str(told[name]) for name in names)) for angle, told in counts.items()]
    return table(("true angle", *names), rows)
