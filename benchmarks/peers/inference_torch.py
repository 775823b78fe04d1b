"""The PyTorch side of `inference.py`: the networks without what only training needs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from peers.train_step_torch import MGN, Stem, stage
from peers.train_step_torch_gait import OGBase


class EmbeddingNetwork(nn.Module):
    """ResNet-50 with last stride 1, maximum and mean joined, batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Module()
        self.network.trunk = Stem()
        self.network.trunk.layer4 = stage(4, 1)
        self.network.neck = nn.Module()
        self.network.neck.norm = nn.BatchNorm1d(4096)

    def embedding(self, x: Tensor) -> Tensor:
        """Map normalised images to embeddings."""
        maps = self.network.trunk.layer4(self.network.trunk(x))
        return self.network.neck.norm(torch.cat((maps.amax((2, 3)), maps.mean((2, 3))), 1))


def without_classifiers(network: nn.Module) -> nn.Module:
    """Drop the children that have no counterpart in an inference network."""
    for name in [name for name, _ in network.named_children() if name != "network"]:
        delattr(network, name)
    return network


NETWORKS = {
    "mgn": lambda: without_classifiers(MGN(2)),
    "cal": EmbeddingNetwork,
    "val": EmbeddingNetwork,
    "fire": EmbeddingNetwork,
    "aug_ogbase": lambda: without_classifiers(OGBase(2)),
}
