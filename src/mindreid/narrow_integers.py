"""Indices of 32 bits: MindSpore's functions of these names count in int64, which accelerators emulate."""

from __future__ import annotations

from typing import Any

import mindspore as ms
from mindspore import Tensor, ops


def argmax(inputs: Tensor, axis: int) -> Tensor:
    """Return the int32 position of the largest value along ``axis``, which is removed."""
    return ops.Argmax(axis, ms.int32)(inputs)


def argmin(inputs: Tensor, axis: int) -> Tensor:
    """Return the int32 position of the smallest value along ``axis``, which is removed."""
    return ops.Argmin(axis, ms.int32)(inputs)


def one_hot(indices: Tensor, depth: int, dtype: Any = ms.float32) -> Tensor:
    """Return ``[..., depth]`` of floats: 1 at ``indices``, which are int32, 0 elsewhere.

    Examples
    --------
    >>> one_hot(Tensor([2, 0], ms.int32), 3).asnumpy().tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return ops.one_hot(indices, depth, ops.cast(1.0, dtype), ops.cast(0.0, dtype))
