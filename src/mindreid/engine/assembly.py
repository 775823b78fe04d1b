"""From a validated recipe to the objects it names."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from mindspore import amp, nn

from mindreid import zoo
from mindreid.config import Recipe
from mindreid.data.frames import sample_loaders
from mindreid.data.images import LoadSample, load_image
from mindreid.data.records import Dataset
from mindreid.data.samplers import BatchSampler
from mindreid.data.summary import format_summary
from mindreid.data.transforms import evaluation_transform
from mindreid.engine.checkpoint import Description, load_weights
from mindreid.engine.device import Device
from mindreid.engine.distributed import Workers
from mindreid.engine.evaluator import FeatureExtractor
from mindreid.engine.trainer import Progress, Schedule
from mindreid.errors import CheckpointError, ConfigError
from mindreid.layers.pretrained import load_pretrained
from mindreid.objective import Objective
from mindreid.versions import library_versions

logger = logging.getLogger(__name__)


def open_dataset(recipe: Recipe) -> Dataset:
    """Load the recipe's dataset, log its summary table, and cut its training split as the recipe says.

    Raises
    ------
    ConfigError
        If the records are tracklets, and the recipe does not say which frames are taken.
    """
    name, root, views = recipe.dataset.name, recipe.dataset.root, recipe.dataset.views
    dataset = zoo.load_dataset(name, root, views=views, **recipe.dataset.options)
    logger.info("%s", format_summary(dataset))
    loaders = sample_loaders(recipe.frames, recipe.input)
    if loaders is not None:
        return replace(dataset, train=tuple(chain.from_iterable(map(loaders.pieces, dataset.train))))
    if any(len(record.paths) > 1 for record in dataset.train):
        raise ConfigError(
            f"the records of {dataset.name!r} are tracklets, and the recipe names no frames to take",
            where="frames",
            fix="add the section frames: {name: clips}",
        )
    return dataset


def build_network(recipe: Recipe) -> nn.Cell:
    """Build the recipe's inference network with random weights.

    A network that does not take every image size says so in ``check_input(height, width)``.
    """
    network = zoo.create_model(recipe.model.name, **recipe.model.network)
    if hasattr(network, "check_input"):
        network.check_input(recipe.input.height, recipe.input.width)
    return network


def build_started_network(recipe: Recipe) -> nn.Cell:
    """Build the network as training starts it: random, or from the weights that the recipe names."""
    network = build_network(recipe)
    if recipe.train.init_checkpoint is None:
        load_pretrained(network, recipe.train.init_weights)
    else:
        _require_start(recipe.train.init_checkpoint)
        load_weights(recipe.train.init_checkpoint, network, model=recipe.model.name)
        logger.info("the network starts from the checkpoint %s", recipe.train.init_checkpoint)
    return network


def _require_start(path: str) -> None:
    if not Path(path).is_file():
        raise CheckpointError(
            "the recipe starts from a checkpoint that is not there",
            where=path,
            fix="make it first, or pass --set train.init_checkpoint=FILE, null for random weights",
        )


def build_objective(recipe: Recipe, network: nn.Cell, dataset: Dataset, device: Device) -> Objective:
    """Build what trains ``network`` on ``dataset``; mixed precision stays within the network."""
    objective = zoo.MODELS[recipe.model.name].objective.for_dataset(
        network, dataset, **recipe.model.objective
    )
    if device.amp_level != "O0":
        amp.auto_mixed_precision(network, device.amp_level)
    return objective


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


def build_extractor(recipe: Recipe, network: nn.Cell, workers: Workers, **options: Any) -> FeatureExtractor:
    """Build the feature extractor that the recipe's evaluation section describes."""
    loaders, inputs = sample_loaders(recipe.frames, recipe.input), recipe.input
    return FeatureExtractor(
        network,
        evaluation_transform(inputs),
        load=loaders.evaluation if loaders else None,
        frame_size=inputs.channels * inputs.height * inputs.width,
        batch_size=recipe.evaluation.batch_size,
        flip=recipe.evaluation.flip,
        loaders=recipe.train.workers,
        workers=workers,
        **options,
    )


def describe(recipe: Recipe, num_classes: int, progress: Progress) -> Description:
    """Describe weights trained so far, for their checkpoint."""
    return Description(
        model=recipe.model.name,
        network=dict(recipe.model.network),
        num_classes=num_classes,
        recipe=recipe.as_dict(),
        epoch=progress.epoch,
        metrics=progress.metrics,
        versions=library_versions(),
    )


def warn_about_preprocessing(recipe: Recipe, description: Description) -> None:
    """Warn where the recipe prepares images differently from what the weights were trained with."""
    trained, now = description.recipe["input"], recipe.as_dict()["input"]
    for key, value in trained.items():
        if now[key] != value:
            logger.warning(
                "these weights were trained with input.%s = %s, the recipe says %s", key, value, now[key]
            )
