"""The chain of transforms that a recipe describes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

import numpy as np

from mindreid import zoo
from mindreid.config import Component, InputConfig
from mindreid.data.formats.images import Transform
from mindreid.data.transforms.geometry import RESIZING_STEPS, resize
from mindreid.data.transforms.normalization import normalize
from mindreid.data.transforms.silhouette_augmentations import SILHOUETTE_STEPS, cut_sides
from mindreid.errors import ConfigError


def training_transform(
    augment: Sequence[Component], inputs: InputConfig, *, as_bytes: bool = False
) -> Transform:
    """Build resize, then the recipe's list in its order, then CHW; or what silhouettes need instead.

    Parameters
    ----------
    augment : sequence of Component
        The recipe's ``augment``. ``normalize`` is put at the end of a list that lacks it.
    inputs : InputConfig
        The recipe's ``input``.
    as_bytes : bool
        Leave out the last step, ``normalize``, or the scaling to [0, 1]: the result is uint8, and the
        device does it (:mod:`mindreid.layers.byte_images`).

    Returns
    -------
    callable
        ``transform(image, generator)``: uint8 ``[H, W, 3]`` of any size to float32
        ``[3, height, width]``, contiguous. For posed images, which have the input's size already,
        uint8 ``[height, width, 6]`` to float32 ``[6, height, width]``. For silhouettes, uint8
        ``[T, height, W]`` to float32 ``[T, height, width]`` in [0, 1].

    Raises
    ------
    ConfigError
        If ``normalize`` is listed twice, ``resize_crop`` is not the first, a transform is not made for
        the kind of input, or bytes are asked for and a step follows ``normalize``.
    InvalidArgumentError
        If there is no such transform, or an option is out of range.
    """
    for step in augment:
        _check_kind(step.name, inputs)
    if inputs.kind == "silhouettes":
        return _silhouette_chain(augment, inputs, as_bytes)
    names = [step.name for step in augment]
    if names.count("normalize") > 1:
        raise ConfigError("an image is normalised once, the list has 'normalize' twice", where="augment")
    if "resize_crop" in names[1:]:
        raise ConfigError("an image is resized once, 'resize_crop' stands first", where="augment")
    if as_bytes and "normalize" in names[:-1]:
        raise ConfigError(
            f"images can't travel as bytes: {names[-1]!r} follows 'normalize'",
            where="augment",
            fix="pass --set device.normalize=false",
        )
    kept = [step for step in augment if not (as_bytes and step.name == "normalize")]
    steps = [_build(step, inputs) for step in kept]
    if "normalize" not in names and not as_bytes:
        steps.append(normalize(inputs.mean, inputs.std))
    if "resize_crop" not in names and inputs.kind == "image":
        steps.insert(0, resize(inputs.height, inputs.width, inputs.interpolation))
    return _chain(steps)


def evaluation_transform(inputs: InputConfig, *, as_bytes: bool = False) -> Transform:
    """Build resize, normalise, CHW; nothing random. See :func:`training_transform` for the result."""
    return training_transform((), inputs, as_bytes=as_bytes)


def origin_trace(
    augment: Sequence[Component], inputs: InputConfig, stride: int
) -> Callable[[np.random.Generator], np.ndarray]:
    """Build what tells where the pixels of an augmented image come from.

    Parameters
    ----------
    augment, inputs
        As in :func:`training_transform`.
    stride : int
        Pixels that make one of the map that is asked for, in both directions; must divide the image.

    Returns
    -------
    callable
        ``trace(generator)``, with a generator in the state in which the transform got its own: int32
        ``[height / stride, width / stride]``, for each pixel of the map the number, row by row, of the
        one whose place in the image before augmentation its centre had; -1 if it had none there.

    Raises
    ------
    ConfigError
        If the input are not images, or are no multiple of the stride.
    """
    if inputs.kind != "image" or inputs.height % stride or inputs.width % stride:
        raise ConfigError(
            f"this method labels pixels of images whose height and width are multiples of {stride}, "
            f"not {inputs.kind} of {inputs.height}×{inputs.width}",
            where="input",
        )
    steps = [_build(step, inputs) for step in augment if step.name != "normalize"]
    rows, columns = np.arange(inputs.height)[:, None] // stride, np.arange(inputs.width) // stride
    numbers = (1 + rows * (inputs.width // stride) + columns).astype(np.int32)[:, :, None]

    def trace(generator: np.random.Generator) -> np.ndarray:
        origins = numbers
        for step in steps:
            origins = step(origins, generator)
        return origins[stride // 2 :: stride, stride // 2 :: stride, 0] - 1

    return trace


def _check_kind(name: str, inputs: InputConfig) -> None:
    step = zoo.TRANSFORMS[name]
    kind = "silhouettes" if step in SILHOUETTE_STEPS else "image"
    kinds = (kind, "posed_image") if kind == "image" and step not in RESIZING_STEPS else (kind,)
    if inputs.kind not in kinds:
        raise ConfigError(f"{name!r} is for input of the kind {kind!r}, not {inputs.kind!r}", where="augment")


def _silhouette_chain(augment: Sequence[Component], inputs: InputConfig, as_bytes: bool) -> Transform:
    """Put ``cut_sides`` at the start of a list that lacks it, and scale to [0, 1] at the end."""
    steps = [_build(step, inputs) for step in augment]
    if "cut_sides" not in [step.name for step in augment]:
        steps.insert(0, cut_sides(inputs.height, inputs.width))

    def apply(silhouettes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        for step in steps:
            silhouettes = step(silhouettes, generator)
        if as_bytes:
            return np.ascontiguousarray(silhouettes)
        return np.divide(silhouettes, np.float32(255), dtype=np.float32)

    return apply


def _build(step: Component, inputs: InputConfig) -> Transform:
    """Call a factory: positional parameters from ``inputs`` by name, options from the list entry."""
    factory = zoo.TRANSFORMS[step.name]
    options = zoo.option_names(factory)
    given = [getattr(inputs, name) for name in inspect.signature(factory).parameters if name not in options]
    return factory(*given, **step.options)


def _chain(steps: Sequence[Transform]) -> Transform:
    def apply(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        for step in steps:
            image = step(image, generator)
        return np.ascontiguousarray(image.transpose(2, 0, 1))

    return apply
