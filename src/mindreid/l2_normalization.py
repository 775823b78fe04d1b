"""Scaling vectors to unit length, for losses and layers that compare directions."""

from __future__ import annotations

from mindspore import Tensor, ops

#: Lengths below this one count as this one.
LENGTH_FLOOR = 1e-12


def l2_normalize(inputs: Tensor, axis: int = 1) -> Tensor:
    """Scale the vectors along ``axis`` to unit length, ``x / max(|x|, 1e-12)``.

    A vector of zeros stays zero and gets no gradient of NaN.

    Examples
    --------
    >>> l2_normalize(Tensor([[3.0, 4.0]]))
    Tensor(shape=[1, 2], dtype=Float32, value=
    [[ 6.00000024e-01,  8.00000012e-01]])
    """
    squares = ops.maximum((inputs * inputs).sum(axis=axis, keepdims=True), LENGTH_FLOOR**2)
    return inputs / ops.sqrt(squares)
