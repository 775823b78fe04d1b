"""MSCAN: a small network of dilated convolutions that finds three parts of the body by itself.

Li et al., "Learning Deep Context-aware Features over Body and Latent Parts for Person
Re-identification", CVPR 2017.
"""

from __future__ import annotations

import mindspore as ms
from mindspore import Tensor, nn, ops

from mindreid.layers.plain_convolutions import plain_channels
from mindreid.layers.reduction import Reduction
from mindreid.layers.resnet import initialize_convolutions
from mindreid.layers.sized_network import SizedNetwork, check_image_size
from mindreid.layers.spatial_transformer import RegionSampler, localization

DILATIONS = (1, 2, 3)
#: Height of a part's centre, from -1 at the top of the body to 1 at its bottom: upper, middle, lower.
PART_CENTRES = (-0.6, 0.0, 0.6)
_STEM_CHANNELS = 32
_SCALE_CHANNELS = 32
#: Length of the features of the body, and of those of the parts.
FEATURES = 128
#: Half of a part's width and height at the start, where the map's are 1.
_START_SCALE = (1.0, 0.4)
_REGION = (4, 4)
#: The map is this many times smaller than the image.
_REDUCTION = 16


class MultiScaleConvolution(nn.Cell):
    """3×3 convolutions that look 1, 2 and 3 pixels far, side by side; batch norm, ReLU.

    Parameters
    ----------
    in_channels : int
        Channels of the map.
    channels : int
        Channels of each convolution; three times as many come out.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.CellList(
            [
                nn.Conv2d(in_channels, channels, 3, pad_mode="pad", padding=dilation, dilation=dilation)
                for dilation in DILATIONS
            ]
        )
        self.norm = nn.BatchNorm2d(len(DILATIONS) * channels)
        self.relu = nn.ReLU()

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to ``[B, 3 channels, H, W]``."""
        scales = [convolution(x) for convolution in self.convolutions]
        return self.relu(self.norm(ops.concat(scales, 1)))


class MSCAN(SizedNetwork):
    """Features of the whole body, and of three parts that spatial transformers find.

    Parameters
    ----------
    image_size : tuple of int
        Height and width of the images; the paper's are 160×64. The layers that find the parts see a
        whole map of 1/16 of it.
    width : float
        Factor on all channels, below 1 for small networks on a CPU.

    Raises
    ------
    InvalidArgumentError
        If the size is no multiple of 16, or the factor leaves no channels or is above 4; or, when called,
        for images of another size.

    Examples
    --------
    >>> MSCAN(width=0.25)(ops.ones((2, 3, 160, 64))).shape
    (2, 256)
    """

    def __init__(self, *, image_size: tuple[int, int] = (160, 64), width: float = 1.0) -> None:
        super().__init__(image_size, multiple=_REDUCTION)
        stem, scale = plain_channels((_STEM_CHANNELS, _SCALE_CHANNELS), width)
        channels = len(DILATIONS) * scale
        self.stem = nn.SequentialCell(
            nn.Conv2d(3, stem, 5, pad_mode="pad", padding=2), nn.BatchNorm2d(stem), nn.ReLU()
        )
        self.layers = nn.CellList(
            [MultiScaleConvolution(stem if number == 0 else channels, scale) for number in range(4)]
        )
        self.pool = nn.MaxPool2d(2, 2)
        flat = channels * (image_size[0] // _REDUCTION) * (image_size[1] // _REDUCTION)
        self.body = Reduction(flat, FEATURES)
        self.localization = PartLocalization(flat)
        self.sampler = RegionSampler(*_REGION)
        self.part_features = nn.CellList(
            [Reduction(channels * _REGION[0] * _REGION[1], FEATURES) for _ in PART_CENTRES]
        )
        self.parts = Reduction(len(PART_CENTRES) * FEATURES, FEATURES)
        initialize_convolutions(self)

    def construct(self, images: Tensor) -> Tensor:
        """Map normalised images ``[B, 3, H, W]`` to embeddings ``[B, 256]``, float32, not L2-normalised."""
        body, parts, _, _ = self.features(images)
        return ops.cast(ops.concat((body, parts), 1), ms.float32)

    def features(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return what the losses see.

        Parameters
        ----------
        images : Tensor
            ``[B, 3, H, W]``.

        Returns
        -------
        body, parts : Tensor
            ``[B, 128]`` each.
        scale, shift : Tensor
            float32 ``[B, 3, 2]``: of each part, half its width and height, and x and y of its centre.
        """
        check_image_size(images.shape[2:], self.image_size)
        x = self.stem(images)
        for layer in self.layers:
            x = layer(self.pool(x))
        flat = ops.flatten(x)
        scale, shift = self.localization(flat)
        parts = []
        for number in range(len(PART_CENTRES)):
            region = self.sampler(x, scale[:, number], shift[:, number])
            parts.append(self.part_features[number](ops.flatten(region)))
        return self.body(flat), self.parts(ops.concat(parts, 1)), scale, shift


class PartLocalization(nn.Cell):
    """Two linear maps from a map to scale and shift of three parts, which start one above another.

    Parameters
    ----------
    flat_features : int
        Numbers of the map.
    """

    def __init__(self, flat_features: int) -> None:
        super().__init__()
        start = [number for centre in PART_CENTRES for number in (*_START_SCALE, 0.0, centre)]
        self.transform = localization(flat_features, FEATURES, start)

    def construct(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Map ``[B, flat_features]`` to scales and shifts, float32 ``[B, 3, 2]`` each: x, then y."""
        transform = ops.cast(self.transform(flat), ms.float32)
        transform = ops.reshape(transform, (-1, len(PART_CENTRES), 4))
        return transform[:, :, :2], transform[:, :, 2:]
