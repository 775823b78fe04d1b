r"""PKU-Reid, where everybody is seen from eight known sides: who is found from another side.

    python benchmarks/pku_views.py --root data/pku_reid --splits 5

The identity loss alone, CAL, VAL with true orientations and VAL with views that are told from poses (see
``pku_labels.py``) are trained on half of the persons; on the others, a query is ranked among images of each
difference of orientation. Figures are means over persons, paired differences are resampled over persons.
Runs are kept in ``--work``, what they found in ``--figures``; one that was interrupted is resumed.
``--quick`` shows that everything runs, on walkers.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Optional

from figures.claim_verdicts import Claim, over_persons
from figures.person_figures import (
    CHANCE,
    Figures,
    compare,
    join_figures,
    of_protocol,
    over_splits,
    rank_queries,
)
from figures.view_ranks import rank_by_views
from pku_labels import PkuViews, add_options, given_keypoints, told_views, with_walkers
from real_people import QUICK
from report import RESULTS, run_program, show_table, write_result
from runs.experiments import file_name, train_once
from runs.finished_runs import place_of, run_settings, stored
from runs.quick_trees import parse_with_quick

from mindreid.config import Override, load_recipe
from mindreid.data.datasets.pku_reid import ORIENTATIONS
from mindreid.data.view_table import write_views
from mindreid.engine.evaluation.evaluation_run import EvaluationRun

PROTOCOL = "multi_shot"
ALL, ACROSS = "all", "90° and more"
IDENTITY, CAL, VAL, VAL_TOLD = "identity loss only", "CAL", "VAL", "VAL, told views"
#: Recipe of every arm and what is changed of it.
ARMS: Mapping[str, tuple[str, list[Override]]] = {
    IDENTITY: ("cal/pku_reid", [("model.objective.clothes_adversarial_weight", 0)]),
    CAL: ("cal/pku_reid", []),
    VAL: ("val/pku_reid", []),
    VAL_TOLD: ("val/pku_reid", []),
}
CLAIM = Claim("val", "VAL finds more from other sides than CAL", VAL, CAL, ACROSS)
_STEP = 360 // ORIENTATIONS

#: {arm: {difference of orientation: figures}} of a split.
Found = dict[str, dict[str, Figures]]


def difference(own: int, other: int) -> str:
    """Name the difference of two orientations, 0..180 degrees."""
    steps = abs(own - other) % ORIENTATIONS
    return f"{_STEP * min(steps, ORIENTATIONS - steps)}°"


def told_table(pku: PkuViews) -> Path:
    """Return the table of the views that votes tell, as a recipe takes it."""
    table = pku.work.run / "told_views.csv"
    write_views(table, told_views(pku)["vote"])
    return table.resolve()


def run_split(pku: PkuViews, split: int, arms: Sequence[str] = ARMS) -> Found:
    """Measure arms on one split; what is stored already is read."""
    base: list[Override] = [
        ("dataset.root", str(pku.root.resolve())),
        ("dataset.split", split),
        ("train.seed", split + 1),
        *pku.sets,
    ]
    found = {}
    for arm in arms:
        recipe, own = ARMS[arm]
        place = pku.work / f"split_{split}" / file_name(arm)
        # The table is not made for what is stored, and poses differ in their last digits between machines.
        views = {"views": pku.poses} if arm == VAL_TOLD else {}
        settings = run_settings(recipe, [*base, *own], data=pku.data, **views)
        table = partial(told_table, pku) if views else None
        found[arm] = stored(place, settings, partial(_run_arm, recipe, [*base, *own], table, place.run))
    return found


def _run_arm(
    recipe: str, base: Sequence[Override], table: Optional[Callable[[], Path]], folder: Path
) -> dict[str, Figures]:
    told = [("dataset.views", str(table()))] if table else []
    checkpoint = train_once(recipe, [*base, *told], folder)
    # Without the table: told views train a network, true orientations tell who stands how.
    run = EvaluationRun(load_recipe(recipe, base), checkpoint)
    protocol = run.dataset.protocols[PROTOCOL]
    sides = protocol.query, protocol.gallery
    features = run.extract(protocol.query), run.extract(protocol.gallery)
    by_difference = rank_by_views(*sides, features, difference, rule=protocol.rule)
    across = [figures for name, figures in by_difference.items() if int(name.rstrip("°")) >= 90]
    return {
        ALL: rank_queries(*sides, features, rule=protocol.rule),
        ACROSS: join_figures(across),
        **dict(sorted(by_difference.items(), key=lambda item: int(item[0].rstrip("°")))),
    }


def claims(found: Sequence[Found]) -> list[dict[str, Any]]:
    """Hold VAL's claim against all splits."""
    return [over_persons(CLAIM, "PKU-Reid", of_protocol(found, CLAIM.protocol))]


def summarize(found: Sequence[Found]) -> dict[str, Any]:
    """Return what every arm finds by difference of orientation, beside CAL."""
    protocols = next(iter(found[0].values()))
    return {name: compare(over_splits(of_protocol(found, name)), CAL) for name in protocols}


def show(by_difference: Mapping[str, Any]) -> None:
    """Write a row for each arm."""
    arms = next(iter(by_difference.values()))
    rows = [
        (arm, *(f"{100 * of[arm]['rank1']['mean']:.1f}" for of in by_difference.values())) for arm in arms
    ]
    chance = [f"{100 * next(iter(of.values()))[CHANCE]['mean']:.1f}" for of in by_difference.values()]
    header = ("rank-1, per cent", *by_difference)
    show_table("By difference of orientation", header, [*rows, (CHANCE, *chance)])


def quick(pku: PkuViews) -> PkuViews:
    """Make it so small that it only shows that everything runs, on walkers."""
    small = (*QUICK, ("model.objective.start_epoch", 0), ("sampler.images", 4), *pku.sets)
    return replace(with_walkers(pku), sets=small)


def main() -> None:
    arguments = _parse()
    pku = PkuViews(
        arguments.root, place_of(arguments, "pku_views"), arguments.keypoints, tuple(arguments.sets)
    )
    if arguments.quick:
        pku = quick(pku)
    found = [run_split(pku, split) for split in range(arguments.splits)]
    by_difference = summarize(found)
    show(by_difference)
    figures = {
        "keypoints": "given" if arguments.keypoints else "estimated",
        "splits": arguments.splits,
        "by_difference": by_difference,
        "claims": claims(found),
    }
    folder = arguments.work if arguments.quick else RESULTS
    write_result("pku_views", _command(arguments), figures, folder=folder)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--splits", type=int, default=5, help="random splits of the persons")
    parser.add_argument("--set", action="append", default=[], dest="sets", metavar="KEY=VALUE")
    return parse_with_quick(parser)


def _command(arguments: argparse.Namespace) -> str:
    sets = [part for text in arguments.sets for part in ("--set", text)]
    words = ["python", "benchmarks/pku_views.py", "--root", "data/pku_reid", "--splits", arguments.splits]
    return shlex.join(map(str, (*words, *given_keypoints(arguments), *sets)))


if __name__ == "__main__":
    run_program(main)
