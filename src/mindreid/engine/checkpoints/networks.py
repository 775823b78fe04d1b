"""A recipe's network: with random weights, as its training starts, or from a checkpoint."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mindspore import nn

from mindreid import zoo
from mindreid.config import WEIGHTS_REQUIRED, Recipe
from mindreid.engine.checkpoints.checkpoint_files import (
    Description,
    load_weights,
    named_parameters,
    read_weights,
)
from mindreid.engine.checkpoints.imagenet import load_pretrained
from mindreid.errors import CheckpointError, ConfigError
from mindreid.layers.parameters import assign_parameters
from mindreid.layers.precision import set_precision
from mindreid.objective import Objective

logger = logging.getLogger(__name__)


def build_network(recipe: Recipe) -> nn.Cell:
    """Build the recipe's inference network with random weights, in the recipe's precision.

    A network that does not take every image size says so in ``check_input(height, width)``.
    """
    network = zoo.create_model(recipe.model.name, **recipe.model.network)
    if hasattr(network, "check_input"):
        network.check_input(recipe.input.height, recipe.input.width)
    return set_precision(network, recipe.device.amp_level)


def build_started_network(recipe: Recipe) -> nn.Cell:
    """Build the network as training starts it: random, or from the weights that the recipe names.

    Where the recipe names none but requires some, the network is random: training has refused before.
    """
    network = build_network(recipe)
    if recipe.train.init_checkpoint is None:
        weights = recipe.train.init_weights
        load_pretrained(network, None if weights == WEIGHTS_REQUIRED else weights)
    else:
        _require_start(recipe.train.init_checkpoint, "train.init_checkpoint")
        description = load_weights(recipe.train.init_checkpoint, network, model=recipe.model.name)
        _warn_of(_other_options(recipe, description))
        logger.info("the network starts from the checkpoint %s", recipe.train.init_checkpoint)
    return network


def start_networks_beside(recipe: Recipe, objective: Objective) -> None:
    """Fill the networks that only training uses from the checkpoint that the recipe names, if it names one.

    Raises
    ------
    ConfigError
        If the recipe's method has no such networks.
    CheckpointError
        If the file is missing or damaged, or holds another model's network or one of other sizes; the
        networks are then as they were.
    """
    path, model = recipe.train.init_beside, objective.started_by
    if path is None:
        return
    if not model:
        raise ConfigError(
            f"the method {recipe.model.name!r} has no networks beside its own that a checkpoint could start",
            where="train.init_beside",
            fix="set it to null; train.init_checkpoint starts the network itself",
        )
    _require_start(path, "train.init_beside")
    values, description = read_weights(path)
    if description.model != model:
        raise CheckpointError(
            f"this checkpoint holds a {description.model!r} network, train.init_beside takes a {model!r} one",
            where=path,
            fix=f"train one with a recipe of {model}, e.g. {model}/walkers",
        )
    cells = objective.networks_beside()
    targets = {
        f"{name}.{leaf}": p for name, cell in cells.items() for leaf, p in named_parameters(cell).items()
    }
    assign_parameters(targets, values, source=path, fix=_equal_options(objective, description))
    logger.info("%s start from the checkpoint %s, epoch %d", " and ".join(cells), path, description.epoch)


def _equal_options(objective: Objective, description: Description) -> str:
    """Say which of the recipe's options must be those of a checkpoint's network, and how they are set."""
    given = _all_options(description.model, description.network)
    settings = (f"{key}={json.dumps(given[name])}" for name, key in objective.start_options.items())
    return f"the recipe's options must be those of the checkpoint: {', '.join(settings)}"


def require_start(recipe: Recipe) -> None:
    """Refuse to train from random weights where a paper's row needs ImageNet's and nobody chose otherwise.

    Raises
    ------
    ConfigError
        If the recipe requires weights, and neither a file nor null was given in place of that.
    """
    if recipe.train.init_weights == WEIGHTS_REQUIRED and recipe.train.init_checkpoint is None:
        raise ConfigError(
            "this recipe starts from ImageNet weights, and no file of them was given",
            where=f"train.init_weights: {WEIGHTS_REQUIRED}",
            fix="pass --set train.init_weights=FILE, torchvision's file of the ResNet (resnet50-….pth; to "
            "read it takes the extra `convert`), mindcv's (resnet50-….ckpt), or what `mindreid convert "
            "--source torchvision_resnet` made of the former; or null in place of FILE for random weights",
        )


def load_network(recipe: Recipe, checkpoint: Path) -> tuple[nn.Cell, Description]:
    """Build the recipe's network with a checkpoint's weights.

    Warns where these were trained with another input, or with other options of the network.
    """
    network = build_network(recipe)
    description = load_weights(checkpoint, network, model=recipe.model.name)
    _warn_of({**_other_input(recipe, description), **_other_options(recipe, description)})
    return network, description


def _require_start(path: str, key: str) -> None:
    if not Path(path).is_file():
        raise CheckpointError(
            "the recipe starts from a checkpoint that is not there",
            where=path,
            fix=f"make it first, or pass --set {key}=FILE, null for random weights",
        )


def _other_input(recipe: Recipe, description: Description) -> dict[str, tuple[Any, Any]]:
    """Return what weights were trained with and what the recipe has, by key, where images differ."""
    trained, now = description.recipe["input"], recipe.as_dict()["input"]
    return _unequal("input", trained, now)


def _other_options(recipe: Recipe, description: Description) -> dict[str, tuple[Any, Any]]:
    """Return the same of the network's options, many of which show in no parameter's shape."""
    trained, now = (
        _all_options(recipe.model.name, own) for own in (description.network, recipe.model.network)
    )
    return _unequal("model.network", trained, now)


def _all_options(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every option of a model's network, as JSON has it, but for how random weights are drawn."""
    options = zoo.option_names(zoo.MODELS[model].network)
    own = {name: given.get(name, option.default) for name, option in options.items()}
    own.pop("initialization", None)
    return dict(json.loads(json.dumps(own)))


def _unequal(section: str, trained: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {f"{section}.{key}": (value, now[key]) for key, value in trained.items() if now[key] != value}


def _warn_of(differences: Mapping[str, tuple[Any, Any]]) -> None:
    for key, (trained, now) in differences.items():
        logger.warning("these weights were trained with %s = %s, the recipe says %s", key, trained, now)
