"""Reading PyTorch checkpoints without executing anything that they contain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from mindreid.convert.file_kinds import SAFETENSORS, TORCH, file_kind
from mindreid.convert.safetensors_file import read_safetensors
from mindreid.convert.state_dicts import find_weights
from mindreid.errors import CheckpointError, MissingExtraError
from mindreid.safe_pickles import STAND_INS, plain_number

PathLike = Union[str, Path]


def read_torch_state(path: PathLike) -> dict[str, np.ndarray]:
    """Read the tensors of a PyTorch checkpoint.

    Parameters
    ----------
    path : path
        A file of PyTorch or safetensors with a state dict, bare or under one of the keys that
        :mod:`~mindreid.convert.state_dicts` knows.

    Returns
    -------
    dict of str to ndarray
        Floating-point tensors as float32, others as they are. The prefixes "module." and
        "_orig_mod." of parallel training and compilation are taken off.

    Raises
    ------
    CheckpointError
        If there is no such file, it is damaged, has no weights, or holds anything but tensors and
        plain containers.
    MissingExtraError
        If PyTorch is not installed, and the file is one of PyTorch.
    """
    return read_torch_sections(path, {})[0]


def read_torch_sections(
    path: PathLike, sections: Mapping[str, str], entry: Optional[str] = None
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Read the tensors of a PyTorch checkpoint that holds several state dicts.

    Parameters
    ----------
    path : path
        The file.
    sections : mapping of str to str
        Keys of the file's state dicts, and what goes before the names of each one's tensors. A
        file with none of them is read as :func:`read_torch_state` does.
    entry : str, optional
        Key of the network's weights, where a file has several; by default averaged ones are taken
        before others.

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
    if not path.is_file():
        raise CheckpointError("there is no such checkpoint", where=str(path))
    content = read_safetensors(path) if file_kind(path) == SAFETENSORS else _load(path)
    return find_weights(content, sections, str(path), entry)


def _load(path: Path) -> Mapping[str, Any]:
    try:
        import torch
    except ImportError:
        raise MissingExtraError("torch", "convert", "reading a PyTorch checkpoint") from None
    try:
        with torch.serialization.safe_globals(HARMLESS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise _unreadable(path, error) from None
    if not isinstance(content, Mapping):
        raise CheckpointError(f"a state dict was expected, not a {type(content).__name__}", where=str(path))
    return content


def _unreadable(path: Path, error: Exception) -> CheckpointError:
    """Say why PyTorch refused a file, without its advice to execute what is in it."""
    named = re.search(r"GLOBAL (\S+)", str(error))
    if named:
        return CheckpointError(
            f"the file holds more than tensors, which is never executed: it names {named[1]}",
            where=str(path),
            fix="if it is a whole module, save its weights in PyTorch: torch.save(model.state_dict(), FILE)",
        )
    kind = file_kind(path)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    reason = f"it is {kind}" if kind not in (None, TORCH) else lines[-1].strip()[:200]
    return CheckpointError(
        f"not a whole PyTorch checkpoint, or more than tensors, which is never executed ({reason})",
        where=str(path),
        fix="download it again and compare its checksum",
    )


#: Training scripts put NumPy numbers (a rank-1) and arrays (a curve) beside their weights, which
#: PyTorch refuses by itself. The stand-ins rebuild them and can do nothing else.
HARMLESS: list[Any] = [
    (plain_number if name == "scalar" else stand_in, f"{module}.{name}")
    for (module, name), stand_in in STAND_INS.items()
]
