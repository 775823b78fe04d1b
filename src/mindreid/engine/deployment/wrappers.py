"""Networks as they are deployed: pre-processing and norm inside the graph, free sizes named.

======================  ==============================================  ==========================
recipe's input          takes uint8                                     returns float32
======================  ==============================================  ==========================
images                  RGB ``[N, H, W, 3]`` of the recipe's size       ``[N, D]``, L2-normalised
silhouettes             sequences ``[N, frames, H, W]``, 255 = walker   ``[N, D, parts]``, as it is
======================  ==============================================  ==========================

Resizing images is left to the caller, with the interpolation that the description beside the file
names. Silhouettes come aligned and cut to the recipe's width; sequences of different lengths share a
batch if the shorter ones repeat frames. Their embeddings are compared by the mean over the parts of
the Euclidean distance, for which they must keep their lengths.
"""

from __future__ import annotations

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.config import InputConfig


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
    """

    free_dimensions = 1

    def __init__(self, network: nn.Cell, inputs: InputConfig) -> None:
        super().__init__()
        self.network = network
        self.fixed_shape: tuple[int, ...] = (inputs.height, inputs.width)


class DeployableEmbedding(Deployable):
    """A network of images with its normalisation and L2 norm inside the graph."""

    def __init__(self, network: nn.Cell, inputs: InputConfig) -> None:
        super().__init__(network, inputs)
        self.fixed_shape = (*self.fixed_shape, 3)
        mean, std = np.array(inputs.mean, np.float32), np.array(inputs.std, np.float32)
        self.scale = Tensor((1 / (255 * std)).reshape(1, 3, 1, 1))
        self.shift = Tensor((-mean / std).reshape(1, 3, 1, 1))

    def construct(self, images: Tensor) -> Tensor:
        """Map uint8 ``[N, H, W, 3]`` to float32 ``[N, D]`` of unit length."""
        planes = ops.transpose(ops.cast(images, ms.float32), (0, 3, 1, 2)) * self.scale + self.shift
        embedding = self.network(planes)
        # sqrt and division, since the ONNX exporter has no rsqrt.
        return embedding / ops.sqrt(ops.ReduceSum(True)(embedding * embedding, 1) + 1e-12)


class DeployableGaitEmbedding(Deployable):
    """A network of silhouette sequences with their scaling to [0, 1] inside the graph."""

    free_dimensions = 2

    def construct(self, silhouettes: Tensor) -> Tensor:
        """Map uint8 ``[N, frames, H, W]`` to float32 ``[N, D, parts]``."""
        return self.network(ops.cast(silhouettes, ms.float32) * np.float32(1 / 255))


def deployable_network(network: nn.Cell, inputs: InputConfig) -> Deployable:
    """Wrap ``network`` for the kind of its input, in evaluation mode."""
    wrapper = DeployableGaitEmbedding if inputs.kind == "silhouettes" else DeployableEmbedding
    return wrapper(network, inputs).set_train(False)
