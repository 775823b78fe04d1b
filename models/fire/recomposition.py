"""Fine-grained attribute recomposition: stripes of a map with the statistics of another sample's.

Wang et al., TIFS 2024, arXiv 2308.10692, section III-C.
"""

from __future__ import annotations

from typing import Optional

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.ops import constexpr

from mindreid.errors import InvalidArgumentError
from mindreid.narrow_integers import argmax

_VARIANCE_FLOOR = 1e-6


class Recomposition(nn.Cell):
    r"""Give every horizontal stripe of every sample's map the statistics of its partner's.

    .. math::
        F'_i = \frac{F_i - \mu_i}{\sigma_i} \sigma_p + \mu_p

    per channel, with the mean and the deviation over the stripe's positions (unbiased variance plus
    1e-6), through which no gradient flows.

    Parameters
    ----------
    parts : int
        Number of stripes of equal height, from top to bottom. Rows that are left over are dropped.

    Raises
    ------
    InvalidArgumentError
        If there is less than one stripe, or a map has fewer rows than stripes.

    Examples
    --------
    >>> from mindspore import int32
    >>> partners = Tensor([[1, 0], [1, 0]], int32)
    >>> Recomposition(parts=2)(ops.ones((2, 2048, 24, 12)), partners).shape
    (2, 2048, 24, 12)
    """

    def __init__(self, parts: int = 2) -> None:
        super().__init__()
        if parts < 1:
            raise InvalidArgumentError(f"a map is cut into at least one stripe, not {parts}")
        self.parts = parts

    def statistics(self, feature_map: Tensor) -> Tensor:
        """Return mean and deviation of stripes of maps ``[B, C, H, W]``, detached: ``[B, parts, 2, C]``."""
        samples, channels = feature_map.shape[0], feature_map.shape[1]
        rows = _stripe_rows(feature_map.shape[2], self.parts)
        found = []
        for part in range(self.parts):
            stripe = ops.stop_gradient(feature_map[:, :, part * rows : (part + 1) * rows])
            found.append(ops.stack(_statistics(stripe), 1).reshape(samples, 2, channels))
        return ops.stack(found, 1)

    def construct(
        self, feature_map: Tensor, partners: Tensor, others: Optional[Tensor] = None, begin: int = 0
    ) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C, H - H % parts, W]``.

        Parameters
        ----------
        feature_map : Tensor
            float32 ``[B, C, H, W]``.
        partners : Tensor
            int ``[parts, B]``, which sample gives each stripe its statistics.
        others : Tensor, optional
            float32 ``[N, parts, 2, C]``, :meth:`statistics` of the samples that partners are numbers of;
            by default those of ``feature_map`` itself.
        begin : int
            Where the samples of ``feature_map`` begin in ``others``.
        """
        rows = _stripe_rows(feature_map.shape[2], self.parts)
        given = self.statistics(feature_map) if others is None else others
        own = given[begin : begin + feature_map.shape[0]]
        shape = (*feature_map.shape[:2], 1, 1)
        stripes = []
        for part in range(self.parts):
            stripe = feature_map[:, :, part * rows : (part + 1) * rows]
            mean, deviation = own[:, part, 0].reshape(shape), own[:, part, 1].reshape(shape)
            chosen = given[:, part][partners[part]]
            normalized = (stripe - mean) / deviation
            stripes.append(normalized * chosen[:, 1].reshape(shape) + chosen[:, 0].reshape(shape))
        return ops.concat(stripes, 2)


def choose_partners(classes: Tensor, noise: Tensor, groups: int = 1) -> Tensor:
    """Choose, for every stripe of every sample, a partner of another fine-grained class.

    The partner is the valid one with the greatest noise, so that uniform noise chooses uniformly. A
    sample without any valid partner is its own.

    Parameters
    ----------
    classes : Tensor
        int32 ``[B]``.
    noise : Tensor
        float32 ``[parts, B, B]`` in [0, 1).
    groups : int
        Number of groups of consecutive samples; a partner is of the sample's own group.

    Returns
    -------
    Tensor
        int32 ``[parts, B]``.

    Examples
    --------
    >>> noise = Tensor([[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.9, 0.7, 0.8]]])
    >>> choose_partners(Tensor([0, 0, 1], ms.int32), noise).asnumpy()
    array([[2, 2, 0]], dtype=int32)
    """
    valid = ops.cast(ops.not_equal(ops.expand_dims(classes, 1), ops.expand_dims(classes, 0)), noise.dtype)
    if groups > 1:
        group = ops.arange(classes.shape[0], dtype=ms.int32) // (classes.shape[0] // groups)
        valid = valid * ops.cast(ops.equal(ops.expand_dims(group, 1), ops.expand_dims(group, 0)), noise.dtype)
    itself = ops.eye(classes.shape[0], classes.shape[0], noise.dtype)
    # Valid partners score from 1 up, the sample itself 0.5 and others of its class nothing.
    return argmax(valid * (noise + 1) + 0.5 * itself, 2)


def _statistics(stripe: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation over positions, ``[B, C, 1, 1]`` each."""
    count = stripe.shape[2] * stripe.shape[3]
    mean = stripe.mean((2, 3), keep_dims=True)
    difference = stripe - mean
    variance = (difference * difference).sum((2, 3), keepdims=True) / max(count - 1, 1)
    return mean, ops.sqrt(variance + _VARIANCE_FLOOR)


@constexpr
def _stripe_rows(height: int, parts: int) -> int:
    if height < parts:
        raise InvalidArgumentError(
            f"a map of {height} rows cannot be cut into {parts} stripes", fix="train with higher images"
        )
    return height // parts
