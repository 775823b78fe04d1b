"""Checkpoints: weights for inference, and resumable states, each one file that is whole or absent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional, Union

import mindspore as ms
import numpy as np
from mindspore import Parameter, nn

from mindreid.atomic import atomic_path
from mindreid.config import Recipe
from mindreid.convert.file_kinds import file_kind
from mindreid.engine.checkpoints.checkpoint_proto import read_entries
from mindreid.errors import CheckpointError
from mindreid.layers.parameters import assign_parameters
from mindreid.versions import library_versions

PathLike = Union[str, Path]
#: Name under which a checkpoint carries its description, as JSON text.
_DESCRIPTION = "mindreid"
#: Name under which it carries the checksum of its parameters.
_DIGEST = "sha256"


@dataclass(frozen=True)
class Description:
    """What a checkpoint says of itself.

    Attributes
    ----------
    model : str
        Registered name of the model.
    network : dict
        Options of the network, as given to :func:`mindreid.create_model`.
    num_classes : int
        Number of persons it was trained on.
    recipe : dict
        The resolved recipe; its "input" section is the pre-processing that the weights expect.
    epoch : int
        Epochs completed; 0 for an untrained network.
    metrics : dict
        Last evaluation, by protocol; empty if there was none.
    versions : dict
        Library versions.
    trained_on : dict or None
        The "dataset" by name, and the "kind" of a tree that does not hold it, see
        :func:`mindreid.data.generated_marker.generated_kind`; empty of weights that were not trained by
        this package. ``None``: nobody has noted it, as earlier versions didn't.
    """

    model: str
    network: dict[str, Any]
    num_classes: int
    recipe: dict[str, Any]
    epoch: int = 0
    metrics: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    trained_on: Optional[dict[str, Any]] = None

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        *,
        num_classes: int,
        epoch: int = 0,
        metrics: Mapping[str, Any] | None = None,
        trained_on: Mapping[str, Any] | None = None,
    ) -> Description:
        """Describe a recipe's weights; by default untrained ones."""
        return cls(
            model=recipe.model.name,
            network=dict(recipe.model.network),
            num_classes=num_classes,
            recipe=recipe.as_dict(),
            epoch=epoch,
            metrics=dict(metrics or {}),
            versions=library_versions(),
            trained_on=dict(trained_on or {}),
        )


def named_parameters(cell: nn.Cell) -> dict[str, Parameter]:
    """Parameters and buffers of ``cell`` by name, the same with and without mixed precision.

    Mixed precision wraps norm layers, which shows in the names that MindSpore gives them.
    """
    return {name.replace("._backbone.", "."): value for name, value in cell.parameters_and_names()}


def save_weights(path: PathLike, network: nn.Cell, description: Description) -> None:
    """Write a network's parameters and buffers, without optimiser state.

    Raises
    ------
    CheckpointError
        If a value is not finite, or the file can't be written; an older file then stays.
    """
    _write(Path(path), named_parameters(network), asdict(description))


def load_weights(path: PathLike, network: nn.Cell, *, model: Optional[str] = None) -> Description:
    """Load a file of :func:`save_weights` into ``network``; nothing is loaded unless all fits.

    Parameters
    ----------
    path : path
        The checkpoint.
    network : nn.Cell
        Receives the values.
    model : str, optional
        Name the checkpoint must carry.

    Raises
    ------
    CheckpointError
        If the file is missing or damaged, or belongs to another model or other options: where a run's
        ``config.yaml`` is beside it, it is named.
    """
    path = Path(path)
    values, description = read_weights(path)
    if model is not None and description.model != model:
        raise CheckpointError(
            f"this checkpoint holds a {description.model!r} network, the recipe asks for {model!r}",
            where=str(path),
            fix=_own_recipe(path) or "pass the recipe it was trained with",
        )
    _assign(values, named_parameters(network), path, _own_recipe(path))
    return description


def _own_recipe(path: Path) -> Optional[str]:
    """Name the recipe of the run that a checkpoint is of, if it lies beside it as training leaves it."""
    recipe = path.with_name("config.yaml")
    return f"pass the recipe it was trained with, --config {recipe}" if recipe.is_file() else None


def read_weights(path: PathLike) -> tuple[dict[str, np.ndarray], Description]:
    """Read a file of :func:`save_weights`: parameters and buffers by name, and what it says of itself.

    Raises
    ------
    CheckpointError
        If the file is missing or damaged, or is no checkpoint of weights.
    """
    path = Path(path)
    values, content = _read(path)
    return values, _description(content, path)


