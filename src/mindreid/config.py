"""Recipes: YAML with inheritance and overrides, validated into a frozen, typed config.

A recipe names its components (model, dataset, sampler, transforms, optimisers, schedules), and
every other key beside a component's ``name`` is an option of it: a keyword-only argument of the
function registered under that name, whose annotation is the option's type.
"""

from __future__ import annotations

import functools
import json
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Optional

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from mindreid import zoo
from mindreid.errors import ConfigError, InvalidArgumentError
from mindreid.recipe_files import find_recipe, list_recipes, read_recipe
from mindreid.recipe_overrides import TABLES, Override, apply_override
from mindreid.yaml_source import KeyPath

__all__ = ["Override", "find_recipe", "list_recipes", "load_recipe", "parse_options", "validate_recipe"]

#: What ``train.init_weights`` is in recipes whose paper starts from ImageNet weights.
WEIGHTS_REQUIRED = "required"
#: Keys of a recipe whose values are paths, by section.
PATH_KEYS = {
    "dataset": ("root", *TABLES),
    "train": ("init_weights", "init_checkpoint", "init_beside"),
}


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Component(BaseModel):
    """A registered name and its options, written side by side."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    name: str

    @property
    def options(self) -> dict[str, Any]:
        """All keys but the name."""
        return dict(self.model_extra or {})


class ModelConfig(_Section):
    """Which method, with which options for its network and for what trains it."""

    name: str
    network: dict[str, Any] = Field(default_factory=dict)
    objective: dict[str, Any] = Field(default_factory=dict)


class InputConfig(_Section):
    """What the network takes: images of a size, and how they are resized and normalised.

    Of kind "posed_image" are images of six channels: behind the person's own three are those of the
    part image (:mod:`mindreid.data.part_image`), which takes ``dataset.keypoints``.

    Means and standard deviations are those of RGB values in [0, 1]. Of kind "silhouettes" are
    sequences of aligned silhouettes, which are neither resized nor normalised: they are cut to
    ``width`` at the sides and have values in [0, 1].
    """

    kind: Literal["image", "posed_image", "silhouettes"] = "image"
    height: int = Field(gt=0)
    width: int = Field(gt=0)
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    @property
    def channels(self) -> int:
        """Channels of an image, 1 for a silhouette."""
        return {"image": 3, "posed_image": 6, "silhouettes": 1}[self.kind]


class DatasetConfig(Component):
    """A dataset, the folder it was unpacked to, and the loader's options.

    ``views`` is a table of viewpoint labels, made by ``mindreid data views``, ``keypoints`` one of
    keypoints, made by ``mindreid data keypoints``. ``silhouettes`` is a folder of the training images'
    masks (:mod:`mindreid.data.silhouette_files`), for methods that train with them.

    These three count from the working folder, as ``root`` does. Where a recipe has one inside its
    ``root``, and an override or a recipe that inherits it gives another ``root`` and does not give the
    table, it is looked for inside that one.
    """

    root: str
    views: Optional[str] = None
    keypoints: Optional[str] = None
    silhouettes: Optional[str] = None


class OptimizerConfig(Component):
    """An optimiser and the schedule of its learning rate."""

    schedule: Component


class TrainConfig(_Section):
    """Length, seed, start, and how often to log, evaluate and save (in steps or epochs).

    ``init_weights`` fills the trunk from ImageNet weights, ``init_checkpoint`` the whole network
    from a checkpoint of the same model, to go on with other data. A recipe of a paper's row has
    "required" for ``init_weights``: training then asks for a file or an explicit null.
    ``init_beside`` fills the networks that only training uses from a checkpoint of the model that
    trains them by themselves, where a method has such networks.
    ``checkpoint_steps`` saves within epochs, too, every so many steps; 0: only after every
    ``checkpoint_every`` epochs.
    ``reader_threads`` read images ahead of the training (called ``workers`` in earlier versions).
    ``unreadable_share`` is the share of the training files that may be unreadable: others of the
    same persons take their places; 0: the first one ends the run.
    ``evaluate_every`` epochs, and after the last one, the network is evaluated; 0: only then; null: never.
    ``summary`` also writes losses, rates and evaluations for TensorBoard, to the run's folder; it needs
    the extra `summary`.

    The length is a number of ``epochs``, or of ``steps``: then schedules count steps, too. What is
    counted in epochs besides goes by the sampler's.
    """

    epochs: Optional[int] = Field(default=None, gt=0)
    steps: Optional[int] = Field(default=None, gt=0)
    seed: int = Field(default=1, ge=0, lt=2**32)
    reader_threads: int = Field(default=4, gt=0)
    log_every: int = Field(default=20, gt=0)
    evaluate_every: Optional[int] = Field(default=10, ge=0)
    checkpoint_every: int = Field(default=1, gt=0)
    checkpoint_steps: int = Field(default=0, ge=0)
    unreadable_share: float = Field(default=0.0, ge=0, lt=1)
    best_metric: Literal["rank1", "mAP"] = "mAP"
    summary: bool = False
    init_weights: Optional[str] = None
    init_checkpoint: Optional[str] = None
    init_beside: Optional[str] = None

    @pydantic.model_validator(mode="after")
    def _one_length(self) -> TrainConfig:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("a run has either epochs or steps; set the other one to null")
        return self


class EvaluationConfig(_Section):
    """How embeddings are made and compared.

    ``batch_size`` counts images per forward pass; of sequences as many as hold no more frames.
    Above 1, ``crop_scale`` enlarges an image by this factor and averages the embeddings of five crops
    of the input's size: of its corners and of its middle.
    """

    batch_size: int = Field(default=64, gt=0)
    flip: bool = True
    crop_scale: float = Field(default=1.0, ge=1)
    metric: Literal["cosine", "euclidean"] = "cosine"
    rerank: bool = False
    protocols: tuple[str, ...] = ()


class DeviceConfig(_Section):
    """Where to run, mixed precision there, and which rows of a batch share a batch norm's statistics.

    ``norm_groups`` is the number of replicas that the authors trained with whose batch norms did not
    know of each other: each group of a batch has statistics of its own, on any number of workers that
    divides it. ``sync_bn`` decides for a single group: "on", and "auto", take the statistics over all
    workers, "off" over each worker's share.

    ``amp_level`` is a level of :func:`mindreid.layers.precision.set_precision`, ``loss_scale`` the first
    factor on the loss where gradients are float16; it adapts itself.

    With ``normalize``, training images travel to the device as bytes, a quarter of what normalised ones
    need, and are normalised there.

    ``jit_level`` is how far compiled graphs are optimised: "O0" kernel by kernel, "O1" with operators
    fused, "O2", on Ascend alone, by CANN's graph engine.
    """

    target: Literal["auto", "CPU", "GPU", "Ascend"] = "auto"
    amp_level: Literal["O0", "O1", "O2", "O3", "auto"] = "O0"
    loss_scale: float = Field(default=65536.0, gt=0)
    normalize: bool = False
    jit_level: Literal["O0", "O1", "O2"] = "O0"
    norm_groups: int = Field(default=1, gt=0)
    sync_bn: Literal["auto", "on", "off"] = "auto"

    @pydantic.field_validator("sync_bn", mode="before")
    @classmethod
    def _words_of_yaml(cls, value: Any) -> Any:
        # YAML reads the bare words on and off as true and false.
        return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


class Recipe(_Section):
    """Everything that decides a run.

    ``frames`` says which frames of a record with many are taken; without it a record is one image.
    """

    model: ModelConfig
    input: InputConfig
    dataset: DatasetConfig
    sampler: Component
    frames: Optional[Component] = None
    augment: tuple[Component, ...] = ()
    optimizers: dict[str, OptimizerConfig]
    train: TrainConfig
    evaluation: EvaluationConfig = EvaluationConfig()
    device: DeviceConfig = DeviceConfig()

    def in_float32(self) -> Recipe:
        """Return the same recipe without mixed precision."""
        return self.model_copy(update={"device": self.device.model_copy(update={"amp_level": "O0"})})

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists, as stored with checkpoints and results."""
        return self.model_dump(mode="json")


