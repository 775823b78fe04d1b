"""What networks begin with on real persons: weights learnt from generated walkers, once for all splits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mindreid.config import Override
from runs.experiments import Experiment, arm_place, arm_settings, train_arm
from runs.finished_runs import file_digest, in_one_folder, stored

#: The walkers that all of them learn from.
START_SEED = 1


def start_settings(experiment: Experiment) -> dict[str, Any]:
    """Return all that the weights depend on, for the settings of a run that begins with them.

    Weights differ in their last bits from machine to machine: a run counts by how they were made.
    """
    (arm,) = experiment.arms
    own = arm_settings(experiment, arm, START_SEED)
    return {f"walkers.{key}": value for key, value in own.items()}


def start_from_walkers(experiment: Experiment, work: Path) -> Override:
    """Train the one network of an experiment, unless ``work`` holds it; return what begins a run with it.

    Raises
    ------
    SystemExit
        If the network there was made with other settings.
    """
    (arm,) = experiment.arms
    place = in_one_folder(work)

    def learn() -> dict[str, str]:
        return {"weights": file_digest(train_arm(experiment, arm, START_SEED, place))}

    settings = arm_settings(experiment, arm, START_SEED)
    stored(arm_place(experiment, arm, START_SEED, place), settings, learn)
    weights = train_arm(experiment, arm, START_SEED, place)
    return ("train.init_checkpoint", str(weights.resolve()))
