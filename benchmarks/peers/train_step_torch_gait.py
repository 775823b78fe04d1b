"""OGBase in PyTorch for `train_step.py`: modules named as in mindreid, losses in GaitBase's form."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

PARTS, FEATURES = 16, 256


class PlainBlock(nn.Module):
    def __init__(self, before: int, inner: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, inner, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.downsample = None
        if stride != 1 or before != inner:
            shortcut = nn.Conv2d(before, inner, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(inner))

    def forward(self, x: Tensor) -> Tensor:
        out = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.bn2(self.conv2(out))
        out += x if self.downsample is None else self.downsample(x)
        return functional.relu(out, inplace=True)


class Trunk(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(PlainBlock(64, 64, 1))
        self.layer2 = nn.Sequential(PlainBlock(64, 128, 2))
        self.layer3 = nn.Sequential(PlainBlock(128, 256, 2))
        self.layer4 = nn.Sequential(PlainBlock(256, 512, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class PartWeights(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.zeros(PARTS, before, after)))


class OGBase(nn.Module):
    """The network with the neck and the class vectors of its softmax loss."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.network = nn.Module()
        self.network.trunk = Trunk()
        self.network.part_linear = PartWeights(512, FEATURES)
        self.neck = nn.Module()
        self.neck.norm = nn.BatchNorm1d(PARTS * FEATURES)
        self.classifier = PartWeights(FEATURES, num_classes)

    def embedding(self, x: Tensor) -> Tensor:
        count, frames, height, width = x.shape
        maps = self.network.trunk(x.reshape(-1, 1, height, width))
        maps = maps.view(count, frames, *maps.shape[1:]).max(1)[0]
        stripes = maps.view(count, 512, PARTS, -1)
        pooled = stripes.mean(-1) + stripes.max(-1)[0]
        parts = pooled.permute(2, 0, 1).contiguous()
        return parts.matmul(self.network.part_linear.weight).permute(1, 2, 0).contiguous()

    def loss(self, x: Tensor, pids: Tensor) -> Tensor:
        embedding = self.embedding(x)
        joined = self.neck.norm(embedding.view(len(x), -1)).view(embedding.shape)
        parts = functional.normalize(joined.permute(2, 0, 1), dim=-1)
        cosines = parts.matmul(functional.normalize(self.classifier.weight, dim=1)).permute(1, 2, 0)
        targets = pids[:, None].repeat(1, PARTS)
        softmax = functional.cross_entropy(16 * cosines, targets, label_smoothing=0.1)
        return softmax + batch_all_triplet_loss(embedding, pids, 0.2)


def batch_all_triplet_loss(embedding: Tensor, pids: Tensor, margin: float) -> Tensor:
    """Mean over parts of the mean of the violated triplets; needs equally many sequences a person."""
    x = embedding.permute(2, 0, 1).contiguous().float()
    squares = (x**2).sum(-1)
    squared = squares[:, :, None] + squares[:, None] - 2 * x.matmul(x.transpose(1, 2))
    distances = torch.sqrt(functional.relu(squared))
    same = pids[:, None] == pids[None]
    count = len(pids)
    positive = distances[:, same].view(PARTS, count, -1, 1)
    negative = distances[:, ~same].view(PARTS, count, 1, -1)
    violations = functional.relu(positive - negative + margin).view(PARTS, -1)
    return (violations.sum(1) / ((violations > 0).sum(1) + 1e-9)).mean()