def load_recipe(name_or_path: str, overrides: Sequence[Override] = ()) -> Recipe:
    """Load a recipe with its bases, apply overrides, and validate all of it.

    Parameters
    ----------
    name_or_path : str
        A shipped recipe's name such as ``"mgn/market1501"``, or the path of a YAML file.
    overrides : sequence of str or tuple
        ``"a.b=value"`` with the value in YAML, or ``("a.b", value)``; applied last, in order. Another
        name of a component drops the options that the recipe has for the old one, except ``root`` of a
        dataset and ``lr``, ``weight_decay`` and ``schedule`` of an optimiser.

    Raises
    ------
    ConfigError
        For an unknown key, a wrong type or a missing key, with file, line and the nearest key.
    """
    content, lines = read_recipe(name_or_path, overrides)
    return validate_recipe(content, lines, source=name_or_path)


def validate_recipe(content: Mapping[str, Any], lines: Mapping[KeyPath, str], source: str) -> Recipe:
    """Validate a merged recipe; ``lines`` says where each key stands, ``source`` names the whole."""
    recipe = _validate(Recipe, content, (), lines, source)
    for path, options, function in _components(recipe):
        _validate(_options_model(function), options, path, lines, source)
    return recipe


def parse_options(options: Sequence[str]) -> dict[str, Any]:
    """Read ``"name=value"`` options, the values in YAML.

    Raises
    ------
    ConfigError
        If one is not of that form.
    """
    content: dict[str, Any] = {}
    for option in options:
        apply_override(content, {}, option)
    return content


