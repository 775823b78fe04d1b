"""PyTorch checkpoints to MindSpore parameters: one file a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

import numpy as np
from mindspore import nn

from mindreid.convert import (
    fire_ccreid,
    isp_reid,
    mgn_pytorch,
    opengait,
    opengait_deepgaitv2,
    opengait_gaitgl,
    opengait_gaitpart,
    opengait_gaitset,
    reid_mgn,
    simple_ccreid,
    simple_ccreid_video,
    torchreid_hacnn,
    torchvision_resnet,
)
from mindreid.convert.source import OBJECTIVE_PREFIX, Source
from mindreid.convert.torch_file import read_torch_sections
from mindreid.errors import CheckpointError, InvalidArgumentError
from mindreid.layers.parameters import assign_parameters
from mindreid.objective import Objective
from mindreid.zoo import nearest

__all__ = [
    "OBJECTIVE_PREFIX",
    "SOURCES",
    "Conversion",
    "convert_file",
    "convert_state",
    "from_torch",
    "load_parameters",
]

SOURCES: dict[str, Source] = {
    "fire_ccreid": fire_ccreid.SOURCE,
    "isp_reid": isp_reid.SOURCE,
    "mgn_pytorch": mgn_pytorch.SOURCE,
    "opengait": opengait.SOURCE,
    "opengait_deepgaitv2": opengait_deepgaitv2.SOURCE,
    "opengait_gaitgl": opengait_gaitgl.SOURCE,
    "opengait_gaitpart": opengait_gaitpart.SOURCE,
    "opengait_gaitset": opengait_gaitset.SOURCE,
    "reid_mgn": reid_mgn.SOURCE,
    "simple_ccreid": simple_ccreid.SOURCE,
    "simple_ccreid_video": simple_ccreid_video.SOURCE,
    "torchreid_hacnn": torchreid_hacnn.SOURCE,
    "torchvision_resnet": torchvision_resnet.SOURCE,
}


@dataclass(frozen=True)
class Conversion:
    """What became of every tensor of a PyTorch checkpoint.

    Attributes
    ----------
    parameters : dict of str to ndarray
        By our names; what only training uses has the prefix "objective.".
    origins : dict of str to str
        The PyTorch name by ours.
    left_out : dict of str to str
        Why a tensor is not among the parameters, by its PyTorch name.
    num_classes : int
        Number of training persons; 0 if the checkpoint has no classifier.
    others : tuple of str
        What else the file holds beside state dicts, such as "epoch".
    """

    parameters: dict[str, np.ndarray]
    origins: dict[str, str]
    left_out: dict[str, str]
    num_classes: int = 0
    others: tuple[str, ...] = ()


def from_torch(state: Mapping[str, np.ndarray], source: str) -> dict[str, np.ndarray]:
    """Rename, and where needed reshape, the arrays of a PyTorch state dict.

    Parameters
    ----------
    state : mapping of str to ndarray
        A state dict's entries. Where a checkpoint has several state dicts, the names of the
        second one begin with "classifier/", those of the third with "clothes_classifier/".
    source : str
        Whose network it is, one of :data:`SOURCES`.

    Returns
    -------
    dict of str to ndarray
        By our parameter names. What only training uses (classifiers) has the prefix
        "objective.".

    Raises
    ------
    InvalidArgumentError
        If there is no such source.
    CheckpointError
        If a name, or a tensor's number of axes, does not belong to a network of that source.
    """
    return convert_state(state, source).parameters


def convert_state(state: Mapping[str, np.ndarray], source: str, others: tuple[str, ...] = ()) -> Conversion:
    """Do what :func:`from_torch` does, and account for every tensor; raises the same."""
    layout = _source(source)
    state = _without_common_prefix(state, layout)
    parameters, origins, left_out = {}, {}, {}
    for torch_name, value in state.items():
        reason = layout.reason_to_leave_out(torch_name)
        if reason is not None:
            left_out[torch_name] = reason
            continue
        name = layout.rename(torch_name)
        if name is None:
            raise CheckpointError(
                f"{torch_name!r} is not a parameter of a {source} network", fix=_other_source(state)
            )
        name = layout.name_of_shape(name, value)
        try:
            parameters[name], origins[name] = layout.reshape(name, value), torch_name
        except ValueError:
            raise _wrong_shape(torch_name, value, source) from None
    return Conversion(parameters, origins, left_out, _count_classes(parameters, origins, source), others)


def _count_classes(parameters: Mapping[str, np.ndarray], origins: Mapping[str, str], source: str) -> int:
    layout = SOURCES[source]
    classifier = parameters.get(layout.classes)
    if classifier is None:
        return 0
    if classifier.ndim <= layout.class_axis:
        raise _wrong_shape(origins[layout.classes], classifier, source)
    return classifier.shape[layout.class_axis]


def _wrong_shape(torch_name: str, value: np.ndarray, source: str) -> CheckpointError:
    return CheckpointError(f"{torch_name!r} has the shape {value.shape}, which it has in no {source} network")


def convert_file(path: Union[str, Path], source: str, entry: Optional[str] = None) -> Conversion:
    """Read and convert a PyTorch checkpoint or safetensors file, without executing what is in it.

    Parameters
    ----------
    path : path
        The file.
    source : str
        Whose network it is, one of :data:`SOURCES`.
    entry : str, optional
        Key of the network's weights; by default averaged ones (as ``state_dict_ema``) are taken before
        those as last trained.

    Raises
    ------
    InvalidArgumentError
        If there is no such source.
    CheckpointError
        If the file is missing, damaged, or of another source.
    MissingExtraError
        If PyTorch is not installed.
    """
    state, others = read_torch_sections(path, _source(source).sections, entry)
    try:
        return convert_state(state, source, others)
    except CheckpointError as error:
        raise CheckpointError(error.what, where=str(path), fix=error.fix) from None


def _without_common_prefix(state: Mapping[str, np.ndarray], layout: Source) -> Mapping[str, np.ndarray]:
    """Take off what all names begin with, such as "backbone.", if without it all are the source's."""
    first = next(iter(state), "").partition(".")[0] + "."
    if all(name.startswith(first) for name in state) and not _fits(state, layout):
        bare = {name[len(first) :]: value for name, value in state.items()}
        return bare if _fits(bare, layout) else state
    return state


