"""Gait from one silhouette: its cycle is predicted, and the cycle embedded.

Jin et al., "Cloth-Changing Person Re-identification from A Single Image with Gait Prediction and
Regularization", CVPR 2022, arXiv 2103.15537: the gait stream, which the authors train by itself first.
"""

from __future__ import annotations

import mindspore as ms
from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.layers.gait_prediction import (
    CUT,
    SIDE,
    SequencePrediction,
    cycle_network,
    with_sides,
    without_sides,
)


class GaitPrediction(nn.Cell):
    """Of a sequence, its middle silhouette: the cycle that it is a frame of, and GaitSet's network on that.

    Parameters
    ----------
    width : float
        Factor on the channels of both networks, below 1 on a CPU.
    features : int
        Length of a part's embedding.
    phase : bool
        Whether the prediction estimates the silhouette's phase in the cycle, see
        :class:`mindreid.layers.gait_prediction.SequencePrediction`.

    Attributes
    ----------
    parts : int
        Number of the embedding's parts.

    Raises
    ------
    InvalidArgumentError
        If ``width`` leaves no channels, or there are no features.
    """

    def __init__(self, *, width: float = 1.0, features: int = 256, phase: bool = False) -> None:
        super().__init__()
        self.prediction = SequencePrediction(width, phase=phase)
        self.set_network = cycle_network(features, width)
        self.features, self.parts = features, self.set_network.parts

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map silhouettes ``[n, frames, 64, 44]`` in [0, 1] to embeddings ``[n, features, 62]``.

        Both float32; the embedding is not L2-normalised, and compared by the mean over the parts of the
        Euclidean distance. Only the middle one of the frames is looked at, the fourth of eight.
        """
        return self.embedding(self.cycle(middle_silhouette(silhouettes)))

    def cycle(self, silhouette: Tensor) -> Tensor:
        """Predict cycles, float32 ``[n, 8, 64, 64]``, of silhouettes ``[n, 1, 64, 44]``."""
        return self.prediction(with_sides(silhouette))

    def embedding(self, cycle: Tensor) -> Tensor:
        """Map cycles ``[n, 8, 64, 64]`` to embeddings, float32 ``[n, features, 62]``."""
        return ops.cast(self.set_network(without_sides(cycle)), ms.float32)

    def maps(self, silhouettes: Tensor) -> dict[str, Tensor]:
        """Return the predicted cycle, ``[n, 8, 64, 64]``."""
        return {"cycle": self.cycle(middle_silhouette(silhouettes))}

    def check_input(self, height: int, width: int) -> None:
        """Refuse silhouettes of another size than 64×44, in which a cycle is predicted.

        Raises
        ------
        InvalidArgumentError
            Before anything is compiled.
        """
        middle = SIDE - 2 * CUT
        if (height, width) != (SIDE, middle):
            raise InvalidArgumentError(
                f"a gait cycle is predicted from silhouettes of {SIDE}×{middle}, not {height}×{width}",
                fix=f"set input.height={SIDE} and input.width={middle}",
            )


def middle_silhouette(silhouettes: Tensor) -> Tensor:
    """Take of each sequence ``[n, frames, H, W]`` its middle frame, ``[n, 1, H, W]``; the earlier one of two.

    Frames of negative values are absent and behind all others: they are not counted.
    """
    # A slice would fix the number of frames of an exported network.
    count = ops.ReduceSum(True)(ops.cast(silhouettes[:, :, :1, :1] >= 0, ms.float32), 1)
    middle = ops.cast(ops.floor((count - 1) / 2), ms.int32)
    everywhere = ops.cast(silhouettes[:, :1] * 0, ms.int32) + middle
    return ops.gather_elements(silhouettes, 1, everywhere)
