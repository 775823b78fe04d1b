"""ImageNet start of a trunk from a file: a torchvision ``.pth`` or a mindcv ``.ckpt``.

A torchvision file that was converted to a ``.ckpt`` says so in the file, for the two libraries
pad the stem's max pooling differently. Nothing is downloaded. Every part of a trunk that a
network holds is filled from the same file, so the copies of a multi-branch network all start
alike.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Optional, Union

import mindspore as ms
import numpy as np
from mindspore import nn

from mindreid.atomic import atomic_path
from mindreid.convert.file_kinds import SAFETENSORS, TORCH, file_kind
from mindreid.convert.torch_file import read_torch_state
from mindreid.data.formats.regular_files import file_checksum
from mindreid.engine.checkpoints.checkpoint_proto import read_entries
from mindreid.errors import CheckpointError, InvalidArgumentError
from mindreid.layers.hrnet import CLASSIFICATION_HEAD, hrnet_parameter_name
from mindreid.layers.parameters import assign_parameters
from mindreid.layers.resnet import (
    CLASSIFIER_PREFIX,
    TRUNKS,
    ResNetStem,
    StemPool,
    TrunkPart,
    architecture,
    parameter_name,
)

logger = logging.getLogger(__name__)

PathLike = Union[str, Path]
_TORCH_SUFFIXES = (".pth", ".pt", ".tar", ".bin", ".safetensors")
_MINDSPORE_SUFFIXES = (".ckpt",)
#: A parameter that only an HRNet has; the size of its first axis is the number in the trunk's name.
_HIGH_RESOLUTION = "stage4.0.branches.0.0.conv1.weight"
#: Name of the first convolution's kernels, as torchvision has it.
_STEM = "conv1.weight"
#: Names of MindSpore's optimisers' state: what they keep by parameter, and their counters and rates.
_OPTIMIZER = re.compile(
    r"(?:adam_[mv]|moments?\d?|moment[12]|accum|stat|mean_square|mean_gradients|mom|vhat|exp_avg(?:_sq)?)\."
    r"|(?:.*\.)?(?:global_step|learning_rate|weight_decay|beta[12]_power|scale_sense|loss_scale|momentum"
    r"|epoch_num|step_num|current_iterator_step|last_overflow_iterator_step|optimizer_state_step)$"
)
#: How the SHA-256 of torchvision's newer weights of ResNet-50 begins, as its file's name says, too.
_NEWER_WEIGHTS = "11ad3fa6"
#: Entry of a converted file that names the library whose stem pooling the weights expect.
_STEM_POOL_ENTRY = "stem_pool"


def stem_pool_of(path: Optional[PathLike]) -> StemPool:
    """Tell which padding of the stem's max pooling a weight file was trained with.

    Parameters
    ----------
    path : path, optional
        The weight file; without one, torchvision's padding is the choice.

    Returns
    -------
    {"torchvision", "mindcv"}
        The ``stem_pool`` option to build the network with.

    Raises
    ------
    CheckpointError
        If the file's suffix tells neither.
    """
    if path is None or _is_torch(path):
        return "torchvision"
    return _read_mindspore(path)[1]


def load_pretrained(network: nn.Cell, path: Optional[PathLike]) -> None:
    """Fill every trunk part of ``network`` with ImageNet weights; without a path, log that there are none.

    Parameters
    ----------
    network : Cell
        Contains :class:`mindreid.layers.resnet.TrunkPart` cells, or has a ``load_pretrained(path)`` of its
        own, which then does it all.
    path : path, optional
        A torchvision or mindcv ResNet of the same depth, what ``mindreid convert`` made of one, or
        the PyTorch file of an HRNet by its authors. The classifier in it is not used.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, of another trunk or another stem pooling; the network
        is then as it was.
    MissingExtraError
        If a ``.pth`` is given and PyTorch is not installed.
    InvalidArgumentError
        If the network has no trunk.
    """
    parts = {place: part for place, part in network.cells_and_names() if isinstance(part, TrunkPart)}
    if path is None:
        if parts:
            logger.info("no ImageNet weights given: the network starts from random weights")
        return
    if hasattr(network, "load_pretrained"):
        _load_by_itself(network, Path(path))
        return
    if not parts:
        raise InvalidArgumentError(
            "this network has no ResNet trunk and no HRNet that ImageNet weights could fill",
            where=str(path),
            fix="set train.init_weights to null, or give the network a method load_pretrained(path), see "
            "docs/own_model.md",
        )
    trunk = next(iter(parts.values())).arch.name
    weights, source = _read(path)
    _check_trunk(weights, trunk, path)
    _check_stem_pool(parts.values(), source, path)
    _fill(parts, weights, path)
    logger.info("%s starts from the %s weights in %s, with that library's stem pooling", trunk, source, path)
    if file_checksum(Path(path)).startswith(_NEWER_WEIGHTS):
        logger.warning(
            "these are torchvision's IMAGENET1K_V2 weights; papers that name ResNet-50 began with "
            "IMAGENET1K_V1, resnet50-0676ba61.pth"
        )


def _load_by_itself(network: nn.Cell, path: Path) -> None:
    if not path.is_file():
        raise CheckpointError("there is no such checkpoint", where=str(path))
    network.load_pretrained(path)
    logger.info("the network starts from the weights in %s, which it has loaded by itself", path)


def trunk_of(weights: Mapping[str, np.ndarray]) -> Optional[str]:
    """Tell which trunk parameters belong to, by their names; ``None`` if to none of ours."""
    if _HIGH_RESOLUTION in weights:
        return f"hrnet_w{len(weights[_HIGH_RESOLUTION])}"
    blocks = {found.groups() for name in weights if (found := re.match(r"layer(\d)\.(\d+)\.", name))}
    depths = {stage: sum(1 for other, _ in blocks if other == str(stage)) for stage in range(1, 5)}
    has_third_convolution = "layer1.0.conv3.weight" in weights
    for name in TRUNKS:
        arch = architecture(name)
        if depths == arch.depths and has_third_convolution == (arch.block.expansion == 4):
            return name
    return None


def save_trunk_weights(path: PathLike, trunk: nn.Cell, stem_pool: StemPool) -> None:
    """Write a trunk's weights as a ``.ckpt`` that :func:`load_pretrained` takes.

    Parameters
    ----------
    path : path
        Where to; replaced whole.
    trunk : Cell
        E.g. :class:`mindreid.layers.resnet.ResNetTrunk`.
    stem_pool : {"torchvision", "mindcv"}
        Whose stem pooling the weights were trained with.
    """
    entries = [{"name": name, "data": value} for name, value in trunk.parameters_and_names()]
    with atomic_path(path) as temporary:
        ms.save_checkpoint(entries, str(temporary), append_dict={_STEM_POOL_ENTRY: stem_pool})


def _is_torch(path: PathLike) -> bool:
    """Tell PyTorch's files from MindSpore's, by what is in them: Lightning writes .ckpt, too."""
    suffix = Path(path).suffix
    if suffix not in (*_TORCH_SUFFIXES, *_MINDSPORE_SUFFIXES):
        raise CheckpointError(
            "ImageNet weights are a torchvision file (.pth, .pt, .pth.tar, .bin, .safetensors) or a mindcv "
            "file (.ckpt)",
            where=str(path),
        )
    return suffix in _TORCH_SUFFIXES or file_kind(Path(path)) in (TORCH, SAFETENSORS)


def _read(path: PathLike) -> tuple[dict[str, np.ndarray], StemPool]:
    source: StemPool
    if not _is_torch(path):
        weights, source = _read_mindspore(path)
        weights = dict(_trunk_state(weights, path))
    else:
        source = "torchvision"
        state = _trunk_state(read_torch_state(path), path)
        rename = hrnet_parameter_name if _HIGH_RESOLUTION in state else parameter_name
        named = ((rename(name), value) for name, value in state.items())
        weights = {name: value for name, value in named if name is not None}
    head = CLASSIFICATION_HEAD if _HIGH_RESOLUTION in weights else (CLASSIFIER_PREFIX,)
    return {name: value for name, value in weights.items() if not name.startswith(head)}, source


def _trunk_state(state: Mapping[str, np.ndarray], path: PathLike) -> Mapping[str, np.ndarray]:
    """Find the trunk in a larger network's state, where all its names begin with a prefix."""
    prefixes = [name[: -len(_STEM)] for name in state if name.endswith(_STEM)]
    trunks = [prefix for prefix in prefixes if f"{prefix}layer1.0.conv1.weight" in state]
    if "" in trunks or not trunks:
        return state
    if len(trunks) > 1:
        raise CheckpointError(
            f"the file holds several trunks, under {', '.join(map(repr, trunks))}",
            where=str(path),
            fix="save the one to start from in a file of its own",
        )
    inside = {name: value for name, value in state.items() if name.startswith(trunks[0])}
    others = [name for name in state if name not in inside]
    logger.info("%s: the trunk is what begins with %r%s", path, trunks[0], _left_out(others))
    return {name[len(trunks[0]) :]: value for name, value in inside.items()}