def _fits(state: Iterable[str], layout: Source) -> bool:
    return all(layout.reason_to_leave_out(name) or layout.rename(name) for name in state)


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise InvalidArgumentError(
            f"there is no source {name!r}{nearest(name, sorted(SOURCES))}",
            fix=f"choose one of {', '.join(sorted(SOURCES))}",
        )
    return SOURCES[name]


def _other_source(state: Mapping[str, np.ndarray]) -> Optional[str]:
    fitting = [
        name
        for name, layout in SOURCES.items()
        if _fits(state, layout) and (not layout.required or layout.required in map(layout.rename, state))
    ]
    return f"convert it as {' or '.join(fitting)}" if fitting else None


def load_parameters(network: nn.Cell, parameters: Mapping[str, np.ndarray], strict: bool = True) -> None:
    """Give a network, or an objective with its network, the values of converted parameters.

    Parameters
    ----------
    network : Cell
        An inference network, which skips names with the prefix "objective.", or an
        :class:`mindreid.objective.Objective`, which takes them for its own cells.
    parameters : mapping of str to ndarray
        What :func:`from_torch` returned.
    strict : bool
        Whether missing and unexpected names are errors; wrong shapes always are.

    Raises
    ------
    CheckpointError
        Naming every missing, unexpected and misshaped parameter; the network is then as it was.
    """
    if isinstance(network, Objective):
        targets = {_exchange_prefix(name): parameter for name, parameter in network.parameters_and_names()}
    else:
        targets = dict(network.parameters_and_names())
        parameters = {
            name: value for name, value in parameters.items() if not name.startswith(OBJECTIVE_PREFIX)
        }
    assign_parameters(targets, parameters, source="converted parameters", strict=strict)


def _exchange_prefix(name: str) -> str:
    inside_network = name.startswith("network.")
    return name[len("network.") :] if inside_network else OBJECTIVE_PREFIX + name
