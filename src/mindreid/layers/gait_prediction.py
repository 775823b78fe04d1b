"""A gait cycle predicted from one silhouette, and the gait that is read from it: GI-ReID's gait stream.

Jin et al., "Cloth-Changing Person Re-identification from A Single Image with Gait Prediction and
Regularization", CVPR 2022, arXiv 2103.15537, section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import mindspore as ms
from mindspore import Tensor, nn, ops

from mindreid.layers.plain_convolutions import plain_channels
from mindreid.layers.pooling import RowGeM
from mindreid.layers.silhouette_set import SetNetwork

#: Frames of a predicted cycle.
FRAMES = 8
#: Side of the square pictures in which a cycle is predicted, and columns that are cut off either side of them
#: before the set network, which takes silhouettes of 64×44.
SIDE, CUT = 64, 10

_PREDICTION_CHANNELS = (64, 128, 256, 512)
_SET_CHANNELS = (64, 128, 256)
#: Lengths of a silhouette's code and of its phase.
_CODE, _PHASE = 100, 2


class DoublingConv(nn.Cell):
    """A transposed 3×3 convolution of stride 2 that doubles height and width.

    PyTorch's padding and output padding of 1 each. MindSpore's own output padding adds a row and a column of
    zeros instead of computing them, so here everything is computed, and the first ones are cut off.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2dTranspose(
            in_channels, out_channels, 3, 2, pad_mode="pad", padding=0, has_bias=True
        )

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, C', 2 H, 2 W]``."""
        return self.conv(x)[:, :, 1:, 1:]


class PhaseTransformation(nn.Cell):
    """The code of a silhouette, changed by where in the gait cycle the silhouette is.

    A second encoder estimates the phase as a point of the plane, whose coordinates a batch norm brings to
    one scale. Code and phase together are mapped to a code, and this to a map to decode. The authors' code
    describes all this in comments and does not compute it; the convolutions, which are 4×4 there, are those
    of the encoder that does run.

    Parameters
    ----------
    channels : sequence of int
        Of the four convolutions.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        side = SIDE // 2 ** len(channels)
        self.map_shape = (channels[-1], side, side)
        values = channels[-1] * side * side
        self.code = nn.Dense(values, _CODE)
        self.estimator = nn.SequentialCell(
            halving_layers(channels),
            nn.Flatten(),
            nn.Dense(values, _CODE),
            nn.Dense(_CODE, _PHASE),
            nn.BatchNorm1d(_PHASE),
        )
        self.transform = nn.Dense(_CODE + _PHASE, _CODE)
        self.spread = nn.Dense(_CODE, values)

    def construct(self, maps: Tensor, silhouettes: Tensor) -> Tensor:
        """Map ``[B, C, 4, 4]`` and its silhouettes ``[B, 1, 64, 64]`` to ``[B, C, 4, 4]``."""
        code = ops.cast(self.code(ops.flatten(maps)), ms.float32)
        joined = ops.concat((code, self.phase(silhouettes)), 1)
        return ops.reshape(self.spread(self.transform(joined)), (-1, *self.map_shape))

    def phase(self, silhouettes: Tensor) -> Tensor:
        """Estimate the phase, float32 ``[B, 2]``, of silhouettes ``[B, 1, 64, 64]``."""
        return ops.cast(self.estimator(silhouettes), ms.float32)


class SequencePrediction(nn.Cell):
    """Predicts the frames of a gait cycle from one of them (section 3.2 of the paper, "GSP").

    An encoder of four convolutions of stride 2, each with batch norm and ReLU, and a decoder of four
    transposed ones.

    Parameters
    ----------
    width : float
        Factor on the channels, below 1 for small networks on a CPU.
    phase : bool
        Whether the frame's phase is estimated between them, which is in the paper and commented out in
        the authors' code, see :class:`PhaseTransformation`. It learns from the prediction alone.
    """

    def __init__(self, width: float = 1.0, *, phase: bool = False) -> None:
        super().__init__()
        channels = plain_channels(_PREDICTION_CHANNELS, width)
        self.encoder = halving_layers(channels)
        backwards = channels[::-1]
        up = [
            layer
            for before, after in zip(backwards, backwards[1:])
            for layer in (DoublingConv(before, after), nn.BatchNorm2d(after), nn.ReLU())
        ]
        self.decoder = nn.SequentialCell([*up, DoublingConv(backwards[-1], FRAMES)])
        self.transformation = PhaseTransformation(channels) if phase else None

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map silhouettes ``[B, 1, 64, 64]`` in [0, 1] to cycles ``[B, 8, 64, 64]`` in (0, 1)."""
        maps = self.encoder(silhouettes)
        if self.transformation is not None:
            maps = self.transformation(maps, silhouettes)
        return ops.sigmoid(ops.cast(self.decoder(maps), ms.float32))


class GaitVector(nn.Cell):
    """The gait of a cycle: the network of GaitSet, and the generalised mean over its parts.

    Parameters
    ----------
    features : int
        Length of a part's embedding, and of the vector.
    width : float
        Factor on the channels of GaitSet's blocks, which are twice as many as for CASIA-B.
    """

    def __init__(self, features: int, width: float = 1.0) -> None:
        super().__init__()
        self.set_network = cycle_network(features, width)
        self.pool = RowGeM(3.0)

    def construct(self, cycle: Tensor) -> tuple[Tensor, Tensor]:
        """Map cycles ``[B, 8, 64, 64]`` to parts ``[B, features, 62]`` and a vector ``[B, features]``."""
        parts = ops.cast(self.set_network(without_sides(cycle)), ms.float32)
        return parts, ops.squeeze(self.pool(ops.expand_dims(parts, 1)), 1)


def cycle_network(features: int, width: float = 1.0) -> SetNetwork:
    """Build the network that embeds a predicted cycle; the parameters are those of :class:`GaitVector`."""
    return SetNetwork(plain_channels(_SET_CHANNELS, width), features)


def without_sides(cycle: Tensor) -> Tensor:
    """Cut ``[B, frames, 64, 64]`` to the middle columns, ``[B, frames, 64, 44]``."""
    return cycle[:, :, :, CUT : SIDE - CUT]


def with_sides(silhouettes: Tensor) -> Tensor:
    """Add empty columns on both sides of ``[B, frames, 64, W]``, to ``[B, frames, 64, 64]``."""
    # Neither padding nor making zeros is an operator of every exporter and device.
    beside = silhouettes[:, :, :, : (SIDE - silhouettes.shape[3]) // 2] * 0
    return ops.concat((beside, silhouettes, beside), 3)


def halving_layers(channels: Sequence[int]) -> nn.SequentialCell:
    """Build 3×3 convolutions of stride 2 for one input channel, each with batch norm and ReLU."""
    layers = [
        layer
        for before, after in zip((1, *channels), channels)
        for layer in (_halving(before, after), nn.BatchNorm2d(after), nn.ReLU())
    ]
    return nn.SequentialCell(layers)


def _halving(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, 2, pad_mode="pad", padding=1, has_bias=True)
