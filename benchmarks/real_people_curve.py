r"""Real persons: one method trained at full length, evaluated on the way, to see where it levels off.

    python benchmarks/real_people_curve.py --root data/cuhk01

A run that is interrupted is resumed by the same command. The network of the last epoch is reported; that
the best evaluation may lie before it is shown, and chooses nothing. What is still confused is seen on the
run's page, `mindreid report run RUN`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from real_people import PROTOCOL, QUICK, make_quick_data
from report import RESULTS, run_program, show_table, write_result
from runs.experiments import train_once
from runs.quick_trees import parse_with_quick

from mindreid.atomic import PathLike, atomic_path
from mindreid.config import Override
from mindreid.engine.training.run_folder import RunFolder
from mindreid.metrics.percentages import to_percent
from mindreid.report.evaluation_history import EvaluationHistory, read_evaluations
from mindreid.report.tables.markdown import percent

DATASET, RECIPE = "cuhk01", "mgn/cuhk01_long"
#: How far from its end a curve may be that is level: a point.
_LEVEL = 0.01


def measure(root: Path, work: Path, split: int, sets: tuple[Override, ...]) -> EvaluationHistory:
    """Train to the end, or find it trained; return every evaluation."""
    base: tuple[Override, ...] = (
        ("dataset.root", str(root)),
        ("dataset.split", split),
        ("train.seed", split + 1),
        ("evaluation.protocols", [PROTOCOL]),
    )
    folder = work / f"split_{split}"
    train_once(RECIPE, [*base, *sets], folder)
    return read_evaluations(RunFolder(folder).evaluations)


def summarize(history: EvaluationHistory) -> dict[str, Any]:
    """Return the curve, its end and best, and since when it has been level with its end."""
    rank1, mean_ap = (history.figures[metric][PROTOCOL] for metric in ("rank1", "mAP"))
    return {
        "protocol": PROTOCOL,
        "epochs": history.epochs.tolist(),
        "rank1": rank1.tolist(),
        "mAP": mean_ap.tolist(),
        "last": {"rank1": float(rank1[-1]), "mAP": float(mean_ap[-1])},
        "best": {"epoch": int(history.epochs[rank1.argmax()]), "rank1": float(rank1.max())},
        "level_from_epoch": level_from(history.epochs, rank1),
    }


def level_from(epochs: np.ndarray, values: np.ndarray) -> int:
    """Return the first of ``epochs`` from which all ``values`` are within a point of the last one."""
    away = np.flatnonzero(np.abs(values - values[-1]) > _LEVEL)
    return int(epochs[away[-1] + 1 if len(away) else 0])


def draw(figures: dict[str, Any], path: PathLike) -> None:
    """Draw rank-1 and mAP by epoch."""
    figure = Figure(figsize=(6.0, 3.4), layout="constrained")
    axis = figure.subplots()
    for metric, name, style in (("rank1", "rank-1", "-"), ("mAP", "mAP", "--")):
        axis.plot(figures["epochs"], [to_percent(value) for value in figures[metric]], style, label=name)
    axis.set(xlabel="epoch", ylabel="per cent", ylim=(0, None), title=f"{RECIPE}, {PROTOCOL}")
    axis.grid(alpha=0.3)
    axis.legend()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, help="CUHK01's folder; --quick makes its own")
    parser.add_argument("--split", type=int, default=0, help="which random split of the persons")
    parser.add_argument("--work", type=Path, default=Path("runs/real_people_curve"), help="folder of the run")
    parser.set_defaults(dataset=DATASET)
    arguments = parse_with_quick(parser)
    sets: tuple[Override, ...] = ()
    folder = RESULTS
    if arguments.quick:
        make_quick_data(DATASET, arguments.root)
        sets = (*QUICK, ("train.epochs", 2), ("train.evaluate_every", 1))
        folder = arguments.work
    figures = summarize(measure(arguments.root, arguments.work, arguments.split, sets))
    rows = [
        (epoch, percent(rank1), percent(mean_ap))
        for epoch, rank1, mean_ap in zip(figures["epochs"], figures["rank1"], figures["mAP"])
    ]
    show_table(f"{RECIPE}, {PROTOCOL}, per cent", ("epoch", "rank-1", "mAP"), rows)
    draw(figures, folder / "real_people_curve.png")
    command = f"python benchmarks/real_people_curve.py --root data/cuhk01 --split {arguments.split}"
    write_result("real_people_curve", command, {"recipe": RECIPE, **figures}, folder=folder)


if __name__ == "__main__":
    run_program(main)
