"""GaitPart: convolutions of horizontal pieces, and what moves briefly in each stripe.

Fan et al., "GaitPart: Temporal Part-Based Model for Gait Recognition", CVPR 2020, as OpenGait has it.
"""

from __future__ import annotations

from mindspore import Tensor, nn, ops

from mindreid.layers.height_pieces import FocalConv
from mindreid.layers.initialization import Initialization, initialize_as
from mindreid.layers.parts import PartLinear
from mindreid.layers.plain_convolutions import check_silhouette_size, plain_channels, plain_convolution
from mindreid.layers.pooling import HorizontalPool
from mindreid.layers.silhouette_network import present_frames
from mindreid.models.gaitpart.micro_motion import MicroMotion

CHANNELS = (32, 64, 128)
#: Horizontal pieces of the second and the third pair of convolutions.
PIECES = (4, 8)
PARTS = 16


class GaitPart(nn.Cell):
    """GaitPart.

    Every silhouette goes through plain and focal convolutions by itself and is pooled over 16 stripes;
    a stripe's vectors are weighted over time by its micro-motion module, and their maximum is mapped by a
    matrix of the stripe's own. Frames of negative values are absent.

    Parameters
    ----------
    width : float
        Factor on the channels, below 1 for small networks on a CPU.
    features : int
        Length of a part's embedding.
    initialization : {"he", "opengait"}
        How convolutions' weights are drawn.
    """

    def __init__(
        self, *, width: float = 1.0, features: int = 128, initialization: Initialization = "he"
    ) -> None:
        super().__init__()
        first, second, third = plain_channels(CHANNELS, width)
        self.features, self.parts = features, PARTS
        self.conv1 = plain_convolution(1, first, 5)
        self.conv2 = plain_convolution(first, first)
        self.conv3 = FocalConv(first, second, PIECES[0])
        self.conv4 = FocalConv(second, second, PIECES[0])
        self.conv5 = FocalConv(second, third, PIECES[1])
        self.conv6 = FocalConv(third, third, PIECES[1])
        self.relu = nn.LeakyReLU(0.01)
        self.max_pool = nn.MaxPool2d(2, 2)
        self.pool = HorizontalPool(PARTS)
        self.micro_motion = MicroMotion(PARTS, third)
        self.part_linear = PartLinear(PARTS, third, features)
        initialize_as(self, initialization)

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map silhouettes ``[n, frames, 64, 44]`` in [0, 1] to embeddings ``[n, features, 16]``.

        Both float32; the embedding is not L2-normalised, and compared by the mean over the parts
        of the Euclidean distance.
        """
        _, frames, height, width = silhouettes.shape
        stripes = self.pool(self.frame_maps(ops.reshape(silhouettes, (-1, 1, height, width))))
        return self.part_linear(self.micro_motion(stripes, frames, present_frames(silhouettes)))

    def frame_maps(self, x: Tensor) -> Tensor:
        """Map silhouettes ``[B, 1, H, W]`` to ``[B, C, H / 4, W / 4]``."""
        x = self.max_pool(self.relu(self.conv2(self.relu(self.conv1(x)))))
        x = self.max_pool(self.relu(self.conv4(self.relu(self.conv3(x)))))
        return self.relu(self.conv6(self.relu(self.conv5(x))))

    def check_input(self, height: int, width: int) -> None:
        """Refuse a size in pixels that the network can't take, see :func:`check_silhouette_size`."""
        check_silhouette_size(height, width, 4, PARTS)
