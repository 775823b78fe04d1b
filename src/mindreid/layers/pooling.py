"""Pooling of feature maps to vectors: global, per horizontal stripe, and over a sequence's frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops

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
        self.average = _is_average(kind)
        # Split needs no size at run time, so the graph can be exported with a free batch size.
        self.split = ops.Split(2, _positive(parts))

    def construct(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map ``[B, C, H, W]`` to ``parts`` vectors ``[B, C]``, from top to bottom."""
        stripes = self.split(x)
        if self.average:
            return tuple([ops.mean(stripe, (2, 3)) for stripe in stripes])
        return tuple([ops.amax(stripe, (2, 3)) for stripe in stripes])


class WeightedPool(nn.Cell):
    """Mean over all positions with weights of each part, times the number of parts.

    With weights that are 1 on one of equally large regions and 0 elsewhere, these are the regions' means.

    Examples
    --------
    >>> WeightedPool()(ops.ones((2, 2048, 24, 8)), ops.ones((2, 6, 24, 8)) / 6).shape
    (2, 6, 2048)
    """

    def construct(self, x: Tensor, weights: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` and weights ``[B, parts, H, W]`` to ``[B, parts, C]``."""
        _, channels, height, width = x.shape
        parts = weights.shape[1]
        positions = ops.transpose(ops.reshape(x, (-1, channels, height * width)), (0, 2, 1))
        share = ops.reshape(ops.cast(weights, x.dtype), (-1, parts, height * width))
        return ops.bmm(share, positions) * (parts / (height * width))


class HorizontalPool(nn.Cell):
    """Mean plus maximum over each of ``parts`` horizontal stripes, as gait networks pool.

    Fu et al., "Horizontal Pyramid Matching for Person Re-Identification", AAAI 2019, at one scale.

    Parameters
    ----------
    parts : int
        Number of stripes, from top to bottom. The map's height must be a multiple of it.

    Raises
    ------
    InvalidArgumentError
        If there is less than one stripe.

    Examples
    --------
    >>> HorizontalPool(16)(ops.ones((2, 512, 16, 11))).shape
    (2, 512, 16)
    """

    def __init__(self, parts: int) -> None:
        super().__init__()
        self.parts = _positive(parts)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C, parts]``."""
        _, channels, height, width = x.shape
        stripes = ops.reshape(x, (-1, channels, self.parts, height // self.parts * width))
        return ops.mean(stripes, 3) + largest(stripes, 3, self.training)


class HorizontalPyramid(nn.Cell):
    """:class:`HorizontalPool` at several scales, joined.

    Parameters
    ----------
    scales : sequence of int
        Numbers of stripes; each divides the map's height.

    Examples
    --------
    >>> HorizontalPyramid((16, 8, 4, 2, 1))(ops.ones((2, 128, 16, 11))).shape
    (2, 128, 31)
    """

    def __init__(self, scales: Sequence[int]) -> None:
        super().__init__()
        self.parts = sum(scales)
        self.pools = nn.CellList([HorizontalPool(parts) for parts in scales])

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C, parts]``, one scale after the other."""
        return ops.concat([pool(x) for pool in self.pools], 2)


class RowGeM(nn.Cell):
    r"""Generalised mean over each row of a map, :math:`(\frac1W \sum_w \max(x_w, 10^{-6})^p)^{1/p}`.

    Lin et al., "GaitGL", ICCV 2021, section 3.4; the exponent is learned.

    Parameters
    ----------
    exponent : float
        p to start from.

    Examples
    --------
    >>> RowGeM()(ops.ones((2, 128, 64, 22))).shape
    (2, 128, 64)
    """

    def __init__(self, exponent: float = 6.5) -> None:
        super().__init__()
        self.exponent = Parameter(Tensor([exponent], ms.float32), name="exponent")

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C, H]``, float32."""
        # By logarithms, the largest taken out: powers of small numbers vanish, and their gradients with them.
        logs = ops.log(ops.maximum(ops.cast(x, ms.float32), 1e-6))
        largest_log = ops.stop_gradient(ops.amax(logs, 3, True))
        mean = ops.mean(ops.exp(self.exponent * (logs - largest_log)), 3)
        return ops.exp(ops.squeeze(largest_log, 3) + ops.log(mean) / self.exponent)


class FrameMax(nn.Cell):
    """Maximum over the frames of every sequence; which frames come in which order does not matter.

    A frame that comes twice changes nothing, so sequences are padded by repeating frames.
    Chao et al., "GaitSet", AAAI 2019, equation 4.

    Examples
    --------
    >>> FrameMax()(ops.ones((6, 512, 16, 11)), 3).shape
    (2, 512, 16, 11)
    """

    def construct(self, maps: Tensor, frames: int) -> Tensor:
        """Map ``[B * frames, C, H, W]``, one sequence after the other, to ``[B, C, H, W]``."""
        sequences = ops.reshape(maps, (-1, frames, *maps.shape[1:]))
        return largest(sequences, 1, self.training)


def largest(x: Tensor, axis: int, training: bool) -> Tensor:
    """Maximum along ``axis``; of equal values, in training, one alone gets the gradient, as in PyTorch.

    Background and ReLU make ties the rule in maps of silhouettes. The form without an index
    spreads the gradient over them, but can be exported to ONNX.
    """
    return ops.max(x, axis)[0] if training else ops.amax(x, axis)


def _positive(parts: int) -> int:
    if parts < 1:
        raise InvalidArgumentError(f"a map is cut into at least one stripe, not {parts}")
    return parts


def _is_average(kind: str) -> bool:
    if kind not in ("max", "avg"):
        raise InvalidArgumentError(f"pooling is 'max' or 'avg', not {kind!r}")
    return kind == "avg"
