"""Kernels of PyTorch's 1-d and 3-d convolutions as our layers of folded frames have them."""

from __future__ import annotations

import numpy as np


def fold_time(kernel: np.ndarray) -> np.ndarray:
    """Lay a 3-d kernel's frames side by side as channels, see :mod:`mindreid.layers.frame_convolution`.

    Parameters
    ----------
    kernel : np.ndarray
        ``[C', C, T, k, k]``.

    Returns
    -------
    np.ndarray
        ``[C', T C, k, k]``, frame by frame.
    """
    after, before, frames, height, width = kernel.shape
    return kernel.transpose(0, 2, 1, 3, 4).reshape(after, frames * before, height, width)


def fold_series(kernel: np.ndarray) -> np.ndarray:
    """Turn a 1-d kernel ``[C', C, T]`` into a matrix ``[T C, C']``, frame by frame."""
    after, before, size = kernel.shape
    return kernel.transpose(2, 1, 0).reshape(size * before, after)
