"""From an author's PyTorch checkpoint to a checkpoint file of ours, with everything accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional, cast

import mindspore as ms
import numpy as np
from mindspore import nn

from mindreid import convert, zoo
from mindreid.config import Override, Recipe, load_recipe
from mindreid.engine.checkpoints.checkpoint_files import Description, load_weights, save_weights
from mindreid.engine.checkpoints.imagenet import load_pretrained, save_trunk_weights, trunk_of
from mindreid.engine.checkpoints.networks import build_network
from mindreid.errors import CheckpointError
from mindreid.layers.resnet import ResNetTrunk, TrunkName
from mindreid.text_table import format_table
from mindreid.versions import library_versions

#: Largest relative difference (of norms) between a recording and the converted network.
TOLERANCE = 1e-4
#: What a network is given, and what it makes of that.
Recording = tuple[np.ndarray, np.ndarray]
_VERIFIED_IMAGES, _VERIFIED_FRAMES = 2, 4


def recipe_of(
    source: str, config: Optional[str] = None, overrides: Sequence[Override] = ()
) -> Optional[Recipe]:
    """Find the recipe that a source's checkpoints belong to.

    Parameters
    ----------
    source : str
        One of :data:`mindreid.convert.SOURCES`.
    config : str, optional
        A recipe to use instead of the one that the source's model names.
    overrides : sequence of str or tuple
        Of that recipe, see :func:`mindreid.config.load_recipe`.

    Returns
    -------
    Recipe or None
        ``None`` if the source's checkpoints are a trunk, not a model.
    """
    if config is not None:
        return load_recipe(config, overrides)
    for name in zoo.list_models():
        sources = zoo.MODELS[name].sources
        if source in sources:
            recipe_name, *own = sources[source]
            return load_recipe(recipe_name, [*own, *overrides])
    return None


def save_converted(conversion: convert.Conversion, recipe: Optional[Recipe], output: Path) -> nn.Cell:
    """Fill the recipe's network, or without a recipe a trunk, and write its checkpoint.

    Returns
    -------
    nn.Cell
        The network that was written.

    Raises
    ------
    CheckpointError
        Naming every missing, unexpected and misshaped parameter; nothing is written then.
    """
    if recipe is None:
        trunk = _empty_trunk(conversion)
        convert.load_parameters(trunk, conversion.parameters)
        save_trunk_weights(output, trunk, "torchvision")
        return trunk
    network = build_network(recipe)
    convert.load_parameters(network, conversion.parameters)
    description = Description(
        model=recipe.model.name,
        network=dict(recipe.model.network),
        num_classes=conversion.num_classes,
        recipe=recipe.as_dict(),
        versions=library_versions(),
        trained_on={},
    )
    save_weights(output, network, description)
    return network


def read_recording(path: Path) -> Recording:
    """Read what a network was given and what it computed.

    Parameters
    ----------
    path : Path
        ``.npz`` with "images", as the network takes them, and "embedding", what PyTorch made of
        them in float32.

    Returns
    -------
    tuple of ndarray
        Images and embedding, float32.

    Raises
    ------
    CheckpointError
        If it is missing, damaged, or no such file.
    """
    try:
        with np.load(path) as content:
            return content["images"].astype(np.float32), content["embedding"].astype(np.float32)
    except Exception as error:  # damaged files make readers raise almost anything
        raise CheckpointError(
            f"cannot read the recording ({type(error).__name__}: {error})",
            where=str(path),
            fix="pass an .npz file with 'images' and 'embedding'",
        ) from None


def verify_converted(
    network: nn.Cell, recipe: Optional[Recipe], output: Path, recording: Optional[Recording] = None
) -> float:
    """Load a written file into a fresh network and compare what it computes.

    Parameters
    ----------
    network : nn.Cell
        What :func:`save_converted` returned.
    recipe : Recipe or None
        As given there.
    output : Path
        The file.
    recording : tuple of ndarray, optional
        Of :func:`read_recording`; compared in float32. Without it, random images go through both
        networks in the recipe's precision.

    Returns
    -------
    float
        Norm of the difference over the norm.

    Raises
    ------
    CheckpointError
        If that is more than :data:`TOLERANCE`, or a value is not finite.
    """
    if recording and recipe:
        # What PyTorch made of the images is no measure of float16.
        recipe = recipe.in_float32()
    fresh = _reload(recipe, output, conversion_trunk=network)
    images, expected = recording or _self_check(network, recipe)
    actual = _embed(fresh, images)
    if actual.shape != expected.shape:
        raise CheckpointError(
            f"the network gives shape {actual.shape}, the recording has {expected.shape}", where=str(output)
        )
    difference = float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))
    if not difference <= TOLERANCE:
        raise CheckpointError(
            f"the converted network differs from what was expected by {difference:.3g}",
            where=str(output),
            fix="check the recipe's network options, such as pooling and stem",
        )
    return difference


def _empty_trunk(conversion: convert.Conversion) -> ResNetTrunk:
    name = trunk_of(conversion.parameters)
    if name is None:
        raise CheckpointError("these weights belong to none of the trunks resnet18, resnet34, resnet50")
    return ResNetTrunk(cast(TrunkName, name))


def _reload(recipe: Optional[Recipe], output: Path, conversion_trunk: nn.Cell) -> nn.Cell:
    if recipe is None:
        fresh: nn.Cell = ResNetTrunk(conversion_trunk.arch.name)
        load_pretrained(fresh, output)
        return fresh
    fresh = build_network(recipe)
    load_weights(output, fresh, model=recipe.model.name)
    return fresh


def _self_check(network: nn.Cell, recipe: Optional[Recipe]) -> Recording:
    generator = np.random.default_rng(0)
    if recipe is None:
        inputs = generator.standard_normal((_VERIFIED_IMAGES, 3, 256, 128))
    elif recipe.input.kind == "silhouettes":
        inputs = generator.random(
            (_VERIFIED_IMAGES, _VERIFIED_FRAMES, recipe.input.height, recipe.input.width)
        )
    else:
        # A recipe of clips has a network that takes [B, 3, T, H, W].
        frames = (_VERIFIED_FRAMES,) if recipe.frames is not None else ()
        size = (recipe.input.height, recipe.input.width)
        inputs = generator.standard_normal((_VERIFIED_IMAGES, 3, *frames, *size))
    images = inputs.astype(np.float32)
    return images, _embed(network, images)


def _embed(network: nn.Cell, images: np.ndarray) -> np.ndarray:
    return network.set_train(False)(ms.Tensor(images)).asnumpy()


def format_conversion(conversion: convert.Conversion) -> str:
    """List every tensor of the file with its shape and its new name, then count."""
    rows = [
        (origin, str(tuple(conversion.parameters[name].shape)), f"-> {name}")
        for name, origin in conversion.origins.items()
    ]
    lines = [format_table(rows)] if rows else []
    for reason, count in Counter(conversion.left_out.values()).items():
        names = [name for name, why in conversion.left_out.items() if why == reason]
        lines.append(f"left out, {reason}: {count} ({names[0]}{', …' if count > 1 else ''})")
    return "\n".join([*lines, *_counts(conversion)])


def _counts(conversion: convert.Conversion) -> list[str]:
    training = {
        name: value
        for name, value in conversion.parameters.items()
        if name.startswith(convert.OBJECTIVE_PREFIX)
    }
    inference = {name: v for name, v in conversion.parameters.items() if name not in training}
    total = len(conversion.parameters) + len(conversion.left_out)
    lines = [
        f"{total} tensors in the file: {_sizes(inference)} for the network, "
        f"{_sizes(training)} for training only, not written; {len(conversion.left_out)} left out"
    ]
    if conversion.others:
        lines.append(f"not weights, so not read: {', '.join(conversion.others)}")
    if conversion.num_classes:
        lines.append(f"trained on {conversion.num_classes} classes")
    return lines


def _sizes(parameters: dict[str, Any]) -> str:
    return f"{len(parameters)} ({sum(value.size for value in parameters.values()):,} values)"
