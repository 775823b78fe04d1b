"""Arms of a learning experiment: the same data and budget, one thing different; over seeds.

Each seed makes its own data, split of persons and start. Figures are those of the last epoch,
never of the best one, on persons who were not in training.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np
from report import show_table, write_result

from mindreid.config import Override
from mindreid.engine.evaluation.protocol_results import results_from_json
from mindreid.report.tables.markdown import mean_and_deviation

METRICS = ("rank1", "mAP", "mINP")

#: {protocol: {metric: value}} of one network.
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Arm:
    """One way to get a network.

    Attributes
    ----------
    name : str
        Row of the table.
    recipe : str
        Recipe that is trained or, untrained, evaluated.
    overrides : tuple of str or tuple
        As :func:`mindreid.config.load_recipe` takes them.
    files : tuple of tuple
        More overrides, whose values are paths relative to the seed's data folder.
    checkpoint : str
        "train": train first. "none": evaluate as built. Else a file of weights to evaluate.
    """

    name: str
    recipe: str
    overrides: tuple[Override, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    checkpoint: str = "train"


@dataclass(frozen=True)
class Experiment:
    """Arms on the same data.

    Attributes
    ----------
    name : str
        The result is ``results/learning_<name>.json``.
    title : str
        Above the table.
    data : str
        Name of the data, for their folder.
    make_data : callable
        ``make_data(folder, seed)`` writes one seed's data.
    arms : tuple of Arm
        What is compared; the first is the baseline.
    metrics : tuple of str
        What is taken from each protocol's result.
    """

    name: str
    title: str
    data: str
    make_data: Callable[[Path, int], None]
    arms: tuple[Arm, ...]
    metrics: tuple[str, ...] = METRICS


def run_experiment(experiment: Experiment, seeds: Sequence[int], work: Path, command: str) -> None:
    """Run what ``work`` does not hold yet, then show and store mean and standard deviation."""
    runs = run_arms(experiment, seeds, work)
    summary = summarize(runs, experiment.metrics)
    for protocol in next(iter(summary.values())):
        show_table(
            f"{experiment.title}; {protocol}; {len(seeds)} seeds, per cent",
            ("arm", *experiment.metrics),
            [
                (arm, *(percent(row[protocol].get(m)) for m in experiment.metrics))
                for arm, row in summary.items()
            ],
        )
    write_result(f"learning_{experiment.name}", command, describe(experiment, seeds, runs, summary))


def run_arms(experiment: Experiment, seeds: Sequence[int], work: Path) -> list[dict[str, Any]]:
    """Run what ``work`` does not hold yet; return the "results" of every "seed" and "arm"."""
    data = {seed: _data(experiment, seed, work) for seed in seeds}
    return [
        {"seed": seed, "arm": arm.name, "results": _scores(experiment, arm, seed, data[seed], work)}
        for seed in seeds
        for arm in experiment.arms
    ]


def describe(
    experiment: Experiment, seeds: Sequence[int], runs: Sequence[dict[str, Any]], summary: dict[str, Any]
) -> dict[str, Any]:
    """Return what a result file says of an experiment."""
    arms = {
        arm.name: {
            "recipe": arm.recipe,
            "overrides": [
                *map(override_text, arm.overrides),
                *(f"{key}={{data}}/{name}" for key, name in arm.files),
            ],
        }
        for arm in experiment.arms
    }
    return {
        "title": experiment.title,
        "seeds": list(seeds),
        "arms": arms,
        "summary": summary,
        "runs": list(runs),
    }


def summarize(
    runs: Sequence[dict[str, Any]], metrics: Sequence[str]
) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Mean and sample deviation (n - 1) over seeds: {arm: {protocol: {metric: {mean, std}}}}.

    A protocol has those of the ``metrics`` that it reports.
    """
    summary: dict[str, Any] = {}
    for name in dict.fromkeys(run["arm"] for run in runs):
        own: list[Scores] = [run["results"] for run in runs if run["arm"] == name]
        summary[name] = {
            protocol: {
                metric: spread([scores[protocol][metric] for scores in own])
                for metric in metrics
                if metric in reported
            }
            for protocol, reported in own[0].items()
        }
    return summary


def percent(value: Optional[dict[str, float]]) -> str:
    """Write a mean and its deviation in per cent; a figure that a protocol does not have is a dash."""
    if value is None:
        return "-"
    return mean_and_deviation(value)


def override_text(override: Override) -> str:
    """Write an override as it is given to ``--set``."""
    return (
        override
        if isinstance(override, str)
        else f"{override[0]}={json.dumps(override[1], ensure_ascii=False)}"
    )


def set_options(overrides: Sequence[Override]) -> list[str]:
    """Return the command-line options that stand for overrides of a recipe."""
    return [part for override in overrides for part in ("--set", override_text(override))]


def mindreid(*arguments: Any) -> None:
    """Run a command of this project in a process of its own."""
    subprocess.run([sys.executable, "-m", "mindreid", *map(str, arguments)], check=True)


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the mean and the sample deviation (n - 1) of one value per seed."""
    return {"mean": float(np.mean(values)), "std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0}


def _data(experiment: Experiment, seed: int, work: Path) -> Path:
    """Return the seed's data, which experiments with the same ``make_data`` share."""
    data = work / "data" / experiment.data / str(seed)
    finished = data.with_name(f"{seed}.done")
    if not finished.exists():
        shutil.rmtree(data, ignore_errors=True)
        data.parent.mkdir(parents=True, exist_ok=True)
        experiment.make_data(data, seed)
        finished.touch()
    return data


def _scores(experiment: Experiment, arm: Arm, seed: int, data: Path, work: Path) -> Scores:
    """Return the scores of one arm, trained unless that was done before."""
    folder = work / experiment.name / str(seed) / arm.name.replace(" ", "_")
    result = folder / "result.json"
    if not result.exists():
        _run_arm(arm, seed, data, folder, result)
    found = results_from_json(json.loads(result.read_text(encoding="utf-8"))["results"])
    scores = {}
    for protocol, own in found.items():
        figures = {**own.figures(), "valid_queries": own.valid_queries, "gallery": own.gallery}
        wanted = (*experiment.metrics, "valid_queries", "gallery")
        scores[protocol] = {name: figures[name] for name in wanted if figures.get(name) is not None}
    return scores


def _run_arm(arm: Arm, seed: int, data: Path, folder: Path, result: Path) -> None:
    files = ((key, str(data / name)) for key, name in arm.files)
    sets = set_options([("train.seed", seed), *arm.overrides, *files])
    recipe = ("--config", arm.recipe, "--root", data, *sets)
    weights: tuple[Any, ...] = ("--checkpoint", arm.checkpoint)
    if arm.checkpoint == "none":
        weights = ("--untrained",)
    if arm.checkpoint == "train":
        run = folder / "run"
        going_on = (run / "state.ckpt").exists()
        mindreid("train", *(("--resume", run) if going_on else (*recipe, "--output", run)))
        weights = ("--checkpoint", run / "last.ckpt")
    folder.mkdir(parents=True, exist_ok=True)
    mindreid("eval", *recipe, *weights, "--json", result)
