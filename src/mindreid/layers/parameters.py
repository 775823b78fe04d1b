"""Named parameters: compare arrays with a network's parameters, report every difference, assign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

import numpy as np
from mindspore import Parameter, Tensor, ops

from mindreid.errors import CheckpointError

_LISTED = 8


def assign_parameters(
    targets: Mapping[str, Parameter],
    values: Mapping[str, np.ndarray],
    *,
    source: str,
    strict: bool = True,
    fix: Optional[str] = None,
) -> None:
    """Give parameters the values of the same names; all of them or, after an error, none.

    Parameters
    ----------
    targets : mapping of str to Parameter
        A network's parameters by name.
    values : mapping of str to ndarray
        Their new values; other floating-point types are converted.
    source : str
        Where the values come from, for the message.
    strict : bool
        Whether missing and unexpected names are errors. A wrong shape always is.
    fix : str, optional
        What the user can do about an error.

    Raises
    ------
    CheckpointError
        Naming the missing, unexpected and misshaped parameters.
    """
    problems = _misshaped(targets, values)
    if strict:
        problems += _listed("missing", [name for name in targets if name not in values])
        problems += _listed("unexpected", [name for name in values if name not in targets])
    if problems:
        what = f"the parameters do not fit the network: {'; '.join(problems)}"
        raise CheckpointError(what, where=source, fix=fix)
    for name, value in values.items():
        if name in targets:
            # set_data would give the parameter other memory, which compiled functions do not notice.
            # ascontiguousarray alone would make a vector of a scalar.
            contiguous = np.ascontiguousarray(value).reshape(value.shape)
            ops.assign(targets[name], Tensor(contiguous, targets[name].dtype))


def _misshaped(targets: Mapping[str, Parameter], values: Mapping[str, np.ndarray]) -> list[str]:
    wrong = [
        f"{name} has shape {tuple(value.shape)} instead of {tuple(targets[name].shape)}"
        for name, value in values.items()
        if name in targets and tuple(value.shape) != tuple(targets[name].shape)
    ]
    return _listed("misshaped", wrong)


def _listed(kind: str, names: list[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return [f"{len(names)} {kind} ({', '.join(names[:_LISTED])}{more})"]
