r"""Real persons: methods in the same budget, beside networks of others.

    python benchmarks/real_people.py --dataset cuhk01 --root data/cuhk01 --splits 3 --peer model.xml

Every split draws other persons for training; all arms of a split are trained and tested on the same
ones, from random weights and from what they have learnt from generated walkers, once for all splits.
Figures are means over persons, intervals and paired differences are resampled over persons. Runs are
kept in ``--work``, what they found in ``--figures``; one that was interrupted is resumed.
``--quick`` shows within minutes that everything runs, on generated persons.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from figures.person_figures import Figures, compare, over_splits, rank_queries
from peers.peer_networks import embed_with_peer, weights_file
from report import RESULTS, run_program, show_table, write_result
from runs.experiments import Experiment, mindreid, train_once
from runs.finished_runs import Place, add_figures_option, digest, file_digest, place_of, run_settings, stored
from runs.learnable_rates import first_learnable
from runs.people_arms import (
    FROM_WALKERS,
    GIVEN_START,
    MODELS,
    RANDOM_START,
    UNTRAINED,
    arm_of,
    scaled_rates,
    usual_models,
    walkers_before,
)
from runs.quick_trees import parse_with_quick
from runs.walker_starts import start_from_walkers, start_settings

from mindreid.config import Override, load_recipe
from mindreid.data.open_dataset import load_dataset
from mindreid.engine.evaluation.evaluation_run import EvaluationRun

PROTOCOL = "multi_shot"
#: How many random splits are reported; ``people_rates.py`` chooses by persons whom none of these tests.
SPLITS = 3
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
#: By the word that ``--from`` has for them.
_BEGINS = {"random": RANDOM_START, "walkers": FROM_WALKERS}


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
    begins : tuple of str
        What every arm that can begins with: ``RANDOM_START``, ``FROM_WALKERS``.
    starts : mapping of str to Path
        Weights that arms start from as well.
    peers : tuple of Path
        Networks of others.
    sets : tuple of str or tuple
        Overrides of every recipe.
    is_quick : bool
        As small as it gets.
    """

    dataset: str
    root: Path
    work: Place
    models: tuple[str, ...] = MODELS
    begins: tuple[str, ...] = (RANDOM_START, FROM_WALKERS)
    starts: Mapping[str, Path] = field(default_factory=dict)
    peers: tuple[Path, ...] = ()
    sets: tuple[Override, ...] = ()
    is_quick: bool = False

    @property
    def all_sets(self) -> tuple[Override, ...]:
        """Overrides of every recipe, a quick run's before those that were asked for."""
        return (*(QUICK if self.is_quick else ()), *self.sets)

    @cached_property
    def data(self) -> str:
        """What its images are, whichever folder they are in."""
        return data_digest(self.dataset, self.root)

    def starts_of(self, model: str) -> list[str]:
        """Return what an arm is measured from."""
        own = [start for start in self.begins if start in arm_of(model).starts]
        return [UNTRAINED, *own, *([GIVEN_START] if model in self.starts else [])]

    def overrides_of(self, model: str, start: str, split: int) -> list[Override]:
        """Return what is changed of an arm's recipe, but for what walkers have taught it, and its rates."""
        given = [("train.init_checkpoint", str(self.starts[model]))] if start == GIVEN_START else []
        return [
            ("dataset.root", str(self.root)),
            ("dataset.split", split),
            ("train.seed", split + 1),
            *self.all_sets,
            *arm_of(model).overrides,
            *given,
        ]

    def walkers_before(self, model: str) -> Experiment:
        """Return what an arm's network learns from walkers."""
        return walkers_before(model, self.dataset, self.all_sets, is_quick=self.is_quick)


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
    found = {
        f"{model}, {start}": _run_start(people, model, start, split, place)
        for model in people.models
        for start in people.starts_of(model)
    }
    for peer in people.peers:
        found[peer.stem] = stored(
            place / f"peer_{peer.stem}",
            {"data": people.data, "split": split, "peer": file_digest(weights_file(peer))},
            partial(run_peer, peer, people, split),
        )
    return found


def _run_start(people: RealPeople, model: str, start: str, split: int, place: Place) -> Figures:
    run = place / f"{model}_{start.replace(' ', '_')}"
    recipe = arm_of(model).recipe(people.dataset)
    overrides = people.overrides_of(model, start, split)
    is_trained = start != UNTRAINED
    before: dict[str, Any] = {}
    begin: Callable[[], list[Override]] = list
    if start == FROM_WALKERS:
        rate = rate_from_walkers(people, model, split)
        overrides += scaled_rates(recipe, rate, overrides)
        before, begin = start_settings(people.walkers_before(model)), partial(_begin, people, model)
    settings = run_settings(recipe, overrides, data=people.data, is_trained=is_trained, **before)
    return stored(run, settings, lambda: run_arm(recipe, [*overrides, *begin()], run.run, train=is_trained))


