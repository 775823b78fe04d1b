"""At which of several rates a network learns anything of a split's persons, by its training loss alone.

Where a triplet loss draws all features into one point, nobody's class is told, whatever follows: the loss of
the classes stays at a guess. That shows within a few epochs, and nobody who is tested has to be looked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mindreid.config import Override, load_recipe
from mindreid.data.open_dataset import open_dataset
from mindreid.engine.training.run_folder import RunFolder
from mindreid.report.loss_history import TOTAL, read_losses
from runs.experiments import train_once
from runs.finished_runs import Place, run_settings, stored
from runs.people_arms import scaled_rates

TRIPLET = "triplet"
#: Epochs of a trial, or a shorter recipe's length.
TRIAL_EPOCHS = 10
#: Of the loss of a guess; a network that tells nothing apart is at 1, or above.
_LEARNT = 0.95


def last_losses(run: RunFolder) -> dict[str, float]:
    """Return the mean loss of a run's last epoch and that of every term."""
    history = read_losses(run.losses)
    is_last = history.epochs == history.epochs.max()
    return {name: float(values[is_last].mean()) for name, values in history.losses.items()}


def class_loss(losses: Mapping[str, float]) -> float:
    """Return the sum of the terms that tell classes; without any, the loss.

    A triplet loss does not count beside others: where all features have become one point, and nothing
    tells anybody apart any more, it is its margin, which may be less than where the network learns.
    """
    classes = [value for term, value in losses.items() if term not in (TOTAL, TRIPLET)]
    return sum(classes) if classes else losses[TOTAL]


def is_learning(losses: Mapping[str, float], persons: int) -> bool:
    """Whether one classifier's loss is below that of a guess among ``persons``."""
    return class_loss(losses) < _LEARNT * math.log(persons)


def first_learnable(
    rates: Sequence[float],
    recipe: str,
    overrides: Sequence[Override],
    begin: Callable[[], Sequence[Override]],
    told: Mapping[str, Any],
    place: Place,
) -> float:
    """Return the first part of a recipe's rates at which it learns; the last one is not tried.

    Parameters
    ----------
    rates : sequence of float
        Parts, from the greatest on.
    recipe, overrides : str, sequence of str or tuple
        What is trained; it has one classifier.
    begin : callable
        Returns the overrides that name what it begins with; called if a trial is needed.
    told : mapping
        What the trials depend on beside the recipe, see :func:`runs.finished_runs.stored`.
    place : Place
        Of the trials; what they found is kept.
    """
    config = load_recipe(recipe, overrides)
    length: list[Override] = [
        ("train.epochs", min(TRIAL_EPOCHS, config.train.epochs or TRIAL_EPOCHS)),
        # A network whose features have become zeros can't be evaluated.
        ("train.evaluate_every", None),
    ]

    def try_them() -> dict[str, Any]:
        persons, start = open_dataset(config).num_train_pids, begin()
        tried: dict[str, dict[str, float]] = {}
        for rate in rates[:-1]:
            run = place.run / f"{rate:g}"
            train_once(recipe, [*overrides, *scaled_rates(recipe, rate, overrides), *start, *length], run)
            tried[f"{rate:g}"] = last_losses(RunFolder(run))
            if is_learning(tried[f"{rate:g}"], persons):
                return {"rate": rate, "persons": persons, "tried": tried}
        return {"rate": rates[-1], "persons": persons, "tried": tried}

    settings = run_settings(recipe, [*overrides, *length], rates=list(rates), **told)
    return float(stored(place, settings, try_them)["rate"])
