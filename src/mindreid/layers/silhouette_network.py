"""A gait network: a trunk for every silhouette, the maximum over time, horizontal parts."""

from __future__ import annotations

from mindspore import Tensor, nn, ops

from mindreid.layers.parts import PartLinear
from mindreid.layers.plain_convolutions import check_silhouette_size
from mindreid.layers.pooling import FrameMax, HorizontalPool


class SilhouetteNetwork(nn.Cell):
    """Trunk, maximum over a sequence's frames, stripes, and a matrix of its own for every stripe.

    Fan et al., "OpenGait: Revisiting Gait Recognition Toward Better Practicality", CVPR 2023, section 4.

    A frame of negative values is absent: sequences are brought to a static length with such frames
    where a trunk looks at neighbouring frames, and they change nothing.

    Parameters
    ----------
    trunk : nn.Cell
        Maps frames ``[B * frames, 1, H, W]``, one sequence after the other, to
        ``[B * frames, C, H / r, W / r]``. Has ``num_features`` (C) and ``reduction`` (r).
    features : int
        Length of a part's embedding.
    parts : int
        Number of horizontal stripes; divides the map's height.
    """

    def __init__(self, trunk: nn.Cell, *, features: int, parts: int) -> None:
        super().__init__()
        self.features, self.parts = features, parts
        self.trunk = trunk
        self.frame_max = FrameMax()
        self.pool = HorizontalPool(parts)
        self.part_linear = PartLinear(parts, trunk.num_features, features)

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map silhouettes ``[n, frames, 64, 44]`` in [0, 1] to embeddings ``[n, features, parts]``.

        Both float32; the embedding is not L2-normalised, and compared by the mean over the parts
        of the Euclidean distance.
        """
        frames = silhouettes.shape[1]
        return self.part_linear(self.pool(self.frame_max(self.frame_maps(silhouettes), frames)))

    def maps(self, silhouettes: Tensor) -> dict[str, Tensor]:
        """Return the trunk's map of the middle frame, ``[n, C, h, w]``."""
        frames = silhouettes.shape[1]
        every = self.frame_maps(silhouettes)
        return {"trunk": ops.reshape(every, (-1, frames, *every.shape[1:]))[:, frames // 2]}

    def frame_maps(self, silhouettes: Tensor) -> Tensor:
        """Map silhouettes ``[n, frames, H, W]`` to the trunk's maps ``[n * frames, C, H', W']``."""
        _, _, height, width = silhouettes.shape
        return self.trunk(ops.reshape(silhouettes, (-1, 1, height, width)))

    def check_input(self, height: int, width: int) -> None:
        """Refuse a size in pixels that the network can't take, see :func:`check_silhouette_size`."""
        check_silhouette_size(height, width, self.trunk.reduction, self.parts)


def present_frames(silhouettes: Tensor) -> Tensor:
    """Return 0 for every absent frame, whose values are negative, else 1: ``[n * frames, 1, 1, 1]``."""
    corners = ops.reshape(silhouettes[:, :, :1, :1], (-1, 1, 1, 1))
    return ops.cast(corners >= 0, silhouettes.dtype)
