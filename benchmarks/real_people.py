r"""Real persons: methods in the same budget, from random weights or a file, beside networks of others.

    python benchmarks/real_people.py --dataset cuhk01 --root data/cuhk01 --splits 3 --peer model.xml

Every split draws other persons for training; all arms of a split are trained and tested on the same
ones. Figures are means over persons, intervals and paired differences are resampled over persons.
Runs that are finished are kept in ``--work``; one that was interrupted is resumed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
from experiments import mindreid, set_options
from paired_persons import mean_with_interval, paired_difference
from peer_networks import embed_with_peer
from report import show_table, write_result

from mindreid.atomic import write_json
from mindreid.config import Override, load_recipe
from mindreid.data.open_dataset import load_dataset
from mindreid.data.records import Protocol
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.metrics import evaluate_ranking

PROTOCOL = "multi_shot"
#: Arm, and which of the dataset's recipes it is trained with.
MODELS = ("mgn", "pcb", "trinet", "ide")
#: {metric: {person: values of its queries}}.
Figures = dict[str, dict[str, list[float]]]


def rank_queries(protocol: Protocol, query: np.ndarray, gallery: np.ndarray) -> Figures:
    """Rank every query by cosine; return its rank-1 and average precision by person."""
    sides = (protocol.query, protocol.gallery)
    labels = [np.array([getattr(r, name) for r in side]) for name in ("pid", "camid") for side in sides]
    scores = evaluate_ranking(query, gallery, *labels, metric="cosine").scores
    figures: Figures = {"rank1": {}, "mAP": {}}
    for index, rank, precision in zip(scores.queries, scores.first_ranks, scores.average_precisions):
        person = str(protocol.query[index].pid)
        figures["rank1"].setdefault(person, []).append(float(rank == 1))
        figures["mAP"].setdefault(person, []).append(float(precision))
    return figures


def run_arm(recipe_name: str, overrides: Sequence[Override], folder: Path, *, train: bool) -> Figures:
    """Train unless that is done, then rank; an arm that isn't trained is ranked as it starts."""
    recipe = load_recipe(recipe_name, overrides)
    checkpoint: Optional[Path] = folder / "last.ckpt" if train else None
    if train and not (folder / "finished").exists():
        begun = (folder / "last.ckpt").exists()
        afresh = ["--config", recipe_name, "--output", folder, *set_options(overrides)]
        mindreid("train", *(["--resume", folder] if begun else afresh))
        (folder / "finished").touch()
    run = EvaluationRun(recipe, checkpoint)
    protocol = run.dataset.protocols[PROTOCOL]
    return rank_queries(protocol, run.embed("query"), run.embed("gallery"))


def run_split(arguments: argparse.Namespace, split: int) -> dict[str, Figures]:
    """Measure all arms and peers on one split; what is stored already is read."""
    folder = arguments.work / arguments.dataset / f"split_{split}"
    base: list[Override] = [
        ("dataset.root", str(arguments.root)),
        ("dataset.split", split),
        ("train.seed", split + 1),
        *arguments.sets,
    ]
    found: dict[str, Figures] = {}
    for model in arguments.models:
        recipe = f"{model}/{arguments.dataset}"
        for start in ("untrained", "random start", *(["given start"] if arguments.start else [])):
            given = [("train.init_checkpoint", str(arguments.start))] if start == "given start" else []
            place = folder / f"{model}_{start.replace(' ', '_')}"
            train = start != "untrained"
            found[f"{model}, {start}"] = _stored(
                place, lambda r=recipe, g=given, p=place, t=train: run_arm(r, [*base, *g], p, train=t)
            )
    for peer in arguments.peer:
        found[peer.stem] = _stored(folder / f"peer_{peer.stem}", lambda p=peer: run_peer(p, arguments, split))
    return found


def run_peer(peer: Path, arguments: argparse.Namespace, split: int) -> Figures:
    """Rank with a peer's network in the same protocol."""
    protocol = load_dataset(arguments.dataset, str(arguments.root), split=split).protocols[PROTOCOL]
    return rank_queries(
        protocol, embed_with_peer(peer, protocol.query), embed_with_peer(peer, protocol.gallery)
    )


def _stored(place: Path, measure: Any) -> Figures:
    file = place.with_suffix(".json")
    if not file.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, measure())
    figures: Figures = json.loads(file.read_text(encoding="utf-8"))
    return figures


def over_splits(splits: Sequence[dict[str, Figures]]) -> dict[str, Figures]:
    """Join what the splits say of each arm; a person who is tested in several has all its queries."""
    joined: dict[str, Figures] = {}
    for split in splits:
        for arm, figures in split.items():
            for metric, persons in figures.items():
                own = joined.setdefault(arm, {}).setdefault(metric, {})
                for person, values in persons.items():
                    own.setdefault(person, []).extend(values)
    return joined


def compare(joined: dict[str, Figures], baseline: str) -> dict[str, Any]:
    """Mean and interval of every arm, and its paired difference to the baseline."""
    return {
        arm: {
            metric: {
                **mean_with_interval(persons),
                **(
                    {}
                    if arm == baseline
                    else {"minus_baseline": paired_difference(persons, joined[baseline][metric])}
                ),
            }
            for metric, persons in figures.items()
        }
        for arm, figures in joined.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="cuhk01", choices=("cuhk01", "pku_reid"))
    parser.add_argument("--root", type=Path, required=True, help="the dataset's folder")
    parser.add_argument("--models", nargs="+", default=list(MODELS), help="methods, of whose recipes")
    parser.add_argument("--splits", type=int, default=3, help="random splits of the persons")
    parser.add_argument("--start", type=Path, help="weights to start from as well, of walkers or ImageNet")
    parser.add_argument("--peer", type=Path, action="append", default=[], metavar="MODEL.xml")
    parser.add_argument("--set", action="append", default=[], dest="sets", metavar="KEY=VALUE")
    parser.add_argument("--work", type=Path, default=Path("runs/real_people"), help="folder of the runs")
    arguments = parser.parse_args()
    joined = over_splits([run_split(arguments, split) for split in range(arguments.splits)])
    baseline = f"{arguments.models[-1]}, random start"
    compared = compare(joined, baseline)
    rows = [
        (
            arm,
            *(f"{100 * of[m]['mean']:.1f}" for m in ("rank1", "mAP")),
            *(f"{100 * end:.1f}" for end in of["rank1"]["interval_95"]),
            of["rank1"].get("minus_baseline", {}).get("verdict", "-"),
        )
        for arm, of in compared.items()
    ]
    header = ("network", "rank-1", "mAP", "95 % from", "to", f"above {baseline}")
    show_table(f"{arguments.dataset}, {PROTOCOL}, per cent", header, rows)
    given = " --start start.ckpt" if arguments.start else ""
    given += "".join(f" --peer {peer.name}" for peer in arguments.peer)
    given += "".join(f" --set {text}" for text in arguments.sets)
    models = " ".join(arguments.models)
    command = (
        f"python benchmarks/real_people.py --dataset {arguments.dataset} --root data/{arguments.dataset} "
        f"--models {models} --splits {arguments.splits}{given}"
    )
    write_result(f"real_people_{arguments.dataset}", command, {"protocol": PROTOCOL, "networks": compared})


if __name__ == "__main__":
    main()
