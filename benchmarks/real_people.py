r"""Real persons: methods in the same budget, from random weights or a file, beside networks of others.

    python benchmarks/real_people.py --dataset cuhk01 --root data/cuhk01 --splits 3 --peer model.xml

Every split draws other persons for training; all arms of a split are trained and tested on the same
ones. Figures are means over persons, intervals and paired differences are resampled over persons.
Runs are kept in ``--work``, what they found in ``--figures``; one that was interrupted is resumed.
``--quick`` shows within minutes that everything runs, on generated persons.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from experiments import mindreid, train_once
from finished_runs import Place, add_figures_option, digest, file_digest, place_of, run_settings, stored
from peer_networks import embed_with_peer, weights_file
from person_figures import Figures, compare, over_splits, rank_queries
from quick_trees import parse_with_quick
from report import RESULTS, run_program, show_table, write_result

from mindreid.config import Override, list_recipes, load_recipe
from mindreid.data.open_dataset import load_dataset
from mindreid.engine.evaluation.evaluation_run import EvaluationRun

PROTOCOL = "multi_shot"
MGN, GLOBAL_BRANCH, IDENTITY = "mgn", "mgn_global", "ide"
#: Arms that are trained by default: methods, and MGN's global branch alone.
MODELS = (MGN, GLOBAL_BRANCH, "pcb", "trinet", IDENTITY)
#: Arms that are another's recipe with something changed. At MGN's rate the global branch alone collapses: its
#: features become one point, the loss of its training that of a guess. At this one it learns PKU-Reid, but
#: nothing of CUHK01 within 40 epochs: from random weights it is no baseline there.
_ABLATIONS: Mapping[str, tuple[str, tuple[Override, ...]]] = {
    GLOBAL_BRANCH: (MGN, (("model.network.branches", [1]), ("optimizers.network.lr", 0.0003)))
}
UNTRAINED, RANDOM_START, GIVEN_START = "untrained", "random start", "given start"
#: What makes any image recipe small enough to see that it runs.
QUICK: tuple[Override, ...] = (
    ("model.network.width", 0.0625),
    ("input.height", 96),
    ("input.width", 32),
    ("sampler.persons", 4),
    ("sampler.images", 2),
    ("train.epochs", 1),
)
_QUICK_PERSONS = 16


@dataclass(frozen=True)
class RealPeople:
    """What is measured, and where its runs are.

    Attributes
    ----------
    dataset : str
        "cuhk01" or "pku_reid".
    root : Path
        The dataset's folder.
    work : Place
        Of the runs.
    models : tuple of str
        Arms, of :data:`MODELS` or whoever has a recipe of the dataset's name.
    starts : mapping of str to Path
        Weights that arms start from as well.
    peers : tuple of Path
        Networks of others.
    sets : tuple of str or tuple
        Overrides of every recipe.
    """

    dataset: str
    root: Path
    work: Place
    models: tuple[str, ...] = MODELS
    starts: Mapping[str, Path] = field(default_factory=dict)
    peers: tuple[Path, ...] = ()
    sets: tuple[Override, ...] = ()

    @cached_property
    def data(self) -> str:
        """What its images are, whichever folder they are in."""
        return data_digest(self.dataset, self.root)


def data_digest(dataset: str, root: Path) -> str:
    """Return the digest of a dataset's images."""
    found = load_dataset(dataset, str(root))
    records = (*found.train, *found.query, *found.gallery)
    return digest((Path(record.path) for record in records), Path(found.root))


def run_arm(recipe: str, overrides: Sequence[Override], folder: Path, *, train: bool) -> Figures:
    """Train unless that is done, then rank; an arm that isn't trained is ranked as it starts."""
    checkpoint = train_once(recipe, overrides, folder) if train else None
    run = EvaluationRun(load_recipe(recipe, overrides), checkpoint)
    protocol = run.dataset.protocols[PROTOCOL]
    features = run.extract(protocol.query), run.extract(protocol.gallery)
    return rank_queries(protocol.query, protocol.gallery, features, rule=protocol.rule)


def run_split(people: RealPeople, split: int) -> dict[str, Figures]:
    """Measure all arms and peers on one split; what is stored already is read."""
    place = people.work / people.dataset / f"split_{split}"
    base: list[Override] = [
        ("dataset.root", str(people.root)),
        ("dataset.split", split),
        ("train.seed", split + 1),
        *people.sets,
    ]
    found: dict[str, Figures] = {}
    for model in people.models:
        method, own = _ABLATIONS.get(model, (model, ()))
        recipe = f"{method}/{people.dataset}"
        for start in (UNTRAINED, RANDOM_START, *([GIVEN_START] if model in people.starts else [])):
            given = [("train.init_checkpoint", str(people.starts[model]))] if start == GIVEN_START else []
            overrides = [*base, *own, *given]
            is_trained = start != UNTRAINED
            run = place / f"{model}_{start.replace(' ', '_')}"
            found[f"{model}, {start}"] = stored(
                run,
                run_settings(recipe, overrides, data=people.data, is_trained=is_trained),
                partial(run_arm, recipe, overrides, run.run, train=is_trained),
            )
    for peer in people.peers:
        found[peer.stem] = stored(
            place / f"peer_{peer.stem}",
            {"data": people.data, "split": split, "peer": file_digest(weights_file(peer))},
            partial(run_peer, peer, people, split),
        )
    return found


