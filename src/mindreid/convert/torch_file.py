"""Reading PyTorch checkpoints without executing anything that they contain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union

import numpy as np

from mindreid.errors import CheckpointError, MissingExtraError
from mindreid.safe_pickles import STAND_INS, plain_number

PathLike = Union[str, Path]


def read_torch_state(path: PathLike) -> dict[str, np.ndarray]:
    """Read the tensors of a PyTorch checkpoint.

    Parameters
    ----------
    path : path
        A ``.pth`` or ``.pt`` file with a state dict, bare or under the key "state_dict".

    Returns
    -------
    dict of str to ndarray
        Floating-point tensors as float32, others as they are. The prefix "module." of
        multi-GPU training is taken off.

    Raises
    ------
    CheckpointError
        If there is no such file, it is damaged, or it holds anything but tensors and plain
        containers.
    MissingExtraError
        If PyTorch is not installed.
    """
    return read_torch_sections(path, {})[0]


def read_torch_sections(
    path: PathLike, sections: Mapping[str, str]
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Read the tensors of a PyTorch checkpoint that holds several state dicts.

    Parameters
    ----------
    path : path
        The file.
    sections : mapping of str to str
        Keys of the file's state dicts, and what goes before the names of each one's tensors. A
        file with none of them is read as :func:`read_torch_state` does.

    Returns
    -------
    state : dict of str to ndarray
        As :func:`read_torch_state`.
    others : tuple of str
        The file's other keys, such as "epoch" or "optimizer".

    Raises
    ------
    CheckpointError, MissingExtraError
        As :func:`read_torch_state`.
    """
    path = Path(path)
    content = _load(path)
    present = [key for key in sections if key in content]
    if not present:
        wrapped = isinstance(content.get("state_dict"), Mapping)
        others = tuple(str(key) for key in content if key != "state_dict") if wrapped else ()
        return _arrays(content["state_dict"] if wrapped else content, path), others
    state: dict[str, np.ndarray] = {}
    for key in present:
        section = content[key]
        if not isinstance(section, Mapping):
            what = f"{key!r} should be a state dict, not a {type(section).__name__}"
            raise CheckpointError(what, where=str(path))
        state.update({sections[key] + name: value for name, value in _arrays(section, path).items()})
    return state, tuple(str(key) for key in content if key not in sections)


def _load(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise CheckpointError("there is no such checkpoint", where=str(path))
    try:
        import torch
    except ImportError:
        raise MissingExtraError("torch", "convert", "reading a PyTorch checkpoint") from None
    try:
        with torch.serialization.safe_globals(HARMLESS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise CheckpointError(
            f"not a whole PyTorch checkpoint, or more than tensors, which is never executed ({reason})",
            where=str(path),
            fix="download it again and compare its checksum",
        ) from None
    if not isinstance(content, Mapping):
        raise CheckpointError(f"a state dict was expected, not a {type(content).__name__}", where=str(path))
    return content


#: Training scripts put NumPy numbers (a rank-1) and arrays (a curve) beside their weights, which
#: PyTorch refuses by itself. The stand-ins rebuild them and can do nothing else.
HARMLESS: list[Any] = [
    (plain_number if name == "scalar" else stand_in, f"{module}.{name}")
    for (module, name), stand_in in STAND_INS.items()
]


def _arrays(state: Mapping[str, Any], path: Path) -> dict[str, np.ndarray]:
    import torch

    arrays = {}
    for name, value in state.items():
        if not isinstance(value, torch.Tensor):
            raise CheckpointError(
                f"entry {name!r} is a {type(value).__name__}, not a tensor",
                where=str(path),
                fix="if this is a training checkpoint, `mindreid convert` reads it with the right --source",
            )
        value = value.detach()
        value = value.float() if value.is_floating_point() else value
        arrays[str(name).removeprefix("module.")] = value.numpy()
    return arrays
