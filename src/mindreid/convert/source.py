"""What a source of checkpoints is: how its files are laid out and what its tensors are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

#: What only training uses has names that start with this.
OBJECTIVE_PREFIX = "objective."

#: PyTorch's batch norms count their batches, which nothing reads.
COUNTER = "num_batches_tracked"


def _same(_name: str, value: np.ndarray) -> np.ndarray:
    return value


def _same_name(name: str, _value: np.ndarray) -> str:
    return name


@dataclass(frozen=True)
class Source:
    """Whose checkpoints they are.

    Attributes
    ----------
    rename : callable
        ``rename(torch_name) -> our name``, or ``None`` for a name that is none of this source's.
        What only training uses is renamed to :data:`OBJECTIVE_PREFIX` and its name in the
        objective.
    classes : str
        Our name of a parameter whose size is the number of training persons.
    class_axis : int
        Which of its axes that is.
    sections : mapping of str to str
        Keys of the state dicts in its files, and the prefix of each one's tensors; empty for
        files that are a state dict themselves.
    left_out : mapping of str to str
        Tensors that have no counterpart here, and why.
    required : str
        Our name of a parameter that tells its files from another source's of the same names; may be
        empty.
    reshape : callable
        ``reshape(our name, value) -> value`` as our parameter has it.
    name_of_shape : callable
        ``name_of_shape(our name, value) -> our name`` where a name depends on the tensor's shape.
    """

    rename: Callable[[str], Optional[str]]
    classes: str
    class_axis: int = 0
    sections: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    required: str = ""
    reshape: Callable[[str, np.ndarray], np.ndarray] = _same
    name_of_shape: Callable[[str, np.ndarray], str] = _same_name

    def reason_to_leave_out(self, torch_name: str) -> Optional[str]:
        """Say why a tensor is not converted, ``None`` if it is."""
        if torch_name.endswith(COUNTER):
            return "counts batches"
        return self.left_out.get(torch_name)