def _left_out(names: Sequence[str]) -> str:
    return f"; {len(names)} tensors are left out, such as {names[0]!r}" if names else ""


def _read_mindspore(path: PathLike) -> tuple[dict[str, np.ndarray], StemPool]:
    if not Path(path).is_file():
        raise CheckpointError("there is no such checkpoint", where=str(path))
    try:
        content = read_entries(Path(path))
    except CheckpointError:
        raise CheckpointError(
            "not a whole MindSpore checkpoint",
            where=str(path),
            fix="download it again and compare its checksum",
        ) from None
    said = content.pop(_STEM_POOL_ENTRY, "mindcv")
    arrays = {name: value for name, value in content.items() if isinstance(value, np.ndarray)}
    if len(arrays) != len(content):
        raise CheckpointError(
            "this is a checkpoint of a whole network, not of a trunk",
            where=str(path),
            fix="pass it as train.init_checkpoint, and null as train.init_weights",
        )
    source: StemPool = "torchvision" if said == "torchvision" else "mindcv"
    # Pre-trained checkpoints are often saved with what the optimiser keeps beside each parameter.
    kept = {name: value for name, value in arrays.items() if not _OPTIMIZER.match(name)}
    optimizer = [name for name in arrays if name not in kept]
    if optimizer:
        logger.info("%s: the optimiser's state is no weights%s", path, _left_out(optimizer))
    return kept, source


