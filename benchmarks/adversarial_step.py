"""Time of CAL's and VAL's training step against the same network's with the identity loss alone.

All three run in one process and take turns, so that other load on the machine meets them alike.
The classes are as many as in LTCC's training split, with four sides of each person. Before the
timed steps, every objective takes one with its adversaries switched off and one with them on, and
the compilations are counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import mindspore as ms
import numpy as np
from mindspore import Tensor
from mindspore.common.api import ms_compile_cache
from report import show_table, write_result

import mindreid
from mindreid.adversarial import AdversarialObjective
from mindreid.config import DeviceConfig
from mindreid.data.records import Record
from mindreid.engine.platform.device import select_device
from mindreid.engine.training.optimizers import adam
from mindreid.engine.training.step import TrainStep
from mindreid.models.cal import CALObjective
from mindreid.models.val import VALObjective, ViewClasses

COMMAND = "python benchmarks/adversarial_step.py"
PERSONS, OUTFITS, SIDES = 77, 256, 4
START_EPOCH = 1
LABELS = {"pid": PERSONS, "clothes_id": OUTFITS, "view": SIDES}


def build(method: str, trunk: str) -> AdversarialObjective:
    """Build an objective and its network."""
    ms.set_seed(1)
    network = mindreid.create_model("cal", trunk=trunk)
    owners = [outfit % PERSONS for outfit in range(OUTFITS)]
    if method == "cal":
        return CALObjective(network, PERSONS, owners, start_epoch=START_EPOCH)
    if method == "val":
        seen = [Record(("",), n // SIDES, 0, view=n % SIDES) for n in range(PERSONS * SIDES)]
        return VALObjective(network, PERSONS, owners, ViewClasses(seen), start_epoch=START_EPOCH)
    return AdversarialObjective(
        network, PERSONS, {}, {"identity": 1.0}, start_epoch=START_EPOCH, label_smoothing=0.1
    )


def step_of(objective: AdversarialObjective, images: Tensor) -> Callable[[int], np.ndarray]:
    """Compile nothing yet; return ``take(epoch)``, which takes a step and waits for its terms."""
    optimizers = {
        phase.name: adam(list(phase.parameters), f"{phase.name}_optimizer", lr=1e-4, weight_decay=5e-4)
        for phase in objective.phases()
    }
    step = TrainStep(objective, optimizers)
    rows = np.arange(images.shape[0], dtype=np.int32)
    labels = [Tensor(rows // 4 % LABELS[name]) for name in objective.labels]
    objective.set_train(True)

    def take(epoch: int) -> np.ndarray:
        by_term = objective.term_weights(epoch)
        return step(images, labels, Tensor(np.float32([by_term[n] for n in step.term_names]))).asnumpy()

    return take


def measure(trunk: str, height: int, width: int, batch: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Time every method's step; seconds are medians, ratios those of the medians."""
    size = {"height": height, "width": width, "batch": batch}
    pixels = np.random.default_rng(0).standard_normal((batch, 3, height, width)).astype(np.float32)
    steps = {method: step_of(build(method, trunk), Tensor(pixels)) for method in ("identity", "cal", "val")}
    figures: dict[str, dict[str, Any]] = {}
    for method, take in steps.items():
        before, begin = len(ms_compile_cache), time.perf_counter()
        take(0)
        figures[method] = {**size, "first_step_with_compilation_s": time.perf_counter() - begin}
        compiled = len(ms_compile_cache)
        take(START_EPOCH)
        figures[method]["compilations_of_first_step"] = compiled - before
        figures[method]["compilations_when_switched_on"] = len(ms_compile_cache) - compiled
    seconds: dict[str, list[tuple[float, float]]] = {method: [] for method in steps}
    for _ in range(rounds):
        for method, take in steps.items():
            wall, processor = time.perf_counter(), time.process_time()
            take(START_EPOCH)
            seconds[method].append((time.perf_counter() - wall, time.process_time() - processor))
    for method, runs in seconds.items():
        train: dict[str, float] = {}
        for column, clock in enumerate(("wall", "cpu")):
            train[f"mindspore_{clock}_s"] = statistics.median(run[column] for run in runs)
            alone = figures["identity"].get("train", train)[f"mindspore_{clock}_s"]
            train[f"{clock}_ratio"] = train[f"mindspore_{clock}_s"] / alone
        figures[method]["train"] = train
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="timed steps of each method")
    parser.add_argument("--trunk", default="resnet50")
    parser.add_argument("--size", type=int, nargs=2, default=(256, 128), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--batch", type=int, default=16)
    arguments = parser.parse_args()
    select_device(DeviceConfig(target="CPU"))
    load_before = os.getloadavg()[0]
    height, width = arguments.size
    figures = measure(arguments.trunk, height, width, arguments.batch, arguments.rounds)
    times = ("mindspore_wall_s", "wall_ratio", "cpu_ratio")
    counts = ("compilations_of_first_step", "compilations_when_switched_on")
    rows = [
        [method, *(of["train"][column] for column in times), *(of[column] for column in counts)]
        for method, of in figures.items()
    ]
    show_table(f"One training step, {arguments.trunk}", ("losses", *times, *counts), rows)
    usual = (arguments.trunk, height, width, arguments.batch) == ("resnet50", 256, 128, 16)
    if usual:
        settings = {
            "trunk": arguments.trunk,
            "rounds": arguments.rounds,
            "persons": PERSONS,
            "outfits": OUTFITS,
            "view_classes": PERSONS * SIDES,
            "load_average_before": load_before,
        }
        write_result("adversarial_step", COMMAND, {**settings, **figures})


if __name__ == "__main__":
    main()
