r"""Which learning rate each arm goes on with from walkers to real persons, chosen by its training loss.

    python benchmarks/people_rates.py --root data/cuhk01

On a split of CUHK01 that ``real_people.py`` does not report, every arm begins with what it has learnt from
walkers and is trained for a while at its recipe's rates and at a tenth of them. Nobody is looked for: the
rate is the one whose classes are told best in the last of these epochs, by the training loss;
``people_arms.py`` has what came of it.
Runs are kept in ``--work``, where ``real_people.py`` has what is learnt from walkers, which is shared, and
what they found in ``--figures``; one that was interrupted is resumed.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments import train_once
from finished_runs import add_figures_option, place_of, run_settings, stored
from people_arms import FROM_WALKERS, MODELS, arm_of, scaled_rates
from quick_trees import parse_with_quick
from real_people import RealPeople, check_recipes, make_quick_data
from report import RESULTS, run_program, show_table, write_result
from walker_starts import start_from_walkers, start_settings

from mindreid.config import Override
from mindreid.engine.training.run_folder import RunFolder
from mindreid.report.loss_history import TOTAL, read_losses
from mindreid.report.tables.people_tables import loss_terms

_DATASET, _SPLIT, _EPOCHS = "cuhk01", 7, 12
#: Parts of a recipe's rates.
FACTORS = (1.0, 0.1)
_TRIPLET = "triplet"


def measure(people: RealPeople, model: str, factor: float, epochs: int) -> dict[str, float]:
    """Return an arm's mean loss in the last epoch, and that of every term; what is stored is read."""
    recipe = arm_of(model).recipe(people.dataset)
    own: list[Override] = [
        *people.overrides_of(model, FROM_WALKERS, _SPLIT),
        *scaled_rates(recipe, factor, [*people.all_sets, *arm_of(model).overrides]),
        ("train.epochs", epochs),
    ]
    before = people.walkers_before(model)
    place = people.work / people.dataset / f"split_{_SPLIT}" / f"{model}_{factor:g}"

    def train() -> dict[str, float]:
        start = start_from_walkers(before, people.work.run / "walkers")
        # A network whose features have become zeros can't be evaluated; its losses are all that is asked.
        train_once(recipe, [*own, start, ("train.evaluate_every", None)], place.run)
        return last_losses(place.run)

    return stored(place, run_settings(recipe, own, data=people.data, **start_settings(before)), train)


def last_losses(run: Path) -> dict[str, float]:
    """Return the mean loss of a run's last epoch and that of every term."""
    history = read_losses(RunFolder(run).losses)
    is_last = history.epochs == history.epochs.max()
    return {name: float(values[is_last].mean()) for name, values in history.losses.items()}


def chosen(losses: Mapping[float, Mapping[str, float]]) -> float:
    """Return the part of the recipe's rates at which most is learnt.

    A triplet loss does not count beside others: where all features have become one point, and nothing
    tells anybody apart any more, it is its margin, which may be less than where the network learns.
    """
    return min(losses, key=lambda factor: _learnt(losses[factor]))


def _learnt(losses: Mapping[str, float]) -> float:
    others = [value for term, value in losses.items() if term not in (TOTAL, _TRIPLET)]
    return sum(others) if others else losses[TOTAL]


def main() -> None:
    arguments = _parse()
    place = place_of(arguments, "people_rates")
    people = RealPeople(
        _DATASET, arguments.root, place, tuple(arguments.models), (FROM_WALKERS,), is_quick=arguments.quick
    )
    check_recipes(people)
    if arguments.quick:
        make_quick_data(people.dataset, people.root)
    epochs = 1 if arguments.quick else _EPOCHS
    found = {
        model: {factor: measure(people, model, factor, epochs) for factor in FACTORS}
        for model in people.models
    }
    show(found)
    figures: dict[str, Any] = {"split": _SPLIT, "epochs": epochs}
    figures["arms"] = {
        model: {"chosen": chosen(of), "losses": {f"{factor:g}": own for factor, own in of.items()}}
        for model, of in found.items()
    }
    command = f"python benchmarks/people_rates.py --root data/{_DATASET} --models {' '.join(people.models)}"
    write_result("people_rates", command, figures, folder=arguments.work if arguments.quick else RESULTS)


def show(found: Mapping[str, Mapping[float, Mapping[str, float]]]) -> None:
    """Write a row for each arm."""
    rows = [
        (model, *(loss_terms(of[factor]) for factor in FACTORS), f"{chosen(of):g}")
        for model, of in found.items()
    ]
    header = ("network", *(f"rates × {factor:g}" for factor in FACTORS), "chosen")
    show_table(f"Mean training loss of the last epoch, {_DATASET}, split {_SPLIT}", header, rows)


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
