"""Trunk, pooling and BN neck: the network that several methods train in different ways."""

from __future__ import annotations

from typing import Literal, get_args

from mindspore import Tensor, nn, ops

from mindreid.layers.initialization import scatter_norm_scales
from mindreid.layers.neck import BNNeck
from mindreid.layers.pooling import MapPooling, global_pool
from mindreid.layers.resnet import ResNetTrunk, StemPool, TrunkName
from mindreid.option_checks import check_choice

Initialization = Literal["ones", "simple_ccreid"]


class EmbeddingNetwork(nn.Cell):
    """A ResNet whose pooled and batch-normalised last map is the embedding.

    A clip's frames go through the trunk and the spatial pooling one by one, and the mean over
    time is normalised. This is a 3-D ResNet whose kernels, inflated from the 2-D ones, cover a
    single frame ("C2D"): its batch norms, too, see all frames of all clips together.

    Parameters
    ----------
    trunk : {"resnet50", "resnet34", "resnet18"}
        The trunk.
    width : float
        Factor on the channels of the trunk's stages, below 1 for small networks on a CPU.
    last_stride : {1, 2}
        Stride of the trunk's last stage; 1 keeps a map of 1/16 of the image's height.
    pool : {"max_avg", "max", "avg"}
        Spatial pooling; "max_avg" joins both and doubles the embedding's length.
    neck_bias : bool
        Whether the neck's shift is trained.
    stem_pool : {"torchvision", "mindcv"}
        Padding of the stem's max pooling, see :class:`mindreid.layers.resnet.StemMaxPool`.
    initialization : {"ones", "simple_ccreid"}
        The neck's scales at the start: 1, or drawn about 1 as CAL's authors do.

    Attributes
    ----------
    num_features : int
        Length of the embedding; 4096 for ResNet-50 with "max_avg".

    Raises
    ------
    InvalidArgumentError
        If an option has no such value.

    Examples
    --------
    >>> network = EmbeddingNetwork("resnet18", width=0.25)
    >>> network(ops.ones((2, 3, 64, 32))).shape, network(ops.ones((2, 3, 8, 64, 32))).shape
    ((2, 256), (2, 256))
    """

    def __init__(
        self,
        trunk: TrunkName = "resnet50",
        *,
        width: float = 1.0,
        last_stride: int = 1,
        pool: MapPooling = "max_avg",
        neck_bias: bool = True,
        stem_pool: StemPool = "torchvision",
        initialization: Initialization = "ones",
    ) -> None:
        super().__init__()
        check_choice("initialization", initialization, get_args(Initialization))
        self.initialization = initialization
        self.trunk = ResNetTrunk(trunk, last_stride=last_stride, stem_pool=stem_pool, width=width)
        self.pool = global_pool(pool)
        self.num_features = self.trunk.num_features * (2 if pool == "max_avg" else 1)
        self.neck = BNNeck(self.num_features, bias=neck_bias)
        if initialization == "simple_ccreid":
            scatter_norm_scales(self.neck)

    def construct(self, images: Tensor) -> Tensor:
        """Map images ``[B, 3, H, W]`` or clips ``[B, 3, T, H, W]``, normalised, to embeddings.

        Returns
        -------
        Tensor
            float32 ``[B, num_features]``, not L2-normalised.
        """
        if images.ndim == 5:
            return self.neck(self._pool_clips(images))
        return self.embed(self.trunk(images))

    def embed(self, feature_map: Tensor) -> Tensor:
        """Map the trunk's map ``[B, C, h, w]`` to the embedding ``[B, num_features]``."""
        return self.neck(self.pool(feature_map))

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the trunk's map, ``[B, C, h, w]``; of clips, that of the middle frame."""
        frame = images[:, :, images.shape[2] // 2] if images.ndim == 5 else images
        return {"trunk": self.trunk(frame)}

    def _pool_clips(self, clips: Tensor) -> Tensor:
        _, channels, frames, height, width = clips.shape
        # The free size comes first, so that an export may leave the batch size open.
        images = ops.reshape(ops.transpose(clips, (0, 2, 1, 3, 4)), (-1, channels, height, width))
        pooled = self.pool(self.trunk(images))
        return ops.mean(ops.reshape(pooled, (-1, frames, self.num_features)), 1)


def embedding_network(
    *,
    trunk: TrunkName = "resnet50",
    width: float = 1.0,
    pool: MapPooling = "max_avg",
    stem_pool: StemPool = "torchvision",
    initialization: Initialization = "ones",
) -> EmbeddingNetwork:
    """Build an :class:`EmbeddingNetwork` with last stride 1 and a trained bias, as models register it."""
    return EmbeddingNetwork(trunk, width=width, pool=pool, stem_pool=stem_pool, initialization=initialization)
