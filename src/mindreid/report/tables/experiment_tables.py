"""Tables of single experiments, each made of the result file that it is named after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mindreid.report.tables.markdown import (
    NOT_RUN,
    mean_and_deviation,
    percent,
    rank1_and_map_spread,
    table,
)
from mindreid.report.tables.result_files import ResultFiles


def mined_classes_table(results: ResultFiles) -> str:
    """Show what is mined before each epoch: classes, and how far they agree with what is known."""
    figures = results.figures("mined_classes")
    if figures is None:
        return NOT_RUN
    rows = [
        (
            arm,
            str(row["epoch"]),
            f"{row['classes']['mean']:.0f}",
            f"{row['outliers']['mean']:.0f}",
            *(f"{row[key]['mean']:.2f} ± {row[key]['std']:.2f}" for key in _AGREEMENT),
        )
        for arm, epochs in figures["arms"].items()
        for row in epochs
    ]
    return table(("network", "before epoch", "classes", "outliers", *_AGREEMENT.values()), rows)


_AGREEMENT = {
    "nmi_outfit": "outfits",
    "nmi_outfit_within_persons": "outfits, within persons",
    "nmi_outfit_view": "outfit and view",
    "nmi_outfit_view_within_persons": "outfit and view, within persons",
}


def methods_table(results: ResultFiles) -> str:
    """Show of every method what its small recipe learns, against the same network untrained."""
    figures = results.figures("methods")
    if figures is None:
        return NOT_RUN
    rows = [
        (
            f"`{own['recipe']}`",
            own["protocol"],
            *(rank1_and_map_spread(own[key]) for key in ("untrained", "trained", "gain")),
            _deviations(own["gain"]["rank1"]),
        )
        for own in figures["methods"].values()
    ]
    header = (
        "recipe",
        "protocol",
        "untrained: rank-1 / mAP",
        "trained",
        "gain",
        "rank-1's gain in deviations",
    )
    return table(header, rows)


def telling_table(results: ResultFiles) -> str:
    """Show the figure of each of the main experiments that says most; the documents hold them whole."""
    rows = [
        _telling(results, "learning_clothes", "clothes changed, walkers", "identity loss only", "CAL"),
        _telling(results, "learning_clothes", "clothes changed, walkers", "identity loss only", "VAL"),
        _telling(results, "learning_fire", "clothes changed, walkers", "identity loss only", "FIRe²"),
        _telling(results, "learning_gait", "gait, clothes changed, walkers", "untrained", "plain"),
        _telling(results, "learning_gait", "gait, clothes changed, walkers", "plain", "AUG"),
        _telling(results, "learning_pets09", "real pedestrians, PETS09", "untrained", "trained"),
    ]
    return table(("rank-1 / mAP, per cent", "without", "with", "recipe"), rows)


def _telling(results: ResultFiles, name: str, what: str, baseline: str, arm: str) -> tuple[str, ...]:
    """Compare two arms of an experiment in its first protocol."""
    figures = results.figures(name)
    if figures is None:
        return (what, NOT_RUN, NOT_RUN, "")
    summary = figures["summary"]
    protocol = next(iter(summary[arm]))
    shown = (f"{words}: {rank1_and_map_spread(summary[words][protocol])}" for words in (baseline, arm))
    own = figures["arms"][arm]
    # What lies beside the data is its own, and no change of the recipe.
    changes = (text for text in own["overrides"] if "{data}" not in text)
    return (what, *shown, ", ".join(f"`{text}`" for text in (own["recipe"], *changes)))


def _deviations(gain: Mapping[str, float]) -> str:
    return f"{gain['mean'] / gain['std']:.1f}" if gain["std"] > 0 else "–"


def gait_or_clothes_table(results: ResultFiles) -> str:
    """Show rank-1 of gait and of appearance by what changes, one row for each input."""
    figures = results.figures("gait_or_clothes")
    if figures is None:
        return NOT_RUN
    summary = figures["summary"]
    protocols = [name for name in next(iter(summary.values())) if not name.endswith("same view")]
    # One seed has no deviation.
    write = mean_and_deviation if len(figures["seeds"]) > 1 else lambda spread: percent(spread["mean"])
    rows = [(arm, *(write(own[protocol]["rank1"]) for protocol in protocols)) for arm, own in summary.items()]
    return table(("input", *protocols), rows)


def gait_pets09_table(results: ResultFiles) -> str:
    """Show how often real walkers are found in another part of their track, and what guessing finds."""
    figures = results.figures("gait_pets09")
    if figures is None:
        return NOT_RUN
    rows = [
        (name, percent(own["rank1"]), *_interval(own, "rank1"), percent(own["chance"]))
        for name, own in figures["networks"].items()
    ]
    return table(("network", "rank-1", "95 % from", "to", "chance"), rows)


def _interval(own: Mapping[str, Any], name: str) -> tuple[str, str]:
    least, most = own["interval_95"][name]
    return percent(least), percent(most)


def mixed_precision_table(results: ResultFiles) -> str:
    """Show every method's terms after the last step at every level, and how far they lie from float32's."""
    figures = results.figures("mixed_precision")
    if figures is None:
        return NOT_RUN
    first = next(iter(next(iter(figures["methods"].values())).values()))
    single, *levels = first
    rows = [
        (
            method,
            term,
            f"{own[single][-1]:.5f}",
            *(_with_difference(own[level]) for level in levels),
        )
        for method, terms in figures["methods"].items()
        for term, own in terms.items()
    ]
    return table(("method", "term", single, *levels), rows)


def _with_difference(own: Mapping[str, Any]) -> str:
    return f"{own['values'][-1]:.5f} ({100 * own['relative_difference']:.2g} %)"
