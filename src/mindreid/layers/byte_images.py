"""From bytes to what a network sees, on the device: a quarter of the bytes have to get there."""

from __future__ import annotations

from collections.abc import Sequence

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.config import InputConfig


class ByteNormalization(nn.Cell):
    """Normalises images or clips of bytes as the pipeline's ``normalize`` does on the host.

    Parameters
    ----------
    mean, std : sequence of float
        Of RGB values in [0, 1].
    channels : int
        Of an image; each three are treated alike.

    Examples
    --------
    >>> pixels = Tensor(np.full((1, 3, 1, 1), 255), ms.uint8)
    >>> ByteNormalization((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 3)(pixels).asnumpy().ravel().tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], channels: int) -> None:
        super().__init__()
        self.scale, self.shift = byte_normalization(mean, std, channels, (1, channels, 1, 1))

    def construct(self, images: Tensor) -> Tensor:
        """Map uint8 ``[B, C, H, W]`` or ``[B, C, T, H, W]`` to float32."""
        scale, shift = self.scale, self.shift
        if images.ndim == 5:
            scale, shift = ops.expand_dims(scale, 2), ops.expand_dims(shift, 2)
        return ops.cast(images, ms.float32) * scale + shift


class ByteScaling(nn.Cell):
    """Scales silhouettes of bytes to [0, 1]."""

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map uint8 ``[B, T, H, W]`` to float32."""
        return ops.cast(silhouettes, ms.float32) / np.float32(255)


def byte_preparation(inputs: InputConfig) -> nn.Cell:
    """Build what makes images or silhouettes that arrive as bytes into what a network of ``inputs`` sees."""
    if inputs.kind == "silhouettes":
        return ByteScaling()
    return ByteNormalization(inputs.mean, inputs.std, inputs.channels)


def byte_normalization(
    mean: Sequence[float], std: Sequence[float], channels: int, shape: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Return factor and summand, float32 of ``shape``, that normalise bytes of several RGB pictures."""
    means, deviations = (np.tile(np.array(values, np.float32), channels // 3) for values in (mean, std))
    return Tensor((1 / (255 * deviations)).reshape(shape)), Tensor((-means / deviations).reshape(shape))
