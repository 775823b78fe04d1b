"""Blocks in which every position, and every channel, of a map takes up what resembles it.

Hou et al., "Interaction-and-Aggregation Network for Person Re-identification", CVPR 2019,
section 3, and their public code.
"""

from __future__ import annotations

import math

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import Zero
from mindspore.ops import constexpr

#: Reach of the prior on a map, as a share of its width and of its height: on maps of 32×16 and 16×8
#: that is 10 and 20, and 5 and 10 positions.
REACH = (0.625, 0.625)


def silent_norm(channels: int) -> nn.BatchNorm2d:
    """Build a batch norm that gives zeros until training changes its scale."""
    return nn.BatchNorm2d(channels, gamma_init=Zero(), beta_init=Zero())


def mix_positions(x: Tensor, prior: Tensor) -> Tensor:
    """Replace every position by a mean over positions, weighted by resemblance and distance.

    The weights are a softmax over the product of two softmaxes, as in the authors' code. Such
    products are tiny, so the weights come out nearly equal.

    Parameters
    ----------
    x : Tensor
        ``[B, C, H * W]``, float32.
    prior : Tensor
        ``[1, H * W, H * W]``, see :func:`distance_prior`.

    Returns
    -------
    Tensor
        ``[B, C, H * W]``.
    """
    resemblance = ops.bmm(ops.transpose(x, (0, 2, 1)), x) / math.sqrt(x.shape[1])
    weights = ops.softmax(ops.softmax(resemblance, -1) * prior, -1)
    return ops.bmm(x, ops.transpose(weights, (0, 2, 1)))


def mix_channels(x: Tensor) -> Tensor:
    """Replace every channel by a mean over channels, weighted by resemblance; ``[B, C, N]``, float32.

    The products are not scaled before the softmax, as in the authors' code: on maps of the usual
    size, a channel takes up hardly more than the one with the largest product.
    """
    return ops.bmm(ops.softmax(ops.bmm(x, ops.transpose(x, (0, 2, 1))), -1), x)


def distance_prior(height: int, width: int, reach: tuple[float, float]) -> np.ndarray:
    r"""Weight of every position of a map for every other: a Gaussian of their distance.

    .. math::
        D_{ij} = \mathrm{softmax}_j \Bigl(-\frac{(x_i - x_j)^2}{2 a_x^2} - \frac{(y_i - y_j)^2}{2 a_y^2}\Bigr)

    Parameters
    ----------
    height, width : int
        Size of the map.
    reach : tuple of float
        :math:`(a_x, a_y)` in positions.

    Returns
    -------
    np.ndarray
        float32 ``[height * width, height * width]``, in rows' order; rows sum to 1.
    """
    rows, columns = (grid.reshape(-1) for grid in np.indices((height, width)))
    across = np.subtract.outer(columns, columns) / reach[0]
    down = np.subtract.outer(rows, rows) / reach[1]
    weights = np.exp(-(across**2 + down**2) / 2)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


@constexpr
def _prior(height: int, width: int, reach: tuple[float, float]) -> Tensor:
    return Tensor(distance_prior(height, width, (reach[0] * width, reach[1] * height))[None])


class InteractionBlock(nn.Cell):
    """Spatial, then channel interaction and aggregation (SIA and CIA), each added to its input.

    A new block is the identity: the batch norms before the sums start with scales of zero.

    Parameters
    ----------
    channels : int
        Of the map.
    reach : tuple of float
        Of the spatial prior, as a share of the map's width and of its height.

    Examples
    --------
    >>> InteractionBlock(16)(ops.ones((3, 16, 6, 4))).shape
    (3, 16, 6, 4)
    """

    def __init__(self, channels: int, reach: tuple[float, float] = REACH) -> None:
        super().__init__()
        self.reach = reach
        self.spatial_norm = silent_norm(channels)
        self.channel_norm = silent_norm(channels)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to the same shape."""
        prior = _prior(x.shape[2], x.shape[3], self.reach)
        x = x + self.spatial_norm(shaped_like(mix_positions(flattened(x), prior), x))
        return x + self.channel_norm(shaped_like(mix_channels(flattened(x)), x))


def flattened(x: Tensor) -> Tensor:
    """Map ``[B, C, H, W]`` to ``[B, C, H * W]``, in float32: products of channels outgrow float16."""
    _, channels, height, width = x.shape
    return ops.cast(ops.reshape(x, (-1, channels, height * width)), ms.float32)


def shaped_like(flat: Tensor, x: Tensor) -> Tensor:
    """Give a flattened map ``[B, C, H * W]`` the shape and type of ``x``."""
    _, channels, height, width = x.shape
    return ops.cast(ops.reshape(flat, (-1, channels, height, width)), x.dtype)
