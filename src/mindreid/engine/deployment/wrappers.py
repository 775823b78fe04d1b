"""Networks as they are deployed: pre-processing and norm inside the graph, free sizes named.

======================  ==============================================  ==========================
recipe's input          takes uint8                                     returns float32
======================  ==============================================  ==========================
images                  RGB ``[N, H, W, 3]`` of the recipe's size       ``[N, D]``, L2-normalised
posed images            the same with six channels: the image, then     ``[N, D]``, L2-normalised
                        its part image
clips of images         RGB ``[N, frames, H, W, 3]``                    ``[N, D]``, L2-normalised
silhouettes             sequences ``[N, frames, H, W]``, 255 = walker   ``[N, D, parts]``, as it is
======================  ==============================================  ==========================

Whatever the network's precision, the embedding leaves in float32. Resizing images is left to the caller,
with the interpolation that the description beside the file names. Silhouettes come aligned and cut to
the recipe's width; sequences of different lengths share a batch if the shorter ones repeat frames. Their
embeddings are compared by the mean over the parts of the Euclidean distance, for which they must keep
their lengths.
"""

from __future__ import annotations

from collections.abc import Mapping

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.config import InputConfig
from mindreid.layers.byte_images import byte_normalization


class Deployable(nn.Cell):
    """An embedding network that takes bytes.

    Parameters
    ----------
    network : nn.Cell
        The inference network.
    inputs : InputConfig
        What it takes.

    Attributes
    ----------
    free_dimensions : int
        How many of the input's first dimensions have no fixed size.
    fixed_shape : tuple of int
        The sizes of the others.
    frame_stride : int
        How many frames of a sequence become one inside, and must therefore be there.
    takes : str
        What goes in, in words.
    preprocessing : dict of str to str
        The steps from a picture to what the network sees, and from its output to an embedding, in their
        order: each is done "outside" the graph, by the caller, or "inside" it.
    """

    free_dimensions = 1
    frame_stride = 1
    takes = "uint8 RGB [N, height, width, 3]"
    preprocessing: Mapping[str, str] = {
        "resize": "outside",
        "channels_first": "inside",
        "normalize": "inside",
        "l2_normalize": "inside",
    }

    def __init__(self, network: nn.Cell, inputs: InputConfig) -> None:
        super().__init__()
        self.network = network
        self.fixed_shape: tuple[int, ...] = (inputs.height, inputs.width)


class DeployableEmbedding(Deployable):
    """A network of images with its normalisation and L2 norm inside the graph."""

    def __init__(self, network: nn.Cell, inputs: InputConfig) -> None:
        super().__init__(network, inputs)
        self.fixed_shape = (*self.fixed_shape, inputs.channels)
        if inputs.kind == "posed_image":
            self.takes = "uint8 RGB [N, height, width, 6], the image and its part image"
            self.preprocessing = {"part_image": "outside", **self.preprocessing}
        self.scale, self.shift = _normalization(inputs, (1, inputs.channels, 1, 1))

    def construct(self, images: Tensor) -> Tensor:
        """Map uint8 ``[N, H, W, 3 or 6]`` to float32 ``[N, D]`` of unit length."""
        planes = ops.transpose(ops.cast(images, ms.float32), (0, 3, 1, 2)) * self.scale + self.shift
        return _unit_length(self.network(planes))


class DeployableClipEmbedding(Deployable):
    """A network of clips with its normalisation and L2 norm inside the graph.

    A tracklet of many clips has the mean of their embeddings as the network gives them. These have unit
    length already, so the mean of a few clips' differs a little from what evaluation compares.
    """

    free_dimensions = 2
    takes = "uint8 RGB [N, frames, height, width, 3]"

    def __init__(self, network: nn.Cell, inputs: InputConfig) -> None:
        super().__init__(network, inputs)
        self.fixed_shape = (*self.fixed_shape, 3)
        self.scale, self.shift = _normalization(inputs, (1, 3, 1, 1, 1))

    def construct(self, clips: Tensor) -> Tensor:
        """Map uint8 ``[N, frames, H, W, 3]`` to float32 ``[N, D]`` of unit length."""
        planes = ops.transpose(ops.cast(clips, ms.float32), (0, 4, 1, 2, 3)) * self.scale + self.shift
        return _unit_length(self.network(planes))


class DeployableGaitEmbedding(Deployable):
    """A network of silhouette sequences with their scaling to [0, 1] inside the graph."""

    free_dimensions = 2
    takes = "uint8 [N, frames, height, width], 255 = walker"
    preprocessing: Mapping[str, str] = {"align": "outside", "cut_sides": "outside", "scale": "inside"}

    def __init__(self, network: nn.Cell, inputs: InputConfig) -> None:
        super().__init__(network, inputs)
        self.frame_stride: int = getattr(network, "frame_stride", 1)

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map uint8 ``[N, frames, H, W]`` to float32 ``[N, D, parts]``."""
        planes = ops.cast(silhouettes, ms.float32) * np.float32(1 / 255)
        return ops.cast(self.network(planes), ms.float32)


def deployable_network(network: nn.Cell, inputs: InputConfig, *, clips: bool = False) -> Deployable:
    """Wrap ``network`` for the kind of its input, in evaluation mode; ``clips``: of images, in clips."""
    wrapper: type[Deployable] = DeployableClipEmbedding if clips else DeployableEmbedding
    if inputs.kind == "silhouettes":
        wrapper = DeployableGaitEmbedding
    return wrapper(network, inputs).set_train(False)


def _normalization(inputs: InputConfig, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    return byte_normalization(inputs.mean, inputs.std, inputs.channels, shape)


def _unit_length(embedding: Tensor) -> Tensor:
    # Squares of float16 vanish or overflow.
    embedding = ops.cast(embedding, ms.float32)
    # sqrt and division, since the ONNX exporter has no rsqrt.
    return embedding / ops.sqrt(ops.ReduceSum(True)(embedding * embedding, 1) + 1e-12)
