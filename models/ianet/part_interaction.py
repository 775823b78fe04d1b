"""The block of IANet's successor IAUnet: body parts that attention finds take up one another.

Hou et al., "IAUnet: Global Context-Aware Feature Learning for Person Re-Identification",
TNNLS, and their public code.
"""

from __future__ import annotations

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops
from mindspore.common.initializer import HeNormal, Initializer, Zero

from mindreid.layers.reduction import check_batch_for_norm
from mindreid.models.ianet.interaction import flattened, mix_channels, shaped_like, silent_norm

#: Head, upper body, lower body, shoes.
PARTS = 4
#: What keeps a part from being its own neighbour.
_NO_NEIGHBOUR = 1e8


class PartInteractionBlock(nn.Cell):
    """Channel interaction, then interaction of body parts, each added to its input (CIAU and SIAU).

    Four attention maps pool a vector each. What the parts take up from one another and the mean
    of the map, joined, are added to every position. A new block is the identity.

    Parameters
    ----------
    channels : int
        Of the map, even.

    Examples
    --------
    >>> block = PartInteractionBlock(16)
    >>> [x.shape for x in block.interact(ops.ones((3, 16, 6, 4)))]
    [(3, 16, 6, 4), (3, 4, 6, 4)]
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channel_map = nn.Conv2d(channels, channels, 1, weight_init=_he(), has_bias=True)
        self.channel_norm = silent_norm(channels)
        self.attention = nn.Conv2d(channels, PARTS, 1, weight_init=_he(), has_bias=True)
        self.attention_norm = nn.BatchNorm2d(PARTS)
        self.relations = PartRelations(channels)
        self.context_map = nn.Dense(channels, channels, weight_init=_he())
        self.context_norm = nn.BatchNorm1d(channels, gamma_init=Zero(), beta_init=Zero())

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, C, H, W]`` to the same shape."""
        return self.interact(x)[0]

    def interact(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map ``[B, C, H, W]`` to the same shape, and to attention maps ``[B, 4, H, W]`` in 0..1."""
        if self.training:
            check_batch_for_norm(x.shape[0])
        x = x + self.channel_norm(self.channel_map(shaped_like(mix_channels(flattened(x)), x)))
        attention = ops.sigmoid(self.attention_norm(self.attention(x)))
        positions = flattened(x)
        parts = ops.bmm(positions, ops.transpose(flattened(attention), (0, 2, 1)))
        context = self.context_map(self.relations(parts, ops.mean(positions, 2, keep_dims=True)))
        context = ops.expand_dims(ops.expand_dims(self.context_norm(context), 2), 3)
        return x + ops.cast(context, x.dtype), attention


class PartRelations(nn.Cell):
    """What parts take up from one another, by how they differ and in view of the whole.

    Parameters
    ----------
    channels : int
        Length of a part's vector, even.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.reduction = nn.Conv2d(channels, half, 1, weight_init=_he(), has_bias=True)
        self.relation = nn.Conv2d(channels, 1, 1, weight_init=_he(), has_bias=True)
        self.relation_norm = nn.BatchNorm2d(1)
        self.update = nn.Conv2d(channels, half, 1, weight_init=_he(), has_bias=True)
        self.update_norm = nn.BatchNorm2d(half)
        self.relu = nn.ReLU()
        self.split = ops.Split(2, PARTS + 1)
        self.itself = Tensor(np.eye(PARTS, dtype=np.float32)[None] * _NO_NEIGHBOUR)

    def construct(self, parts: Tensor, whole: Tensor) -> Tensor:
        """Map parts ``[B, C, 4]`` and the whole ``[B, C, 1]`` to what describes both, ``[B, C]``, float32."""
        # Parts lie in a map's rows, so that no size depends on the batch's.
        nodes = ops.expand_dims(ops.concat((parts, whole), 2), 3)
        nodes = self.split(ops.cast(self.reduction(nodes), ms.float32))
        parts, whole = ops.concat(nodes[:PARTS], 2), nodes[PARTS]
        shares = ops.transpose(self._shares(parts, whole), (0, 2, 1))
        neighbours = ops.expand_dims(ops.bmm(ops.squeeze(parts, 3), shares), 3)
        updated = self.relu(self.update_norm(self.update(ops.concat((parts, neighbours), 1))))
        return ops.concat((ops.mean(ops.cast(updated, ms.float32), (2, 3)), ops.mean(whole, (2, 3))), 1)

    def _shares(self, parts: Tensor, whole: Tensor) -> Tensor:
        """Share of every part in what another takes up, ``[B, 4, 4]``; rows sum to 1."""
        differences = ops.abs(parts - ops.transpose(parts, (0, 1, 3, 2)))
        # Repeated by joining: zeros to add to would fix an exported graph's batch size.
        everywhere = ops.concat([ops.concat([whole] * PARTS, 2)] * PARTS, 3)
        pairs = ops.concat((differences, everywhere), 1)
        relation = ops.cast(self.relation_norm(self.relation(pairs)), ms.float32)
        return ops.softmax(ops.squeeze(relation, 1) - self.itself, -1)


def _he() -> Initializer:
    return HeNormal(mode="fan_out", nonlinearity="relu")
