"""From a validated recipe to the objects it names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

import numpy as np
from mindspore import amp, nn

from mindreid import zoo
from mindreid.config import Recipe, TrainConfig
from mindreid.data.formats.images import LoadSample, load_image
from mindreid.data.records import Dataset
from mindreid.data.sample_loaders import sample_loaders
from mindreid.data.samplers import BatchSampler
from mindreid.data.transforms import origin_trace
from mindreid.engine.checkpoints.networks import start_networks_beside
from mindreid.engine.platform.device import Device
from mindreid.engine.platform.distributed import Workers
from mindreid.engine.training.plan import Plan
from mindreid.errors import ConfigError
from mindreid.layers.byte_images import byte_preparation
from mindreid.layers.precision import set_precision
from mindreid.objective import Objective


def build_objective(
    recipe: Recipe, network: nn.Cell, dataset: Dataset, device: Device, *, start: bool = True
) -> Objective:
    """Build what trains ``network`` on ``dataset``; mixed precision stays within networks.

    Networks that only training uses have the recipe's start, or, without ``start``, random weights.
    """
    # The network has its precision already, but norms that were exchanged since do not.
    set_precision(network, device.amp_level)
    kind = zoo.MODELS[recipe.model.name].objective
    objective: Objective = kind.for_dataset(network, dataset, **recipe.model.objective)
    for beside in objective.networks_beside().values():
        set_precision(beside, device.amp_level)
    if start:
        start_networks_beside(recipe, objective)
    return objective


def build_optimizers(recipe: Recipe, objective: Objective) -> dict[str, nn.Optimizer]:
    """Build one optimiser per phase or group that the recipe names; their own parameters are prefixed."""
    parameters = {name: list(own) for phase in objective.phases() for name, own in phase.updated.items()}
    return {
        name: zoo.OPTIMIZERS[config.name](parameters[name], f"{name}_optimizer", **config.options)
        for name, config in recipe.optimizers.items()
        if name in parameters
    }


def build_loss_scaler(recipe: Recipe, device: Device) -> Optional[amp.LossScaler]:
    """Build what keeps small gradients of mixed precision from vanishing; none without it."""
    if device.amp_level == "O0":
        return None
    return amp.DynamicLossScaler(recipe.device.loss_scale, scale_factor=2, scale_window=1000)


def build_preparation(recipe: Recipe) -> Optional[nn.Cell]:
    """Build what the device makes of images that arrive as bytes; none where they arrive normalised."""
    return byte_preparation(recipe.input) if recipe.device.normalize else None


def build_plan(recipe: Recipe, sampler: BatchSampler) -> Plan:
    """Build how long the recipe trains, and each phase's factor of the learning rate."""
    schedules = {
        name: zoo.SCHEDULES[config.schedule.name](**config.schedule.options)
        for name, config in recipe.optimizers.items()
    }
    train = recipe.train
    return Plan(
        lengths=_lengths(train, sampler),
        steps=train.steps,
        seed=train.seed,
        schedules=schedules,
        checkpoint_steps=train.checkpoint_steps,
    )


def _lengths(train: TrainConfig, sampler: BatchSampler) -> list[int]:
    """Count the batches of each epoch that a run takes, the last of which may be cut short."""
    lengths: list[int] = []
    batches = 0
    while (len(lengths) < train.epochs) if train.epochs else (batches < (train.steps or 0)):
        lengths.append(sampler.count_batches(len(lengths)))
        batches += lengths[-1]
    return lengths


def build_sampler(recipe: Recipe, dataset: Dataset, workers: Workers) -> BatchSampler:
    """Build the sampler of this worker's share of the recipe's batches."""
    return zoo.SAMPLERS[recipe.sampler.name](
        dataset.train,
        seed=recipe.train.seed,
        rank=workers.rank,
        world_size=workers.size,
        **recipe.sampler.options,
    )


def build_trace(
    recipe: Recipe, objective: Objective
) -> Optional[Callable[[np.random.Generator], np.ndarray]]:
    """Build what tells where an image's pixels come from, for an objective that asks for it."""
    if "origin" not in objective.labels:
        return None
    if recipe.frames is not None:
        raise ConfigError("this method labels pixels of single images, not of sequences", where="frames")
    return origin_trace(recipe.augment, recipe.input, objective.origin_stride)


def training_loader(recipe: Recipe) -> LoadSample:
    """Return what makes a row of a training batch of a record."""
    loaders = sample_loaders(recipe.frames, recipe.input)
    return loaders.training if loaders else load_image
