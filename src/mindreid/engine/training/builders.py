"""From a validated recipe to the objects it names."""

from __future__ import annotations

import logging

from mindspore import nn

from mindreid import zoo
from mindreid.config import Recipe
from mindreid.data.formats.images import LoadSample, load_image
from mindreid.data.records import Dataset
from mindreid.data.sample_loaders import sample_loaders
from mindreid.data.samplers import BatchSampler
from mindreid.engine.platform.device import Device
from mindreid.engine.platform.distributed import Workers
from mindreid.engine.training.loop import Schedule
from mindreid.layers.precision import set_precision
from mindreid.objective import Objective

logger = logging.getLogger(__name__)


def build_objective(recipe: Recipe, network: nn.Cell, dataset: Dataset, device: Device) -> Objective:
    """Build what trains ``network`` on ``dataset``; mixed precision stays within the network."""
    # The network has its precision already, but norms that were exchanged since do not.
    set_precision(network, device.amp_level)
    return zoo.MODELS[recipe.model.name].objective.for_dataset(network, dataset, **recipe.model.objective)


def build_optimizers(recipe: Recipe, objective: Objective) -> dict[str, nn.Optimizer]:
    """Build one optimiser per phase that the recipe names; their own parameters are prefixed."""
    parameters = {phase.name: list(phase.parameters) for phase in objective.phases()}
    return {
        name: zoo.OPTIMIZERS[config.name](parameters[name], f"{name}_optimizer", **config.options)
        for name, config in recipe.optimizers.items()
        if name in parameters
    }


def build_schedules(recipe: Recipe) -> dict[str, Schedule]:
    """Build each phase's factor of the learning rate by epoch."""
    return {
        name: zoo.SCHEDULES[config.schedule.name](**config.schedule.options)
        for name, config in recipe.optimizers.items()
    }


def build_sampler(recipe: Recipe, dataset: Dataset, workers: Workers) -> BatchSampler:
    """Build the sampler of this worker's share of the recipe's batches."""
    return zoo.SAMPLERS[recipe.sampler.name](
        dataset.train,
        seed=recipe.train.seed,
        rank=workers.rank,
        world_size=workers.size,
        **recipe.sampler.options,
    )


def training_loader(recipe: Recipe) -> LoadSample:
    """Return what makes a row of a training batch of a record."""
    loaders = sample_loaders(recipe.frames, recipe.input)
    return loaders.training if loaders else load_image
