"""Refined part pooling: every position of the map is assigned to the parts by a classifier.

Sun et al., "Beyond Part Models", ECCV 2018, section 3.3.
"""

from __future__ import annotations

from typing import Literal, Optional

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import HeNormal
from mindspore.ops import constexpr

from mindreid.errors import InvalidArgumentError
from mindreid.layers.pooling import WeightedPool

PartClassifierName = Literal["paper", "pcb_rpp"]

#: Neighbouring channels that the authors' code averages before its part classifier.
_GROUPED_CHANNELS = 8


class PartClassifier(nn.Cell):
    """Probabilities of the parts at every position of a map.

    Parameters
    ----------
    channels : int
        Of the map.
    parts : int
        Number of parts.
    kind : {"paper", "pcb_rpp"}
        "paper": a linear map of each position's vector, without bias (equation 1). "pcb_rpp", the
        authors' code: of means of 8 neighbouring channels without their mean over all positions, with
        bias.

    Raises
    ------
    InvalidArgumentError
        If there is no such kind, or the channels can't be grouped.
    """

    def __init__(self, channels: int, parts: int, kind: PartClassifierName = "paper") -> None:
        super().__init__()
        if kind not in ("paper", "pcb_rpp"):
            raise InvalidArgumentError(f"the part classifier is 'paper' or 'pcb_rpp', not {kind!r}")
        self.grouped = kind == "pcb_rpp"
        if self.grouped and channels % _GROUPED_CHANNELS:
            raise InvalidArgumentError(
                f"a map of {channels} channels has no groups of {_GROUPED_CHANNELS} of them",
                fix="choose another trunk or width, or the paper's part classifier",
            )
        inputs = channels // _GROUPED_CHANNELS if self.grouped else channels
        rule = HeNormal(mode="fan_out", nonlinearity="relu")
        self.conv = nn.Conv2d(inputs, parts, 1, has_bias=self.grouped, weight_init=rule, bias_init="zeros")

    def construct(self, feature_map: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to probabilities ``[B, parts, H, W]``, float32."""
        inputs = self._group(feature_map) if self.grouped else feature_map
        return ops.softmax(ops.cast(self.conv(inputs), ms.float32), 1)

    def _group(self, feature_map: Tensor) -> Tensor:
        _, channels, height, width = feature_map.shape
        groups = channels // _GROUPED_CHANNELS
        grouped = ops.reshape(feature_map, (-1, groups, _GROUPED_CHANNELS, height * width)).mean(2)
        centred = grouped - grouped.mean(2, keep_dims=True)
        return ops.reshape(centred, (-1, groups, height, width))


class RefinedPartPool(nn.Cell):
    """Pooling of a map's stripes, which become the parts that a classifier finds.

    Which of the two is a parameter, :attr:`refined`, that training sets: one graph serves all stages
    of the training, and a checkpoint knows its own.

    Parameters
    ----------
    channels, parts, kind
        See :class:`PartClassifier`.

    Attributes
    ----------
    refined : Parameter
        float32 scalar: 0 for stripes, 1 for the classifier's parts.
    """

    def __init__(self, channels: int, parts: int, kind: PartClassifierName = "paper") -> None:
        super().__init__()
        self.parts = parts
        self.classifier = PartClassifier(channels, parts, kind)
        self.pool = WeightedPool()
        self.refined = Parameter(Tensor(0.0, ms.float32), name="refined", requires_grad=False)

    def construct(self, feature_map: Tensor, classified_map: Optional[Tensor] = None) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, parts, C]``; the classifier sees ``classified_map``, if given."""
        return self.pool(feature_map, self.weights(feature_map if classified_map is None else classified_map))

    def weights(self, feature_map: Tensor) -> Tensor:
        """Return how much every position belongs to every part, float32 ``[B, parts, H, W]``."""
        stripes = ops.cast(_stripes(self.parts, feature_map.shape[2]), ms.float32)
        refined = self.classifier(feature_map)
        return stripes + self.refined * (refined - stripes)

    def refine(self, refined: bool) -> None:
        """Choose between stripes and the classifier's parts, without a new compilation."""
        ops.assign(self.refined, Tensor(float(refined), ms.float32))


@constexpr
def _stripes(parts: int, height: int) -> Tensor:
    """Stripes of equal height from top to bottom, ``[1, parts, H, 1]`` of ones and zeros."""
    rows = [[float(row * parts // height == part) for row in range(height)] for part in range(parts)]
    return Tensor(rows, ms.float32).reshape(1, parts, height, 1)
