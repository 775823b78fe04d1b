"""Mean over the samples that carry a label."""

from __future__ import annotations

from mindspore import Tensor, ops


def labelled_mean(values: Tensor, targets: Tensor) -> Tensor:
    """Average ``values`` ``[B]`` over the samples whose target is not negative; 0 if there are none.

    Examples
    --------
    >>> from mindspore import int32
    >>> labelled_mean(Tensor([1.0, 5.0, 3.0]), Tensor([4, -1, 0], int32))
    Tensor(shape=[], dtype=Float32, value= 2)
    """
    labelled = ops.cast(targets >= 0, values.dtype)
    return (values * labelled).sum() / ops.maximum(labelled.sum(), 1.0)