def run_peer(peer: Path, people: RealPeople, split: int) -> Figures:
    """Rank with a peer's network in the same protocol."""
    protocol = load_dataset(people.dataset, str(people.root), split=split).protocols[PROTOCOL]
    features = embed_with_peer(peer, protocol.query), embed_with_peer(peer, protocol.gallery)
    return rank_queries(protocol.query, protocol.gallery, features, rule=protocol.rule)


def usual_models(dataset: str) -> list[str]:
    """Return the arms of :data:`MODELS` that have a recipe of the dataset."""
    known = list_recipes()
    return [model for model in MODELS if f"{_ABLATIONS.get(model, (model,))[0]}/{dataset}" in known]


def check_recipes(people: RealPeople) -> None:
    """Refuse an arm without a recipe for the dataset before the others are trained for hours.

    Raises
    ------
    ConfigError
        If there is no such recipe, or an override does not fit it.
    """
    for model in people.models:
        method, own = _ABLATIONS.get(model, (model, ()))
        load_recipe(f"{method}/{people.dataset}", [*people.sets, *own])


def make_quick_data(dataset: str, root: Path) -> None:
    """Write generated persons in the dataset's tree, unless they are there."""
    if not root.exists():
        mindreid("data", "synthesize", "--layout", dataset, "--root", root, "--ids", _QUICK_PERSONS)


def show(dataset: str, compared: Mapping[str, Any], baseline: str) -> None:
    """Write a row for each network."""
    rows = [
        (
            arm,
            *(f"{100 * of[m]['mean']:.1f}" for m in ("rank1", "mAP", "chance")),
            *(f"{100 * end:.1f}" for end in of["rank1"]["interval_95"]),
            of["rank1"].get("minus_baseline", {}).get("verdict", "-"),
        )
        for arm, of in compared.items()
    ]
    header = ("network", "rank-1", "mAP", "chance", "95 % from", "to", f"above {baseline}")
    show_table(f"{dataset}, {PROTOCOL}, per cent", header, rows)


def main() -> None:
    arguments = _parse()
    people = RealPeople(
        arguments.dataset,
        arguments.root,
        place_of(arguments, "real_people"),
        tuple(arguments.models),
        dict(arguments.start),
        tuple(arguments.peer),
        (*(QUICK if arguments.quick else ()), *arguments.sets),
    )
    check_recipes(people)
    if arguments.quick:
        make_quick_data(people.dataset, people.root)
    joined = over_splits([run_split(people, split) for split in range(arguments.splits)])
    baseline = f"{people.models[-1]}, {RANDOM_START}"
    compared = compare(joined, baseline)
    show(people.dataset, compared, baseline)
    write_result(
        f"real_people_{people.dataset}",
        _command(arguments),
        {"protocol": PROTOCOL, "networks": compared},
        folder=arguments.work if arguments.quick else RESULTS,
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="cuhk01", choices=("cuhk01", "pku_reid"))
    parser.add_argument("--root", type=Path, help="the dataset's folder; --quick makes its own")
    parser.add_argument(
        "--models",
        nargs="+",
        default=list(MODELS),
        help="methods, of whose recipes; the last is the baseline",
    )
    parser.add_argument("--splits", type=int, default=3, help="random splits of the persons")
    parser.add_argument(
        "--start",
        type=_start,
        action="append",
        default=[],
        metavar="MODEL=FILE",
        help="weights that a method starts from as well, of walkers or ImageNet (repeatable)",
    )
    parser.add_argument("--peer", type=Path, action="append", default=[], metavar="MODEL.xml")
    parser.add_argument("--set", action="append", default=[], dest="sets", metavar="KEY=VALUE")
    parser.add_argument("--work", type=Path, default=Path("runs/real_people"), help="folder of the runs")
    add_figures_option(parser)
    arguments = parse_with_quick(parser)
    arguments.models = arguments.models or usual_models(arguments.dataset)
    for model, file in arguments.start:
        if model not in arguments.models or not file.is_file():
            parser.error(f"--start {model}={file}: no such file, or none of {', '.join(arguments.models)}")
    return arguments


def _start(text: str) -> tuple[str, Path]:
    model, _, file = text.partition("=")
    return model, Path(file)


def _command(arguments: argparse.Namespace) -> str:
    given = "".join(f" --start {model}={file.name}" for model, file in arguments.start)
    given += "".join(f" --peer {peer.name}" for peer in arguments.peer)
    given += "".join(f" --set {text}" for text in arguments.sets)
    return (
        f"python benchmarks/real_people.py --dataset {arguments.dataset} --root data/{arguments.dataset} "
        f"--models {' '.join(arguments.models)} --splits {arguments.splits}{given}"
    )


if __name__ == "__main__":
    run_program(main)
