"""PyTorch checkpoints to MindSpore parameters: one file a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from mindspore import nn

from mindreid.convert import mgn_pytorch, reid_mgn, torchvision_resnet
from mindreid.errors import InvalidArgumentError
from mindreid.layers.parameters import assign_parameters
from mindreid.objective import Objective
from mindreid.zoo import nearest

__all__ = ["OBJECTIVE_PREFIX", "SOURCES", "from_torch", "load_parameters"]

Converter = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]

#: What only training uses has names that start with this.
OBJECTIVE_PREFIX = "objective."

SOURCES: dict[str, Converter] = {
    "mgn_pytorch": mgn_pytorch.convert,
    "reid_mgn": reid_mgn.convert,
    "torchvision_resnet": torchvision_resnet.convert,
}


def from_torch(state: Mapping[str, np.ndarray], source: str) -> dict[str, np.ndarray]:
    """Rename, and where needed reshape, the arrays of a PyTorch state dict.

    Parameters
    ----------
    state : mapping of str to ndarray
        A state dict's entries.
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
        If a name does not belong to a network of that source.
    """
    if source not in SOURCES:
        raise InvalidArgumentError(
            f"there is no source {source!r}{nearest(source, sorted(SOURCES))}",
            fix=f"choose one of {', '.join(sorted(SOURCES))}",
        )
    return SOURCES[source](state)


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
