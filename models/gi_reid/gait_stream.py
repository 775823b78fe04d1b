"""GI-ReID's gait stream: a gait cycle predicted from one silhouette, and what it shares with the image."""

from __future__ import annotations

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


class SequencePrediction(nn.Cell):
    """Predicts the frames of a gait cycle from one of them (section 3.2 of the paper, "GSP").

    An encoder of four convolutions of stride 2, each with batch norm and ReLU, and a decoder of four
    transposed ones. The paper's estimate of the frame's phase is commented out in the authors' code,
    and not here.

    Parameters
    ----------
    width : float
        Factor on the channels, below 1 for small networks on a CPU.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        channels = plain_channels(_PREDICTION_CHANNELS, width)
        down = [
            layer
            for before, after in zip((1, *channels), channels)
            for layer in (_halving(before, after), nn.BatchNorm2d(after), nn.ReLU())
        ]
        self.encoder = nn.SequentialCell(down)
        backwards = channels[::-1]
        up = [
            layer
            for before, after in zip(backwards, backwards[1:])
            for layer in (DoublingConv(before, after), nn.BatchNorm2d(after), nn.ReLU())
        ]
        self.decoder = nn.SequentialCell([*up, DoublingConv(backwards[-1], FRAMES)])

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map silhouettes ``[B, 1, 64, 64]`` in [0, 1] to cycles ``[B, 8, 64, 64]`` in (0, 1)."""
        return ops.sigmoid(ops.cast(self.decoder(self.encoder(silhouettes)), ms.float32))


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
        self.set_network = SetNetwork(plain_channels(_SET_CHANNELS, width), features)
        self.pool = RowGeM(3.0)

    def construct(self, cycle: Tensor) -> tuple[Tensor, Tensor]:
        """Map cycles ``[B, 8, 64, 64]`` to parts ``[B, features, 62]`` and a vector ``[B, features]``."""
        parts = ops.cast(self.set_network(cycle[:, :, :, CUT : SIDE - CUT]), ms.float32)
        return parts, ops.squeeze(self.pool(ops.expand_dims(parts, 1)), 1)


class CommonFeatures(nn.Cell):
    """What image and gait have in common, and either of them made of it again (section 3.3 of the paper).

    Parameters
    ----------
    features : int
        Length of all vectors.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.align_image, self.align_gait = (_aligned(features) for _ in range(2))
        self.extractor, self.image_decoder, self.gait_decoder = (_two_layers(features) for _ in range(3))

    def construct(self, image: Tensor, gait: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Map the two vectors ``[B, features]`` to the common ones, and to the vectors made of these."""
        common_image = self.extractor(self.align_image(image))
        common_gait = self.extractor(self.align_gait(gait))
        return common_image, common_gait, self.image_decoder(common_image), self.gait_decoder(common_gait)


def _halving(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, 2, pad_mode="pad", padding=1, has_bias=True)


def _aligned(features: int) -> nn.SequentialCell:
    return nn.SequentialCell(nn.Dense(features, features), nn.ReLU())


def _two_layers(features: int) -> nn.SequentialCell:
    return nn.SequentialCell(nn.Dense(features, features), nn.ReLU(), nn.Dense(features, features))
