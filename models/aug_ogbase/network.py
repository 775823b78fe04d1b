"""OGBase: a shallow ResNet on every silhouette, the maximum over time, horizontal parts.

Li et al., "An In-Depth Exploration of Person Re-Identification and Gait Recognition in
Cloth-Changing Conditions", CVPR 2023. The network is GaitBase of Fan et al., "OpenGait:
Revisiting Gait Recognition Toward Better Practicality", CVPR 2023, section 4.
"""

from __future__ import annotations

from mindspore import Tensor, nn

from mindreid.errors import InvalidArgumentError
from mindreid.layers.initialization import Initialization, initialize_as
from mindreid.layers.resnet import PlainBlock, entry_block, initialize_convolutions
from mindreid.layers.silhouette_network import SilhouetteNetwork

CHANNELS = (64, 128, 256, 512)
STRIDES = (1, 2, 2, 1)


class SilhouetteTrunk(nn.Cell):
    """ResNet-9: a 3×3 stem that keeps the size, and one block for each of four stages.

    Parameters
    ----------
    width : float
        Factor on all channels.
    """

    #: How many times smaller the maps are than the silhouettes.
    reduction = 4

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        channels = [int(count * width) for count in CHANNELS]
        if width > 4 or channels[0] < 1:
            raise InvalidArgumentError(f"the trunk's width factor must be in [1/64, 4], not {width}")
        self.conv1 = nn.Conv2d(1, channels[0], kernel_size=3, pad_mode="pad", padding=1)
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.relu = nn.ReLU()
        stages = [
            nn.SequentialCell(entry_block(PlainBlock, before, inner, stride))
            for before, inner, stride in zip((channels[0], *channels), channels, STRIDES)
        ]
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.num_features = channels[-1]
        initialize_convolutions(self)

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map ``[B, 1, H, W]`` to ``[B, num_features, H / 4, W / 4]``."""
        x = self.relu(self.bn1(self.conv1(silhouettes)))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class AugOGBase(SilhouetteNetwork):
    """OGBase; AUG is how it is trained, with augmented silhouettes.

    Every frame goes through the trunk by itself, the maximum over time joins a sequence's maps, and each
    of 16 horizontal stripes is pooled and mapped by a matrix of its own. In evaluation mode the
    embedding depends on the set of frames only: neither on their order nor on repetitions, so a
    sequence is brought to a static length by repeating frames.

    Parameters
    ----------
    width : float
        Factor on the trunk's channels, below 1 for small networks on a CPU.
    features : int
        Length of a part's embedding.
    parts : int
        Number of horizontal stripes; divides a quarter of the silhouettes' height.
    initialization : {"he", "opengait"}
        How weights are drawn, see :data:`Initialization`; the objective's, too.
    """

    def __init__(
        self,
        *,
        width: float = 1.0,
        features: int = 256,
        parts: int = 16,
        initialization: Initialization = "he",
    ) -> None:
        super().__init__(SilhouetteTrunk(width), features=features, parts=parts)
        self.initialization = initialization
        initialize_as(self, initialization)