def read_description(path: PathLike) -> Description:
    """Read what a checkpoint says of itself."""
    return read_weights(path)[1]


def save_state(path: PathLike, parameters: Mapping[str, Parameter], progress: Mapping[str, Any]) -> None:
    """Write everything that a resumed run needs: parameters, optimiser state and progress.

    Parameters
    ----------
    path : path
        Where to; replaced whole.
    parameters : mapping of str to Parameter
        Of the objective and of all optimisers.
    progress : mapping
        JSON values: epoch, step, number of classes, best metric.
    """
    _write(Path(path), parameters, dict(progress))


def load_state(
    path: PathLike,
    parameters: Mapping[str, Parameter],
    *,
    check: Callable[[Mapping[str, Any]], None] = lambda _progress: None,
    ignored: Collection[str] = (),
) -> dict[str, Any]:
    """Restore a state of :func:`save_state` into ``parameters`` and return its progress.

    Parameters
    ----------
    path : path
        The state.
    parameters : mapping of str to Parameter
        Receive the values.
    check : callable
        Gets the progress before anything is restored; raises if it does not fit.
    ignored : collection of str
        Names that the file may have besides.

    Raises
    ------
    CheckpointError
        If the file is damaged, or was written for other parameters, e.g. another class count.
    """
    path = Path(path)
    values, content = _read(path)
    check(content)
    _assign({name: value for name, value in values.items() if name not in ignored}, parameters, path)
    return content


def _write(path: Path, parameters: Mapping[str, Parameter], content: dict[str, Any]) -> None:
    entries = [{"name": name, "data": parameter} for name, parameter in parameters.items()]
    arrays = {name: parameter.asnumpy() for name, parameter in parameters.items()}
    for name, value in arrays.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise CheckpointError(
                f"the parameter {name!r} is not finite, so it is not saved",
                where=str(path),
                fix="go back to the last checkpoint and lower the learning rate",
            )
    description = {_DESCRIPTION: json.dumps(content), _DIGEST: _digest(arrays)}
    try:
        with atomic_path(path) as temporary:
            ms.save_checkpoint(entries, str(temporary), append_dict=description, crc_check=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(
            f"can't write the checkpoint ({reason})",
            where=str(path),
            fix="free space on the disk; an older checkpoint of this name is untouched",
        ) from None


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    if not path.is_file():
        raise CheckpointError("there is no such checkpoint", where=str(path))
    kind = file_kind(path)
    if kind is not None and kind != "empty":
        raise CheckpointError(
            f"this is {kind}, no MindSpore checkpoint",
            where=str(path),
            fix="make a checkpoint of an author's weights with `mindreid convert`; pass ImageNet weights as "
            "train.init_weights",
        )
    try:
        values = read_entries(path)
    except CheckpointError:
        raise _damaged(path) from None
    text, digest = values.pop(_DESCRIPTION, None), values.pop(_DIGEST, None)
    if text is None:
        raise CheckpointError(
            "this checkpoint was not written by mindreid",
            where=str(path),
            fix="pass pre-trained trunk weights as train.init_weights",
        )
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    if len(arrays) != len(values) or digest != _digest(arrays):
        raise _damaged(path)
    try:
        return arrays, json.loads(str(text))
    except (ValueError, RecursionError):
        raise _damaged(path) from None


def _damaged(path: Path) -> CheckpointError:
    return CheckpointError(
        "this checkpoint is damaged or is no MindSpore checkpoint",
        where=str(path),
        fix="copy it again, or use another one of the run; weights of it can start a new run as "
        "train.init_checkpoint",
    )


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names, types, shapes and values; MindSpore's own sum has 32 bits."""
    digest = hashlib.sha256()
    for name, value in sorted(arrays.items()):
        digest.update(f"{name} {value.dtype} {value.shape}\n".encode())
        digest.update(np.ascontiguousarray(value).data)
    return digest.hexdigest()


def _description(content: Mapping[str, Any], path: Path) -> Description:
    try:
        return Description(**content)
    except TypeError:
        raise CheckpointError(
            "this is a resumable state, not a checkpoint of weights",
            where=str(path),
            fix="pass last.ckpt or best.ckpt of the same run",
        ) from None


def _assign(
    values: Mapping[str, np.ndarray],
    targets: Mapping[str, Parameter],
    path: Path,
    fix: Optional[str] = None,
) -> None:
    fix = fix or "use the recipe and the dataset that it was trained with"
    assign_parameters(targets, values, source=str(path), fix=fix)
