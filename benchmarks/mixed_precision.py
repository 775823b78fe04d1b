r"""Every method's loss terms at every level of mixed precision, beside those of float32.

    python benchmarks/mixed_precision.py

Each method trains its recipe ``smoke`` on generated persons for a few steps, at a rate so low that all
levels' terms come from nearly the same weights. Runs that are finished are kept in ``--work``: the
command can be interrupted and given again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from report import show_table, write_result
from runs.experiments import mindreid

from mindreid.config import Recipe, load_recipe
from mindreid.engine.training.run import train
from mindreid.engine.training.run_folder import RunFolder
from mindreid.zoo import DATASETS, list_models

FLOAT32, *LEVELS = ("O0", "O1", "O2", "O3", "auto")
STEPS, PERSONS, SEED = 3, 12, 1
#: Files beside the images that a recipe may ask for, by the recipe's key.
FILES = {"views": "views.csv", "keypoints": "keypoints.csv", "silhouettes": "annotations/silhouettes"}

#: {term: its value after every step}
Terms = dict[str, list[float]]


def main() -> None:
    """Train, compare, print and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=list_models())
    parser.add_argument("--work", type=Path, default=Path("runs/mixed_precision"), help="folder of the runs")
    arguments = parser.parse_args()
    figures = {method: compare(method, arguments.work) for method in arguments.methods}
    header = ("method", "term", FLOAT32, *LEVELS, "greatest relative difference")
    show_table(f"Terms after {STEPS} steps", header, _rows(figures))
    chosen = "" if arguments.methods == list_models() else f" --methods {' '.join(arguments.methods)}"
    command = f"python benchmarks/mixed_precision.py{chosen}"
    write_result("mixed_precision", command, {"steps": STEPS, "methods": figures})


def compare(method: str, work: Path) -> dict[str, Any]:
    """Return, by term, float32's values of all steps, each level's, and how far they lie apart."""
    terms = {level: train_at(method, level, work) for level in (FLOAT32, *LEVELS)}
    return {
        term: {
            FLOAT32: single,
            **{level: _against(terms[level][term], single) for level in LEVELS},
        }
        for term, single in terms[FLOAT32].items()
    }


def train_at(method: str, level: str, work: Path) -> Terms:
    """Train a method at a level, unless ``work`` has that run; return its terms."""
    folder = RunFolder(work / method / level)
    if len(_steps(folder)) < STEPS:
        train(recipe_of(method, level, work), folder.root, resume=folder.recipe.exists())
    rows = _steps(folder)
    return {term: [row[term] for row in rows] for term in rows[0]}


def _steps(folder: RunFolder) -> list[dict[str, float]]:
    """Return the terms of every step that the run has taken."""
    if not folder.losses.exists():
        return []
    return [json.loads(line)["terms"] for line in folder.losses.read_text(encoding="utf-8").splitlines()]


def recipe_of(method: str, level: str, work: Path) -> Recipe:
    """Return the method's smallest recipe at a level, on data that are made if they are not there."""
    smoke = load_recipe(f"{method}/smoke")
    root = _data(smoke.dataset.name, work)
    overrides = [
        ("dataset.root", str(root)),
        ("train.epochs", None),
        ("train.steps", STEPS),
        ("train.log_every", 1),
        ("train.evaluate_every", 0),
        # No step is left out for an overflow.
        ("device.loss_scale", 1024.0),
        ("device.amp_level", level),
        *((f"optimizers.{name}.lr", 1e-5) for name in smoke.optimizers),
    ]
    for key, name in FILES.items():
        if getattr(smoke.dataset, key) is not None:
            overrides.append((f"dataset.{key}", str(root / name)))
    return load_recipe(f"{method}/smoke", overrides)


def _data(layout: str, work: Path) -> Path:
    root = work / "data" / layout
    finished = root.with_name(f"{layout}.done")
    if finished.exists():
        return root
    sequences = DATASETS[layout].sequence_layout is not None
    more = () if sequences else ("--annotations", "--cameras", 3, "--frames", 2)
    mindreid(
        "data", "synthesize", "--layout", layout, "--root", root, "--ids", PERSONS, "--seed", SEED, *more
    )  # fmt: skip
    if not sequences:
        frames = root / "annotations" / "frames.jsonl"
        for kind in ("views", "keypoints"):
            mindreid("data", kind, "--images", root, "--keypoints", frames, "--output", root / FILES[kind])
    finished.touch()
    return root


def _against(values: Sequence[float], single: Sequence[float]) -> dict[str, Any]:
    differences = [abs(value - other) / abs(other) if other else 0.0 for value, other in zip(values, single)]
    return {"values": list(values), "relative_difference": max(differences)}


def _rows(figures: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (
            method,
            term,
            own[FLOAT32][-1],
            *(own[level]["values"][-1] for level in LEVELS),
            max(own[level]["relative_difference"] for level in LEVELS),
        )
        for method, terms in figures.items()
        for term, own in terms.items()
    ]


if __name__ == "__main__":
    main()
