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
        parts = ops.bmm(flattened(attention), ops.transpose(positions, (0, 2, 1)))
        context = self.relations(parts, ops.mean(positions, 2))
        context = self.context_norm(self.context_map(context))
        return x + ops.cast(ops.expand_dims(ops.expand_dims(context, 2), 3), x.dtype), attention


class PartRelations(nn.Cell):
    """What parts take up from one another, by how they differ and in view of the whole.

    Parameters
    ----------
    channels : int
        Length of a part's vector, even.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.half = channels // 2
        self.reduction = nn.Dense(channels, self.half, weight_init=_he())
        self.relation = nn.Dense(channels, 1, weight_init=_he())
        self.relation_norm = nn.BatchNorm2d(1)
        self.update = nn.Dense(channels, self.half, weight_init=_he())
        self.update_norm = nn.BatchNorm1d(self.half)
        self.relu = nn.ReLU()
        self.itself = Tensor(np.eye(PARTS, dtype=np.float32)[None] * _NO_NEIGHBOUR)

    def construct(self, parts: Tensor, whole: Tensor) -> Tensor:
        """Map parts ``[B, 4, C]`` and the whole ``[B, C]`` to what describes both, ``[B, C]``, float32."""
        parts = ops.cast(self.reduction(parts), ms.float32)
        whole = ops.cast(self.reduction(whole), ms.float32)
        neighbours = ops.bmm(self._weights(parts, whole), parts)
        updated = ops.reshape(ops.concat((parts, neighbours), 2), (-1, 2 * self.half))
        updated = self.relu(self.update_norm(self.update(updated)))
        updated = ops.cast(ops.reshape(updated, (-1, PARTS, self.half)), ms.float32)
        return ops.concat((ops.mean(updated, 1), whole), 1)

    def _weights(self, parts: Tensor, whole: Tensor) -> Tensor:
        """Share of every part in what another takes up, ``[B, 4, 4]``; rows sum to 1."""
        differences = ops.abs(ops.expand_dims(parts, 2) - ops.expand_dims(parts, 1))
        whole = ops.reshape(whole, (-1, 1, 1, self.half)) + ops.zeros_like(differences)
        relation = self.relation(ops.concat((differences, whole), 3))
        relation = self.relation_norm(ops.reshape(relation, (-1, 1, PARTS, PARTS)))
        relation = ops.cast(ops.reshape(relation, (-1, PARTS, PARTS)), ms.float32)
        return ops.softmax(relation - self.itself, -1)


def _he() -> Initializer:
    return HeNormal(mode="fan_out", nonlinearity="relu")
