"""The question of CCPG's paper, on generated walkers: gait or appearance, when clothes change.

Gait methods on silhouettes and re-identification methods on the colour frames of the same
sequences, their features averaged, learn from the same walkers and are tested on the same probe and
gallery lists of others, in both of CCPG's protocols: with face and shoes visible, with one of
them masked, with both. Runs that are finished are kept in ``--work``.

    python benchmarks/gait_or_clothes.py --gait gaitset gaitpart gaitgl aug_ogbase --reid pcb cal fire
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from learning import make_gait_walkers
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from report import RESULTS, show_table, write_result
from runs.experiments import Arm, Experiment, describe, percent, run_arms, summarize
from runs.finished_runs import in_one_folder

from mindreid.atomic import atomic_path
from mindreid.metrics.percentages import to_percent

SETTINGS = {"CL": "all clothes", "UP": "upper clothes", "DN": "lower clothes", "BG": "a bag"}
PROTOCOLS = {"reid": "re-identification protocol", "gait": "gait protocol, other views"}
GAIT, PLAIN_GAIT = "gait", "gait, not augmented"
VISIBLE, MASKED = "RGB", "RGB, face and shoes masked"
MODALITIES = {
    VISIBLE: "rgbs",
    "RGB, shoes masked": "rgbs-mask-shoes",
    "RGB, face masked": "rgbs-mask-face",
    MASKED: "rgbs-mask-face-shoes",
}
CLAIMED = (GAIT, PLAIN_GAIT, VISIBLE, MASKED)
#: Whose arms keep the short names above.
USUAL_GAIT, USUAL_REID = "aug_ogbase", "cal"
METRICS = ("rank1", "mAP", "mINP")


@dataclass(frozen=True)
class Compared:
    """What takes part, with overrides of the recipes of either side."""

    ids: int
    gait: Sequence[str] = (USUAL_GAIT,)
    reid: Sequence[str] = (USUAL_REID,)
    set_gait: Sequence[str] = ()
    set_rgb: Sequence[str] = ()


def gait_arms(compared: Compared) -> list[Arm]:
    """Every gait method; those with augmentation a second time, without it."""
    arms = []
    for model in compared.gait:
        recipe = f"{model}/walkers"
        arms.append(Arm(GAIT if model == USUAL_GAIT else model, recipe, tuple(compared.set_gait)))
        if model == USUAL_GAIT:
            arms.append(Arm(PLAIN_GAIT, recipe, (*compared.set_gait, ("augment", []))))
    return arms


def reid_arms(compared: Compared) -> list[Arm]:
    """Every re-identification method, with everything visible and with parts masked."""
    return [
        Arm(
            name if model == USUAL_REID else f"{model}, {name}",
            f"{model}/gait_walkers",
            (("dataset.modality", modality), *compared.set_rgb),
        )
        for model in compared.reid
        for name, modality in MODALITIES.items()
    ]


def experiment(compared: Compared) -> Experiment:
    """Describe the comparison on ``ids`` walkers, half of them for testing."""
    ids = compared.ids
    title = "Generated walkers who change clothes: gait against re-identification"
    return Experiment(
        f"gait_or_clothes_{ids}",
        title,
        f"gait_walkers_{ids}",
        partial(make_gait_walkers, ids=ids),
        (*gait_arms(compared), *reid_arms(compared)),
        METRICS,
    )


def claim(summary: dict[str, Any]) -> dict[str, Any]:
    """Collect what the paper claims: all clothes changed, what face and shoes are worth, and gait."""
    return {
        protocol: {arm: summary[arm][f"CL {protocol}"]["rank1"]["mean"] for arm in CLAIMED if arm in summary}
        for protocol in PROTOCOLS
    }


def show(summary: dict[str, Any], title: str) -> None:
    """Write rank-1 of every arm by what changes, in both protocols."""
    columns = [f"{setting} {protocol}" for protocol in PROTOCOLS for setting in SETTINGS]
    rows = [
        (label(arm), *(percent(rows[column]["rank1"]) for column in columns)) for arm, rows in summary.items()
    ]
    show_table(f"{title}; rank-1, per cent", ("arm", *columns), rows)


def draw(summary: dict[str, Any], path: Path) -> None:
    """Draw rank-1 by what changes, one group of bars per setting, one panel per protocol.

    A line on a bar is what its method finds with face and shoes masked.
    """
    bars = {label(arm): rows for arm, rows in summary.items() if "masked" not in arm}
    masked = {label(arm): rows for arm, rows in summary.items() if arm.endswith(MASKED)}
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    panels = figure.subplots(1, len(PROTOCOLS), sharey=True)
    colours = _colours(list(bars))
    width = 0.84 / len(bars)
    for panel, (protocol, words) in zip(panels, PROTOCOLS.items()):
        for number, (name, rows) in enumerate(bars.items()):
            places = np.arange(len(SETTINGS)) + (number + 0.5) * width - 0.42
            means, spreads = _rank1(rows, protocol)
            errors = spreads if spreads.any() else None
            panel.bar(places, means, width, yerr=errors, label=name, capsize=2, color=colours[name])
            if (covered := masked.get(f"{name}, face and shoes masked")) is not None:
                panel.hlines(_rank1(covered, protocol)[0], places - width / 2, places + width / 2, "black")
        panel.set_xticks(range(len(SETTINGS)), [f"{name}\n{what}" for name, what in SETTINGS.items()])
        panel.set_title(words)
        panel.grid(axis="y", alpha=0.3)
    panels[0].set_ylabel("rank-1, per cent")
    panels[0].set_ylim(0, 100)
    handles, names = panels[0].get_legend_handles_labels()
    handles.append(Line2D([], [], color="black"))
    names.append("face and shoes masked")
    figure.legend(handles, names, loc="outside lower center", ncols=5)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")


def label(arm: str) -> str:
    """Return the name of an arm in tables and pictures, which begins with that of its method."""
    for short, model in ((GAIT, USUAL_GAIT), (VISIBLE, f"{USUAL_REID}, {VISIBLE}")):
        if arm == short or arm.startswith(f"{short}, "):
            return model + arm.removeprefix(short)
    return arm


def _rank1(rows: dict[str, Any], protocol: str) -> tuple[np.ndarray, np.ndarray]:
    """Return means and deviations of rank-1 in every setting of a protocol, per cent."""
    values = [rows[f"{setting} {protocol}"]["rank1"] for setting in SETTINGS]
    means, spreads = (np.array([to_percent(value[key]) for value in values]) for key in ("mean", "std"))
    return means, spreads


def _colours(names: Sequence[str]) -> dict[str, Any]:
    """Give every method a shade: blue for gait, orange for colour frames."""
    colours = {}
    for shades, own in (
        (colormaps["Blues"], [name for name in names if VISIBLE not in name]),
        (colormaps["Oranges"], [name for name in names if VISIBLE in name]),
    ):
        colours |= dict(zip(own, shades(np.linspace(0.35, 0.9, max(len(own), 1)))))
    return colours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ids", type=int, default=100, help="walkers, half of them for testing")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--gait", nargs="+", default=[USUAL_GAIT], metavar="MODEL", help="gait methods")
    parser.add_argument("--reid", nargs="+", default=[USUAL_REID], metavar="MODEL", help="methods on colour")
    for side in ("gait", "rgb"):
        override = f"override a key of the {side} recipe (repeatable)"
        parser.add_argument(f"--set-{side}", action="append", default=[], metavar="KEY=VALUE", help=override)
    parser.add_argument("--work", type=Path, default=Path("runs/gait_or_clothes"), help="folder of the runs")
    parser.add_argument("--output", type=Path, default=RESULTS / "gait_or_clothes.png", help="the plot")
    arguments = parser.parse_args()
    compared = Compared(arguments.ids, arguments.gait, arguments.reid, arguments.set_gait, arguments.set_rgb)
    compares = experiment(compared)
    runs = run_arms(compares, arguments.seeds, in_one_folder(arguments.work))
    summary = summarize(runs, METRICS)
    show(summary, compares.title)
    draw(summary, arguments.output)
    figures = describe(compares, arguments.seeds, runs, summary)
    for part in ("arms", "summary"):
        figures[part] = {label(arm): of for arm, of in figures[part].items()}
    figures["runs"] = [{**run, "arm": label(run["arm"])} for run in runs]
    figures |= {"ids": arguments.ids, "claim": claim(summary)}
    write_result("gait_or_clothes", _command(arguments), figures)


def _command(arguments: argparse.Namespace) -> str:
    seeds = " ".join(map(str, arguments.seeds))
    command = f"python benchmarks/gait_or_clothes.py --ids {arguments.ids} --seeds {seeds}"
    for option, models, usual in (
        ("--gait", arguments.gait, USUAL_GAIT),
        ("--reid", arguments.reid, USUAL_REID),
    ):
        if models != [usual]:
            command += f" {option} {' '.join(models)}"
    for option, overrides in (("--set-gait", arguments.set_gait), ("--set-rgb", arguments.set_rgb)):
        command += "".join(f" {option} {text}" for text in overrides)
    return command


if __name__ == "__main__":
    main()