def _components(recipe: Recipe) -> Iterable[tuple[KeyPath, Mapping[str, Any], Callable[..., Any]]]:
    """Every component of a recipe: where it stands, its options, and the function they go to."""
    model = _registered(zoo.MODELS, recipe.model.name, ("model",))
    yield ("model", "network"), recipe.model.network, model.network
    yield ("model", "objective"), recipe.model.objective, model.objective
    dataset = _registered(zoo.DATASETS, recipe.dataset.name, ("dataset",))
    yield ("dataset",), recipe.dataset.options, dataset.load
    yield ("sampler",), recipe.sampler.options, _registered(zoo.SAMPLERS, recipe.sampler.name, ("sampler",))
    if recipe.frames is not None:
        yield ("frames",), recipe.frames.options, _registered(zoo.FRAMES, recipe.frames.name, ("frames",))
    for index, step in enumerate(recipe.augment):
        path = ("augment", str(index))
        yield path, step.options, _registered(zoo.TRANSFORMS, step.name, path)
    for name, optimizer in recipe.optimizers.items():
        place: KeyPath = ("optimizers", name)
        yield place, optimizer.options, _registered(zoo.OPTIMIZERS, optimizer.name, place)
        place = (*place, "schedule")
        yield place, optimizer.schedule.options, _registered(zoo.SCHEDULES, optimizer.schedule.name, place)


def _registered(registry: zoo.Registry[Any], name: str, path: KeyPath) -> Any:
    try:
        return registry[name]
    except InvalidArgumentError as error:
        raise ConfigError(error.what, where=".".join((*path, "name")), fix=error.fix) from None


def _options_model(function: Callable[..., Any]) -> type[BaseModel]:
    # Part of a loader's arguments may be bound already, where it serves several datasets.
    bare = function.func if isinstance(function, functools.partial) else function
    target = bare.__init__ if isinstance(bare, type) else bare  # type: ignore[misc]
    hints = typing.get_type_hints(target)
    fields: dict[str, Any] = {
        name: (hints.get(name, Any), ... if option.default is option.empty else option.default)
        for name, option in zoo.option_names(function).items()
    }
    return pydantic.create_model("Options", __config__=ConfigDict(extra="forbid", strict=True), **fields)


def _validate(
    model: type[BaseModel],
    content: Mapping[str, Any],
    prefix: KeyPath,
    lines: Mapping[KeyPath, str],
    source: str,
) -> Any:
    try:
        # JSON mode is strict about types and still takes lists for tuples, which YAML lacks.
        return model.model_validate_json(_as_json(content, source))
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False)[0]
        path = (*prefix, *(str(part) for part in problem["loc"]))
        raise ConfigError(_explain(model, problem, path), where=_locate(path, lines, source)) from None


def _as_json(content: Mapping[str, Any], source: str) -> str:
    try:
        return json.dumps(content)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"a recipe is made of mappings, lists, numbers and texts ({str(error).splitlines()[0]})",
            where=source,
        ) from None


def _explain(model: type[BaseModel], problem: Any, path: KeyPath) -> str:
    key = ".".join(path)
    if problem["type"] == "extra_forbidden":
        return f"unknown key {key!r}{zoo.nearest(path[-1], _sibling_keys(model, problem['loc']))}"
    if problem["type"] == "missing":
        return f"the key {key!r} is missing"
    return f"{key}: {problem['msg'].lower()}, got {problem['input']!r}"


def _sibling_keys(model: type[BaseModel], loc: Sequence[Any]) -> list[str]:
    for part in loc[:-1]:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def _locate(path: KeyPath, lines: Mapping[KeyPath, str], source: str) -> str:
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return source