def _fill(parts: Mapping[str, TrunkPart], weights: Mapping[str, np.ndarray], path: PathLike) -> None:
    targets, values, used = {}, {}, set()
    for place, part in parts.items():
        for name, parameter in part.parameters_and_names():
            full_name = f"{place}.{name}" if place else name
            targets[full_name] = parameter
            used.add(name)
            if name in weights:
                values[full_name] = weights[name]
    values.update({name: value for name, value in weights.items() if name not in used})
    assign_parameters(targets, values, source=str(path))


def _check_trunk(weights: Mapping[str, np.ndarray], wanted: str, path: PathLike) -> None:
    found = trunk_of(weights)
    if found != wanted:
        described = f"of a {found}" if found else f"not of one of {', '.join(TRUNKS)}"
        raise CheckpointError(
            f"the weights are {described}, the network's trunk is a {wanted}",
            where=str(path),
            fix="give other weights or set the network's option `trunk`",
        )


def _check_stem_pool(parts: Iterable[TrunkPart], source: StemPool, path: PathLike) -> None:
    for part in parts:
        if isinstance(part, ResNetStem) and part.stem_pool != source:
            raise CheckpointError(
                f"the weights were trained with {source}'s stem pooling, the network has {part.stem_pool}'s",
                where=str(path),
                fix=f"build the network with stem_pool={source!r}, in a recipe: model.network.stem_pool",
            )
