r"""Does every method learn? Its small recipe on generated walkers, against the same network untrained.

    python benchmarks/methods.py
    python benchmarks/methods.py --models pcb ide

Figures are those of the last epoch, on persons not in training. A method counts as learning where
its paired gain over the untrained network exceeds two of its deviations over the seeds. Runs that are
finished are kept in ``--work``: the command can be interrupted and given again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from learning import VIEWS, make_clothes_walkers, make_gait_walkers
from report import show_table, write_result
from runs.experiments import METRICS, Arm, Experiment, mindreid, run_arms, summarize
from runs.finished_runs import in_one_folder

from mindreid.config import load_recipe
from mindreid.report.tables.markdown import mean_and_deviation
from mindreid.zoo import list_models


def make_walkers(root: Path, seed: int) -> None:
    """Write the walkers of the re-identification recipes, with their true keypoints."""
    mindreid("data", "synthesize", "--root", root, "--ids", 120, "--seed", seed, "--annotations")
    frames = root / "annotations" / "frames.jsonl"
    mindreid("data", "keypoints", "--images", root, "--keypoints", frames, "--output", root / KEYPOINTS)


KEYPOINTS = "keypoints.csv"

#: Files beside the images that a recipe may ask for, by the recipe's key.
FILES = {"views": VIEWS, "keypoints": KEYPOINTS, "silhouettes": "annotations/silhouettes"}

#: By the layout that a recipe trains on.
DATA: dict[str, Callable[[Path, int], None]] = {
    "market1501": make_walkers,
    "ltcc": make_clothes_walkers,
    "ccpg": make_gait_walkers,
}


def experiment(layout: str, models: Sequence[str]) -> Experiment:
    """Every method that trains on a layout: untrained, then trained."""
    arms = []
    for model in models:
        recipe = f"{model}/walkers"
        dataset = load_recipe(recipe).dataset
        files = tuple((f"dataset.{key}", name) for key, name in FILES.items() if getattr(dataset, key))
        arms += [
            Arm(f"{model} untrained", recipe, files=files, checkpoint="none"),
            Arm(model, recipe, files=files),
        ]
    return Experiment(f"methods_{layout}", layout, f"walkers_{layout}", DATA[layout], tuple(arms))


def gains(model: str, runs: Sequence[dict[str, Any]], protocol: str) -> dict[str, dict[str, float]]:
    """Paired gains of training in a protocol, mean and sample deviation over seeds, by metric."""
    scores = {(run["arm"], run["seed"]): run["results"][protocol] for run in runs}
    seeds = sorted({seed for _, seed in scores})
    found = {}
    for metric in METRICS:
        if metric not in scores[model, seeds[0]]:
            continue
        difference = [scores[model, s][metric] - scores[f"{model} untrained", s][metric] for s in seeds]
        deviation = float(np.std(difference, ddof=1)) if len(seeds) > 1 else 0.0
        found[metric] = {"mean": float(np.mean(difference)), "std": deviation}
    return found


def learned(model: str, layout: str, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Say of one method what training is worth, in the first protocol of its data."""
    own = [run for run in runs if run["arm"] in (model, f"{model} untrained")]
    protocol = next(iter(own[0]["results"]))
    summary = summarize(own, METRICS)
    return {
        "recipe": f"{model}/walkers",
        "layout": layout,
        "protocol": protocol,
        "untrained": summary[f"{model} untrained"][protocol],
        "trained": summary[model][protocol],
        "gain": gains(model, own, protocol),
        "runs": own,
    }


def main() -> None:
    """Measure the methods and store what each one learns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=list_models(), choices=list_models(), metavar="MODEL")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--work", type=Path, default=Path("runs/methods"), help="folder of the runs")
    arguments = parser.parse_args()
    layouts = {model: load_recipe(f"{model}/walkers").dataset.name for model in arguments.models}
    figures: dict[str, Any] = {}
    for layout in dict.fromkeys(layouts.values()):
        models = [model for model, own in layouts.items() if own == layout]
        runs = run_arms(experiment(layout, models), arguments.seeds, in_one_folder(arguments.work))
        figures |= {model: learned(model, layout, runs) for model in models}
    figures = dict(sorted(figures.items()))
    rows = [
        (
            model,
            own["protocol"],
            *(mean_and_deviation(own[key]["rank1"]) for key in ("untrained", "trained", "gain")),
        )
        for model, own in figures.items()
    ]
    show_table("rank-1, per cent", ("method", "protocol", "untrained", "trained", "gain"), rows)
    every = set(arguments.models) == set(list_models())
    given = "" if every else f" --models {' '.join(arguments.models)}"
    seeds = " ".join(map(str, arguments.seeds))
    command = f"python benchmarks/methods.py{given} --seeds {seeds}"
    write_result("methods", command, {"seeds": arguments.seeds, "methods": figures})


if __name__ == "__main__":
    main()
