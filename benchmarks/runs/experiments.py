"""Arms of a learning experiment: the same data and budget, one thing different; over seeds.

Each seed makes its own data, split of persons and start. Figures are those of the last epoch,
never of the best one, on persons who were not in training.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Optional

import numpy as np
from report import show_table, write_result

from mindreid.config import Override, load_recipe
from mindreid.data.records import Dataset
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.engine.evaluation.protocol_evaluation import (
    ProtocolEmbeddings,
    chosen_protocols,
    embed_protocols,
    evaluate_protocols,
)
from mindreid.engine.evaluation.protocol_results import Results, results_from_json
from mindreid.report.tables.markdown import mean_and_deviation
from runs.finished_runs import Place, file_digest, run_settings, stored

METRICS = ("rank1", "mAP", "mINP")

#: In the folder of a run that has come to its end.
_FINISHED = "finished"

#: {protocol: {metric: value}} of one network.
Scores = dict[str, dict[str, float]]
#: From a dataset and its embeddings to scores of more protocols.
Measure = Callable[[Dataset, ProtocolEmbeddings], Scores]


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
    more : callable, optional
        Measures protocols beside those of the recipes.
    """

    name: str
    title: str
    data: str
    make_data: Callable[[Path, int], None]
    arms: tuple[Arm, ...]
    metrics: tuple[str, ...] = METRICS
    more: Optional[Measure] = None


def run_experiment(experiment: Experiment, seeds: Sequence[int], work: Place, command: str) -> None:
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


def run_arms(experiment: Experiment, seeds: Sequence[int], work: Place) -> list[dict[str, Any]]:
    """Run what ``work`` does not hold yet; return the "results" of every "seed" and "arm"."""
    return [
        {"seed": seed, "arm": arm.name, "results": _scores(experiment, arm, seed, work)}
        for seed in seeds
        for arm in experiment.arms
    ]


def train_arm(experiment: Experiment, arm: Arm, seed: int, work: Place) -> Path:
    """Train the network of one arm unless that was done before; return its weights."""
    overrides = arm_overrides(arm, seed, _made_data(experiment, seed, work))
    return train_once(arm.recipe, overrides, arm_place(experiment, arm, seed, work).run / "run")


def arm_place(experiment: Experiment, arm: Arm, seed: int, work: Place) -> Place:
    """Return where an arm's figures and, in ``run/run``, its training are."""
    return work / experiment.name / str(seed) / file_name(arm.name)


def arm_settings(experiment: Experiment, arm: Arm, seed: int) -> dict[str, Any]:
    """Return all that an arm's figures depend on."""
    overrides = [("train.seed", seed), *arm.overrides]
    weights = arm.checkpoint
    if weights not in ("train", "none"):
        weights = file_digest(Path(weights))
    data = {"data": experiment.data, "data_seed": seed, "files": dict(arm.files)}
    return run_settings(arm.recipe, overrides, **data, weights=weights)


def file_name(name: str) -> str:
    """Return an arm's name as a file's: lower case letters, digits, and ``_`` for whatever else there is."""
    plain = name.lower().replace("ε", "epsilon").replace("²", "2")
    return re.sub(r"[^a-z0-9.]+", "_", plain).strip("_")


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


def _made_data(experiment: Experiment, seed: int, work: Place) -> Path:
    """Return the folder of a seed's data, made unless it is there; experiments may share it."""
    data = work.run / "data" / experiment.data / str(seed)
    finished = data.with_name(f"{seed}.done")
    if not finished.exists():
        shutil.rmtree(data, ignore_errors=True)
        data.parent.mkdir(parents=True, exist_ok=True)
        experiment.make_data(data, seed)
        finished.touch()
    return data


def _scores(experiment: Experiment, arm: Arm, seed: int, work: Place) -> Scores:
    """Return the scores of one arm, trained unless that was done before."""
    measure = partial(_measure_arm, experiment, arm, seed, work)
    return stored(arm_place(experiment, arm, seed, work), arm_settings(experiment, arm, seed), measure)


def _measure_arm(experiment: Experiment, arm: Arm, seed: int, work: Place) -> Scores:
    overrides = arm_overrides(arm, seed, _made_data(experiment, seed, work))
    checkpoint = None if arm.checkpoint == "none" else Path(arm.checkpoint)
    if arm.checkpoint == "train":
        checkpoint = train_arm(experiment, arm, seed, work)
    if experiment.more is None:
        return _chosen(_evaluate(arm.recipe, overrides, checkpoint), experiment.metrics)
    run = EvaluationRun(load_recipe(arm.recipe, overrides), checkpoint)
    protocols = chosen_protocols(run.dataset, run.recipe.evaluation)
    embeddings = embed_protocols(run.extract, protocols)
    results = evaluate_protocols(protocols, embeddings, run.recipe.evaluation)
    return {**_chosen(results, experiment.metrics), **experiment.more(run.dataset, embeddings)}


def _evaluate(recipe: str, overrides: Sequence[Override], checkpoint: Optional[Path]) -> Results:
    """Return the results of ``mindreid eval``, a process of its own."""
    weights = ("--untrained",) if checkpoint is None else ("--checkpoint", checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result.json")
        mindreid("eval", "--config", recipe, *set_options(overrides), *weights, "--json", result)
        return results_from_json(json.loads(result.read_text(encoding="utf-8"))["results"])


def _chosen(results: Results, metrics: Sequence[str]) -> Scores:
    scores = {}
    for protocol, own in results.items():
        figures = {**own.figures(), "valid_queries": own.valid_queries, "gallery": own.gallery}
        wanted = (*metrics, "valid_queries", "gallery")
        scores[protocol] = {name: figures[name] for name in wanted if figures.get(name) is not None}
    return scores
