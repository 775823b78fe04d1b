"""Reading PyTorch checkpoints without executing anything that they contain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union

import numpy as np

from mindreid.errors import CheckpointError, MissingExtraError


def read_torch_state(path: Union[str, Path]) -> dict[str, np.ndarray]:
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
    path = Path(path)
    if not path.is_file():
        raise CheckpointError("there is no such checkpoint", where=str(path))
    try:
        import torch
    except ImportError:
        raise MissingExtraError("torch", "convert", "reading a PyTorch checkpoint") from None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise CheckpointError(
            f"not a whole PyTorch checkpoint, or more than tensors, which is never executed ({reason})",
            where=str(path),
            fix="download it again and compare its checksum",
        ) from None
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        raise CheckpointError(f"a state dict was expected, not a {type(content).__name__}", where=str(path))
    return _arrays(content, torch.Tensor, path)


def _arrays(state: Mapping[str, Any], tensor_type: Any, path: Path) -> dict[str, np.ndarray]:
    arrays = {}
    for name, value in state.items():
        if not isinstance(value, tensor_type):
            raise CheckpointError(
                f"entry {name!r} is a {type(value).__name__}, not a tensor", where=str(path)
            )
        value = value.float() if value.is_floating_point() else value
        arrays[str(name).removeprefix("module.")] = value.numpy()
    return arrays
