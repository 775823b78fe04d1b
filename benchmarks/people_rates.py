r"""Which learning rate each arm goes on with from walkers to real persons, chosen by its training loss.

    python benchmarks/people_rates.py --root data/cuhk01

Every arm begins with what it has learnt from walkers and is trained for its recipe's length at the recipe's
rates and at a tenth of them, on those whom each split that ``real_people.py`` reports trains on as well, so
that none of them is in any test. Nobody is looked for: the rate is the one whose classes are told best in the
last epoch, by the training loss; ``runs/people_arms.py`` has what came of it.
Runs are kept in ``--work``, where ``real_people.py`` has what is learnt from walkers, which is shared, and
what they found in ``--figures``; one that was interrupted is resumed.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping
from pathlib import Path

from real_people import SPLITS, RealPeople, check_recipes, make_quick_data
from report import RESULTS, run_program, show_table, write_result
from runs.experiments import train_once
from runs.finished_runs import add_figures_option, place_of, run_settings, stored
from runs.learnable_rates import class_loss, last_losses
from runs.people_arms import FROM_WALKERS, MODELS, arm_of, scaled_rates
from runs.quick_trees import parse_with_quick
from runs.walker_starts import start_from_walkers, start_settings

from mindreid.config import Override
from mindreid.data.open_dataset import load_dataset
from mindreid.engine.training.run_folder import RunFolder
from mindreid.report.tables.people_tables import loss_terms

_DATASET = "cuhk01"
#: Parts of a recipe's rates.
FACTORS = (1.0, 0.1)


def copy_never_tested(root: Path, splits: int, folder: Path) -> Path:
    """Copy the images of those whom all of the first ``splits`` splits train on; return ``folder``."""
    found = [load_dataset(_DATASET, str(root), split=split) for split in range(splits)]
    paths = set.intersection(*({record.path for record in each.train} for each in found))
    shutil.rmtree(folder, ignore_errors=True)
    for path in sorted(paths):
        target = folder / Path(path).relative_to(found[0].root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return folder


def measure(people: RealPeople, model: str, factor: float) -> dict[str, float]:
    """Return an arm's mean loss in the last epoch, and that of every term; what is stored is read."""
    recipe = arm_of(model).recipe(people.dataset)
    own: list[Override] = [
        *people.overrides_of(model, FROM_WALKERS, 0),
        *scaled_rates(recipe, factor, [*people.all_sets, *arm_of(model).overrides]),
    ]
    before = people.walkers_before(model)
    place = people.work / people.dataset / f"{model}_{factor:g}"

    def train() -> dict[str, float]:
        start = start_from_walkers(before, people.work.run / "walkers")
        # A network whose features have become zeros can't be evaluated; its losses are all that is asked.
        train_once(recipe, [*own, start, ("train.evaluate_every", None)], place.run)
        return last_losses(RunFolder(place.run))

    return stored(place, run_settings(recipe, own, data=people.data, **start_settings(before)), train)


def _count_persons(root: Path) -> int:
    found = load_dataset(_DATASET, str(root))
    return sum(len({record.pid for record in part}) for part in (found.train, found.query))


def chosen(losses: Mapping[float, Mapping[str, float]]) -> float:
    """Return the part of the recipe's rates at which most is learnt."""
    return min(losses, key=lambda factor: class_loss(losses[factor]))


def main() -> None:
    arguments = _parse()
    place = place_of(arguments, "people_rates")
    if arguments.quick:
        make_quick_data(_DATASET, arguments.root)
    splits = 1 if arguments.quick else SPLITS
    root = copy_never_tested(arguments.root, splits, place.run / "never_tested" / _DATASET)
    models = tuple(arguments.models)
    persons = _count_persons(root) - 1  # a split tests somebody
    people = RealPeople(
        _DATASET,
        root,
        place,
        models,
        (FROM_WALKERS,),
        sets=(("dataset.train_persons", persons),),
        is_quick=arguments.quick,
    )
    check_recipes(people)
    found = {model: {factor: measure(people, model, factor) for factor in FACTORS} for model in models}
    show(found)
    arms = {
        model: {"chosen": chosen(of), "losses": {f"{factor:g}": own for factor, own in of.items()}}
        for model, of in found.items()
    }
    command = f"python benchmarks/people_rates.py --root data/{_DATASET} --models {' '.join(models)}"
    figures = {"persons": persons, "arms": arms}
    write_result("people_rates", command, figures, folder=arguments.work if arguments.quick else RESULTS)


def show(found: Mapping[str, Mapping[float, Mapping[str, float]]]) -> None:
    """Write a row for each arm."""
    rows = [
        (model, *(loss_terms(of[factor]) for factor in FACTORS), f"{chosen(of):g}")
        for model, of in found.items()
    ]
    header = ("network", *(f"rates × {factor:g}" for factor in FACTORS), "chosen")
    show_table(f"Mean training loss of the last epoch, {_DATASET}", header, rows)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, help="CUHK01's folder; --quick makes its own")
    parser.add_argument("--models", nargs="+", default=list(MODELS), help="arms of real_people.py")
    parser.add_argument("--work", type=Path, default=Path("runs/real_people"), help="folder of the runs")
    parser.set_defaults(dataset=_DATASET)
    add_figures_option(parser)
    return parse_with_quick(parser)


if __name__ == "__main__":
    run_program(main)
