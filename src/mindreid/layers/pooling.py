"""Spatial pooling of a feature map to vectors: global, and per horizontal stripe."""

from __future__ import annotations

from typing import Literal

from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError

Pooling = Literal["max", "avg"]
MapPooling = Literal["max_avg", "max", "avg"]


class GlobalPool(nn.Cell):
    """Maximum or mean over all positions.

    Parameters
    ----------
    kind : {"max", "avg"}
        What is taken of the positions.

    Examples
    --------
    >>> GlobalPool("max")(ops.ones((2, 2048, 24, 8))).shape
    (2, 2048)
    """

    def __init__(self, kind: Pooling = "max") -> None:
        super().__init__()
        self.average = _is_average(kind)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C]``."""
        return ops.mean(x, (2, 3)) if self.average else ops.amax(x, (2, 3))


class MaxAvgPool(nn.Cell):
    """Maximum and mean over all positions, joined; the maximum comes first.

    Examples
    --------
    >>> MaxAvgPool()(ops.ones((2, 2048, 24, 12))).shape
    (2, 4096)
    """

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, 2 C]``."""
        return ops.concat((ops.amax(x, (2, 3)), ops.mean(x, (2, 3))), 1)


def global_pool(kind: MapPooling) -> nn.Cell:
    """Build the pooling of a whole map: :class:`MaxAvgPool`, or :class:`GlobalPool` of a kind.

    Raises
    ------
    InvalidArgumentError
        If there is no such pooling.
    """
    if kind not in ("max_avg", "max", "avg"):
        raise InvalidArgumentError(f"a map's pooling is 'max_avg', 'max' or 'avg', not {kind!r}")
    return MaxAvgPool() if kind == "max_avg" else GlobalPool(kind)


class StripePool(nn.Cell):
    """Maximum or mean over each of ``parts`` horizontal stripes of equal height.

    Parameters
    ----------
    parts : int
        Number of stripes, from top to bottom. The map's height must be a multiple of it.
    kind : {"max", "avg"}
        What is taken of a stripe's positions.

    Raises
    ------
    InvalidArgumentError
        If there is less than one stripe.

    Examples
    --------
    >>> [stripe.shape for stripe in StripePool(3, "avg")(ops.ones((2, 2048, 24, 8)))]
    [(2, 2048), (2, 2048), (2, 2048)]
    """

    def __init__(self, parts: int, kind: Pooling = "max") -> None:
        super().__init__()
        if parts < 1:
            raise InvalidArgumentError(f"a map is cut into at least one stripe, not {parts}")
        self.average = _is_average(kind)
        # Split needs no size at run time, so the graph can be exported with a free batch size.
        self.split = ops.Split(2, parts)

    def construct(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map ``[B, C, H, W]`` to ``parts`` vectors ``[B, C]``, from top to bottom."""
        stripes = self.split(x)
        if self.average:
            return tuple([ops.mean(stripe, (2, 3)) for stripe in stripes])
        return tuple([ops.amax(stripe, (2, 3)) for stripe in stripes])


def _is_average(kind: str) -> bool:
    if kind not in ("max", "avg"):
        raise InvalidArgumentError(f"pooling is 'max' or 'avg', not {kind!r}")
    return kind == "avg"
