"""Dropout whose mask is drawn on the host: a graph cannot restore random numbers of its own."""

from __future__ import annotations

import numpy as np
from mindspore import Tensor, ops

from mindreid.errors import InvalidArgumentError


def drop(inputs: Tensor, keep: Tensor, rate: float) -> Tensor:
    """Zero what is not kept and scale the rest, so that the expectation stays.

    Parameters
    ----------
    inputs : Tensor
        Any shape.
    keep : Tensor
        Ones and zeros of the same shape, any type, see :func:`draw_keep`.
    rate : float
        Share of zeros that ``keep`` was drawn with.

    Examples
    --------
    >>> drop(Tensor([1.0, 2.0]), Tensor([0.0, 1.0]), rate=0.5).asnumpy()
    array([0., 4.], dtype=float32)
    """
    return inputs * ops.cast(keep, inputs.dtype) * (1 / (1 - rate))


def draw_keep(generator: np.random.Generator, shape: tuple[int, ...], rate: float) -> np.ndarray:
    """Draw what a dropout keeps: uint8 ones, and zeros at ``rate``.

    Examples
    --------
    >>> draw_keep(np.random.default_rng(0), (2, 3), rate=0.5)
    array([[1, 1, 1],
           [0, 0, 0]], dtype=uint8)
    """
    return (generator.random(shape, np.float32) >= rate).astype(np.uint8)


def check_rate(rate: float) -> float:
    """Return the rate.

    Raises
    ------
    InvalidArgumentError
        If it is not in [0, 1).
    """
    if not 0 <= rate < 1:
        raise InvalidArgumentError(f"the rate of a dropout must be in [0, 1), not {rate}")
    return float(rate)
