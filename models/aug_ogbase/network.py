"""OGBase: a shallow ResNet on every silhouette, the maximum over time, horizontal parts.

Li et al., "An In-Depth Exploration of Person Re-Identification and Gait Recognition in
Cloth-Changing Conditions", CVPR 2023. The network is GaitBase of Fan et al., "OpenGait:
Revisiting Gait Recognition Toward Better Practicality", CVPR 2023, section 4.
"""

from __future__ import annotations

from typing import Literal

from mindspore import Tensor, nn

from mindreid.errors import InvalidArgumentError
from mindreid.layers.initialization import draw_xavier_convolutions, scatter_norm_scales
from mindreid.layers.parts import PartLinear
from mindreid.layers.pooling import FrameMax, HorizontalPool
from mindreid.layers.resnet import PlainBlock, entry_block, initialize_convolutions

CHANNELS = (64, 128, 256, 512)
STRIDES = (1, 2, 2, 1)
#: Of the map's height to the silhouette's.
REDUCTION = 4

#: "he": He's rule for convolutions, norms' scales of 1; "opengait": Xavier's rule, scales about 1.
Initialization = Literal["he", "opengait"]


class SilhouetteTrunk(nn.Cell):
    """ResNet-9: a 3×3 stem that keeps the size, and one block for each of four stages.

    Parameters
    ----------
    width : float
        Factor on all channels.
    """

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


class AugOGBase(nn.Cell):
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
        super().__init__()
        self.features, self.parts, self.initialization = features, parts, initialization
        self.trunk = SilhouetteTrunk(width)
        self.frame_max = FrameMax()
        self.pool = HorizontalPool(parts)
        self.part_linear = PartLinear(parts, self.trunk.num_features, features)
        if initialization == "opengait":
            draw_xavier_convolutions(self)
            scatter_norm_scales(self)

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map silhouettes ``[n, frames, 64, 44]`` in [0, 1] to embeddings ``[n, 256, 16]``.

        Both float32; the embedding is not L2-normalised, and compared by the mean over the parts
        of the Euclidean distance.
        """
        _, frames, height, width = silhouettes.shape
        maps = self.trunk(silhouettes.reshape(-1, 1, height, width))
        return self.part_linear(self.pool(self.frame_max(maps, frames)))

    def maps(self, silhouettes: Tensor) -> dict[str, Tensor]:
        """Return the trunk's map of the middle frame, ``[n, C, h, w]``."""
        _, frames, height, width = silhouettes.shape
        return {"trunk": self.trunk(silhouettes[:, frames // 2].reshape(-1, 1, height, width))}

    def check_input(self, height: int, width: int) -> None:
        """Refuse a size in pixels that the network can't take, before anything is compiled.

        Raises
        ------
        InvalidArgumentError
            If the map can't be cut into the parts.
        """
        if height % (REDUCTION * self.parts) or width % REDUCTION:
            raise InvalidArgumentError(
                f"silhouettes of {height}×{width} give a map that {self.parts} parts do not divide",
                fix=f"choose a height that is a multiple of {REDUCTION * self.parts}, such as 64, and "
                f"a width that is a multiple of {REDUCTION}, such as 44",
            )


def aug_ogbase(
    num_classes: int = 0,  # noqa: ARG001 - the classifier belongs to the objective
    *,
    width: float = 1.0,
    features: int = 256,
    parts: int = 16,
    initialization: Initialization = "he",
) -> AugOGBase:
    """Build the inference network; the parameters are those of :class:`AugOGBase`."""
    return AugOGBase(width=width, features=features, parts=parts, initialization=initialization)