def rate_from_walkers(people: RealPeople, model: str, split: int) -> float:
    """Return with which part of its recipe's rates an arm goes on from walkers, found out if need be."""
    arm = arm_of(model)
    if len(arm.rates) == 1:
        return arm.rates[0]
    recipe, overrides = arm.recipe(people.dataset), people.overrides_of(model, FROM_WALKERS, split)
    return first_learnable(
        arm.rates,
        recipe,
        overrides,
        partial(_begin, people, model),
        {"data": people.data, **start_settings(people.walkers_before(model))},
        people.work / people.dataset / f"split_{split}" / f"{model}_rate",
    )


def _begin(people: RealPeople, model: str) -> list[Override]:
    return [start_from_walkers(people.walkers_before(model), people.work.run / "walkers")]


def rates_by_split(people: RealPeople, splits: Sequence[int]) -> dict[str, list[float]]:
    """Return the parts of its rates with which an arm that has several went on from walkers."""
    if FROM_WALKERS not in people.begins:
        return {}
    return {
        f"{model}, {FROM_WALKERS}": [rate_from_walkers(people, model, split) for split in splits]
        for model in people.models
        if len(arm_of(model).rates) > 1
    }


def run_peer(peer: Path, people: RealPeople, split: int) -> Figures:
    """Rank with a peer's network in the same protocol."""
    protocol = load_dataset(people.dataset, str(people.root), split=split).protocols[PROTOCOL]
    features = embed_with_peer(peer, protocol.query), embed_with_peer(peer, protocol.gallery)
    return rank_queries(protocol.query, protocol.gallery, features, rule=protocol.rule)


def check_recipes(people: RealPeople) -> None:
    """Refuse an arm without a recipe before the others are trained for hours.

    Raises
    ------
    ConfigError
        If there is no such recipe, or an override does not fit it.
    """
    for model in people.models:
        for start in people.starts_of(model):
            overrides = [*people.all_sets, *arm_of(model).overrides]
            load_recipe(arm_of(model).recipe(people.dataset), overrides)
            if start == FROM_WALKERS:
                people.walkers_before(model)


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
        tuple(_BEGINS[name] for name in arguments.begins),
        dict(arguments.start),
        tuple(arguments.peer),
        tuple(arguments.sets),
        is_quick=arguments.quick,
    )
    check_recipes(people)
    if arguments.quick:
        make_quick_data(people.dataset, people.root)
    splits = range(arguments.splits)
    joined = over_splits([run_split(people, split) for split in splits])
    baseline = f"{people.models[-1]}, {people.starts_of(people.models[-1])[-1]}"
    compared = compare(joined, baseline)
    show(people.dataset, compared, baseline)
    write_result(
        f"real_people_{people.dataset}",
        _command(arguments),
        {"protocol": PROTOCOL, "networks": compared, "rates": rates_by_split(people, splits)},
        folder=arguments.work if arguments.quick else RESULTS,
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="cuhk01", choices=("cuhk01", "pku_reid"))
    parser.add_argument("--root", type=Path, help="the dataset's folder; --quick makes its own")
    parser.add_argument(
        "--models",
        nargs="+",
        help="methods, of whose recipes (default: all that have one); the last is the baseline, as it "
        "begins last",
    )
    parser.add_argument(
        "--from",
        nargs="+",
        dest="begins",
        choices=list(_BEGINS),
        default=list(_BEGINS),
        help="what they begin with: random weights, and what they have learnt from generated walkers",
    )
    parser.add_argument("--splits", type=int, default=SPLITS, help="random splits of the persons")
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
    if arguments.models is None:
        arguments.models = usual_models(arguments.dataset)
    for model, file in arguments.start:
        if model not in arguments.models or not file.is_file():
            parser.error(f"--start {model}={file}: no such file, or none of {', '.join(arguments.models)}")
    return arguments


def _start(text: str) -> tuple[str, Path]:
    model, _, file = text.partition("=")
    return model, Path(file)


def _command(arguments: argparse.Namespace) -> str:
    given = "" if arguments.begins == list(_BEGINS) else f" --from {' '.join(arguments.begins)}"
    given += "".join(f" --start {model}={file.name}" for model, file in arguments.start)
    given += "".join(f" --peer {peer.name}" for peer in arguments.peer)
    given += "".join(f" --set {text}" for text in arguments.sets)
    return (
        f"python benchmarks/real_people.py --dataset {arguments.dataset} --root data/{arguments.dataset} "
        f"--models {' '.join(arguments.models)} --splits {arguments.splits}{given}"
    )


if __name__ == "__main__":
    run_program(main)
