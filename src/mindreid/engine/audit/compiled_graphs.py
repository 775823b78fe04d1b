"""The graphs that a recipe's training and deployment compile, saved by MindSpore and read back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import mindspore as ms
import numpy as np
from mindspore import Tensor

from mindreid.config import Recipe
from mindreid.data.sample_loaders import takes_clips
from mindreid.engine.audit.device_waits import Wait, watch_waits
from mindreid.engine.audit.graph_operators import Operator, read_operators
from mindreid.engine.audit.stand_in_batches import image_shape, stand_in_batch, stand_in_dataset
from mindreid.engine.checkpoints.networks import build_network
from mindreid.engine.deployment.wrappers import deployable_network
from mindreid.engine.platform.batch_norm import share_batch_statistics
from mindreid.engine.platform.compilation import compile_function
from mindreid.engine.platform.device import Device, select_device
from mindreid.engine.platform.distributed import Workers
from mindreid.engine.training import builders
from mindreid.engine.training.listeners import LossLog
from mindreid.engine.training.loop import Trainer
from mindreid.engine.training.plan import Plan
from mindreid.engine.training.run_state import RunState

TRAINING, INFERENCE = "training", "inference"
#: Beyond the first step, which compiles and may wait, there is one to watch.
_STEPS = 2


def compile_graphs(recipe: Recipe) -> tuple[dict[str, list[Operator]], list[Wait]]:
    """Compile a recipe's training step, with its optimisers, and its deployed network.

    No dataset is read: weights are random, images too. Graphs are compiled for the device at
    hand: an operator that MindSpore puts in another's place on another device is not seen.

    Parameters
    ----------
    recipe : Recipe
        The recipe.

    Returns
    -------
    dict of str to list of Operator
        Those of the phases "training" and "inference".
    list of Wait
        Where a training step waits for the device.
    """
    device = select_device(recipe.device)
    waits: list[Wait] = []
    phases = {}
    with saved_graphs() as folder:
        _train(recipe, device, waits)
        phases[TRAINING] = list(_operators(folder))
    with saved_graphs() as folder:
        _infer(recipe)
        phases[INFERENCE] = list(_operators(folder))
    return phases, waits


@contextmanager
def saved_graphs() -> Iterator[Path]:
    """Have MindSpore save the graphs that it compiles in this block, as validated, to a temporary folder."""
    before = os.environ.get("MS_DEV_DUMP_IR_PASSES")
    os.environ["MS_DEV_DUMP_IR_PASSES"] = "validate"
    with tempfile.TemporaryDirectory() as folder:
        ms.set_context(save_graphs=1, save_graphs_path=folder)
        try:
            yield Path(folder)
        finally:
            ms.set_context(save_graphs=0)
            if before is None:
                del os.environ["MS_DEV_DUMP_IR_PASSES"]
            else:
                os.environ["MS_DEV_DUMP_IR_PASSES"] = before


def _operators(folder: Path) -> Iterator[Operator]:
    for path in sorted(folder.rglob("*_validate_*.ir")):
        yield from read_operators(path)


def _train(recipe: Recipe, device: Device, waits: list[Wait]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset = stand_in_dataset(recipe, Path(folder))
        objective = builders.build_objective(recipe, build_network(recipe), dataset, device)
    batch = stand_in_batch(recipe, dataset, builders.build_trace(recipe, objective))
    rows = len(batch["images"])
    share_batch_statistics(objective, recipe.device, device.target, Workers(), rows)
    state = RunState(
        objective,
        partial(builders.build_optimizers, recipe, objective),
        loss_scaler=builders.build_loss_scaler(recipe, device),
        prepare=builders.build_preparation(recipe),
    )
    schedules = {name: lambda _position: 1.0 for name in recipe.optimizers}
    log = LossLog(
        None,
        state.step.term_names,
        every=_STEPS + 1,
        total_steps=_STEPS + 1,
        progress=state.progress,
        keep_hint="",
    )

    def batches(_epoch: int, **_options: int) -> Generator[Mapping[str, np.ndarray], None, None]:
        yield batch
        with watch_waits(waits):
            for _ in range(_STEPS - 1):
                yield batch

    plan = Plan(lengths=[_STEPS], seed=0, schedules=schedules)
    Trainer(plan, state, batches, [log]).fit()


def _infer(recipe: Recipe) -> None:
    clips = takes_clips(recipe.as_dict())
    deployable = deployable_network(build_network(recipe).set_train(False), recipe.input, clips=clips)
    frames = image_shape(recipe)[1 if clips else 0 :][: deployable.free_dimensions - 1]
    images = np.zeros((2, *frames, *deployable.fixed_shape), np.uint8)
    compile_function(deployable.construct)(Tensor(images))
