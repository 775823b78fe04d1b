"""Spatial transformers: rectangles that a network chooses itself are cut out of its maps.

Jaderberg et al., "Spatial Transformer Networks", NIPS 2015, with a scale and a shift for each axis.
Without rotation, bilinear sampling is a product with one small matrix per axis: fast on every device,
and exported with a free batch size.
"""

from __future__ import annotations

from collections.abc import Sequence

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from mindreid.errors import InvalidArgumentError


class RegionSampler(nn.Cell):
    """Rectangles of maps, sampled bilinearly to one size; what lies outside of a map is zero.

    Equals ``affine_grid`` and ``grid_sample`` of PyTorch for transforms without rotation, gradients
    included: where a sample falls on a pixel, the derivative is that towards the next pixel.

    Parameters
    ----------
    height, width : int
        Size of what comes out.
    align_corners : bool
        Whether -1 and 1 are the centres of a map's first and last pixel, rather than their outer edges.

    Raises
    ------
    InvalidArgumentError
        If the size is not positive.

    Examples
    --------
    >>> maps = ops.ones((2, 96, 10, 4))
    >>> whole, centre = Tensor([[1.0, 1.0]] * 2), Tensor([[0.0, 0.0]] * 2)
    >>> RegionSampler(5, 4)(maps, whole, centre).shape
    (2, 96, 5, 4)
    """

    def __init__(self, height: int, width: int, *, align_corners: bool = False) -> None:
        super().__init__()
        if min(height, width) < 1:
            raise InvalidArgumentError(f"a region is sampled to at least 1×1 pixels, not {height}×{width}")
        self.align_corners = align_corners
        self.rows = Tensor(_pixel_places(height, align_corners))
        self.columns = Tensor(_pixel_places(width, align_corners))

    def construct(self, maps: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """Sample one rectangle of every map.

        Parameters
        ----------
        maps : Tensor
            ``[B, C, h, w]``.
        scale : Tensor
            ``[B, 2]``, half the rectangle's width and height, where a whole map's are 1.
        shift : Tensor
            ``[B, 2]``, x and y of the rectangle's centre, where a map goes from -1 to 1.

        Returns
        -------
        Tensor
            ``[B, C, height, width]``, of the type of ``maps``.
        """
        _, channels, height, width = maps.shape
        scale, shift = ops.cast(scale, ms.float32), ops.cast(shift, ms.float32)
        across = self._weights(self.columns, scale[:, :1], shift[:, :1], width)
        down = self._weights(self.rows, scale[:, 1:], shift[:, 1:], height)
        # The free batch size comes first and both axes in turn second, so that all other sizes are known.
        lines = ops.reshape(ops.transpose(maps, (0, 2, 1, 3)), (-1, height, channels * width))
        lines = ops.bmm(ops.cast(down, maps.dtype), lines)
        lines = ops.reshape(lines, (-1, self.rows.shape[1], channels, width))
        lines = ops.reshape(ops.transpose(lines, (0, 3, 2, 1)), (-1, width, channels * self.rows.shape[1]))
        lines = ops.bmm(ops.cast(across, maps.dtype), lines)
        lines = ops.reshape(lines, (-1, self.columns.shape[1], channels, self.rows.shape[1]))
        return ops.transpose(lines, (0, 2, 3, 1))

    def _weights(self, places: Tensor, scale: Tensor, shift: Tensor, size: int) -> Tensor:
        """Share of each of ``size`` pixels in every sample along one axis, ``[B, samples, size]``."""
        place = places * scale + shift
        pixel = (place + 1) / 2 * (size - 1) if self.align_corners else ((place + 1) * size - 1) / 2
        before = ops.stop_gradient(ops.floor(pixel))
        towards_next = ops.expand_dims(pixel - before, 2)
        # As numbers, since operators on numbers are those that every exporter knows.
        steps = ops.expand_dims(before, 2) - Tensor(np.arange(size, dtype=np.float32))
        is_before = ops.cast(ops.equal(steps, 0.0), ms.float32)
        is_next = ops.cast(ops.equal(steps, -1.0), ms.float32)
        return is_before * (1 - towards_next) + is_next * towards_next


class TransformHead(nn.Cell):
    """A linear map to transforms, in float32 at every level of mixed precision.

    A float16 near 1 is rounded to a thousandth, which is more than a transform moves in a step.

    Parameters
    ----------
    in_features : int
        Length of what it sees.
    start : sequence of float
        What comes out before anything is learned, such as scale and shift of the identity.
    """

    def __init__(self, in_features: int, start: Sequence[float]) -> None:
        super().__init__()
        self.weight = Parameter(Tensor(np.zeros((len(start), in_features), np.float32)))
        self.bias = Parameter(Tensor(np.array(start, np.float32)))

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, in_features]`` to float32 ``[B, len(start)]``."""
        return ops.matmul(ops.cast(x, ms.float32), self.weight.T) + self.bias


def localization(in_features: int, hidden_features: int, start: Sequence[float]) -> nn.SequentialCell:
    """Build what finds transforms: linear, ReLU, and linear to ``start``, whatever the image at first.

    Parameters
    ----------
    in_features, hidden_features : int
        Lengths of what it sees and of the layer between.
    start : sequence of float
        What comes out before anything is learned, such as scale and shift of the identity.
    """
    return nn.SequentialCell(
        nn.Dense(in_features, hidden_features, activation="relu"), TransformHead(hidden_features, start)
    )


def _pixel_places(count: int, align_corners: bool) -> np.ndarray:
    """Centres of ``count`` pixels between -1 and 1, float32 ``[1, count]``."""
    if align_corners:
        places = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
    else:
        places = (2 * np.arange(count) + 1) / count - 1
    return places.astype(np.float32)[None]
