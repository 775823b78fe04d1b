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

from mindreid.atomic import write_json
from mindreid.config import Override
from mindreid.engine.evaluation.protocol_results import results_from_json
from mindreid.report.tables.markdown import mean_and_deviation

METRICS = ("rank1", "mAP", "mINP")

#: In the folder of a run that has come to its end.
_FINISHED = "finished"

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
    for seed in seeds:
        _make_data(experiment, seed, work)
    return [
        {"seed": seed, "arm": arm.name, "results": _scores(experiment, arm, seed, work)}
        for seed in seeds
        for arm in experiment.arms
    ]


def data_folder(experiment: Experiment, seed: int, work: Path) -> Path:
    """Return where a seed's data is, which experiments with the same ``make_data`` share."""
    return work / "data" / experiment.data / str(seed)


def arm_folder(experiment: Experiment, arm: Arm, seed: int, work: Path) -> Path:
    """Return where an arm's result and, in ``run``, its training are."""
    return work / experiment.name / str(seed) / arm.name.replace(" ", "_")


def arm_overrides(arm: Arm, seed: int, data: Path) -> list[Override]:
    """Return all that is changed of the recipe of an arm."""
    files = ((key, str(data / name)) for key, name in arm.files)
    return [("dataset.root", str(data)), ("train.seed", seed), *arm.overrides, *files]


def describe(
    experiment: Experiment, seeds: Sequence[int], runs: Sequence[dict[str, Any]], summary: dict[str, Any]
) -> dict[str, Any]:
    """Return what a result file says of an experiment."""
    return {
        "title": experiment.title,
        "seeds": list(seeds),
        "arms": {arm.name: settings(arm) for arm in experiment.arms},
        "summary": summary,
        "runs": list(runs),
    }


def settings(arm: Arm) -> dict[str, Any]:
    """Return the recipe of an arm and what is changed of it."""
    files = (f"{key}={{data}}/{name}" for key, name in arm.files)
    return {"recipe": arm.recipe, "overrides": [*map(override_text, arm.overrides), *files]}


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
    """Run a command of this project in a process of its own, which ends with this one.

    Raises
    ------
    CalledProcessError
        If it fails.
    """
    command = [sys.executable, "-m", "mindreid", *map(str, arguments)]
    with subprocess.Popen(command) as process:
        try:
            code = process.wait()
        except BaseException:
            # A training saves its state before it ends.
            process.terminate()
            raise
    if code:
        raise subprocess.CalledProcessError(code, command)


def keep_settings(file: Path, own: dict[str, Any]) -> None:
    """Note how something is run before it begins, so that nothing is taken for it that was run otherwise.

    Raises
    ------
    SystemExit
        If the note that is there says something else.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, own)
    elif json.loads(file.read_text(encoding="utf-8")) != own:
        raise SystemExit(
            f"{file} is of a run with other settings: delete {file.parent}, or pass another --work"
        )


def train_once(recipe: str, overrides: Sequence[Override], folder: Path) -> Path:
    """Train, go on with what was interrupted, or find it trained; return the last weights."""
    if not (folder / _FINISHED).exists():
        afresh = ("--config", recipe, "--output", folder, *set_options(overrides))
        going_on = (folder / "state.ckpt").exists()
        mindreid("train", *(("--resume", folder) if going_on else afresh))
        (folder / _FINISHED).touch()
    return folder / "last.ckpt"


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the mean and the sample deviation (n - 1) of one value per seed."""
    return {"mean": float(np.mean(values)), "std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0}


def _make_data(experiment: Experiment, seed: int, work: Path) -> None:
    data = data_folder(experiment, seed, work)
    finished = data.with_name(f"{seed}.done")
    if not finished.exists():
        shutil.rmtree(data, ignore_errors=True)
        data.parent.mkdir(parents=True, exist_ok=True)
        experiment.make_data(data, seed)
        finished.touch()


def _scores(experiment: Experiment, arm: Arm, seed: int, work: Path) -> Scores:
    """Return the scores of one arm, trained unless that was done before."""
    folder = arm_folder(experiment, arm, seed, work)
    result = folder / "result.json"
    keep_settings(folder / "arm.json", {**settings(arm), "checkpoint": arm.checkpoint})
    if not result.exists():
        _run_arm(arm, arm_overrides(arm, seed, data_folder(experiment, seed, work)), folder / "run", result)
    found = results_from_json(json.loads(result.read_text(encoding="utf-8"))["results"])
    scores = {}
    for protocol, own in found.items():
        figures = {**own.figures(), "valid_queries": own.valid_queries, "gallery": own.gallery}
        wanted = (*experiment.metrics, "valid_queries", "gallery")
        scores[protocol] = {name: figures[name] for name in wanted if figures.get(name) is not None}
    return scores


def _run_arm(arm: Arm, overrides: Sequence[Override], run: Path, result: Path) -> None:
    weights: tuple[Any, ...] = ("--checkpoint", arm.checkpoint)
    if arm.checkpoint == "none":
        weights = ("--untrained",)
    if arm.checkpoint == "train":
        weights = ("--checkpoint", train_once(arm.recipe, overrides, run))
    mindreid("eval", "--config", arm.recipe, *set_options(overrides), *weights, "--json", result)
