"""The PyTorch side of `train_step.py`: plain ResNet-50 and MGN, with modules named as in mindreid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from peers.train_step_torch_gait import OGBase

DEPTHS = {1: 3, 2: 4, 3: 6, 4: 3}


class Bottleneck(nn.Module):
    def __init__(self, before: int, inner: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, 4 * inner, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * inner)
        self.downsample = None
        if stride != 1 or before != 4 * inner:
            shortcut = nn.Conv2d(before, 4 * inner, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * inner))

    def forward(self, x: Tensor) -> Tensor:
        out = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        out = functional.relu(self.bn2(self.conv2(out)), inplace=True)
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return functional.relu(out, inplace=True)


def stage(number: int, stride: int, first: int = 0, last: int | None = None) -> nn.Sequential:
    inner = 64 * 2 ** (number - 1)
    before = 64 if number == 1 else 2 * inner
    blocks = nn.Sequential()
    for block in range(DEPTHS[number])[first:last]:
        blocks.add_module(
            str(block), Bottleneck(4 * inner if block else before, inner, 1 if block else stride)
        )
    return blocks


class Stem(nn.Module):
    def __init__(self, third_stage_blocks: int | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1, self.layer2 = stage(1, 1), stage(2, 2)
        self.layer3 = stage(3, 2, last=third_stage_blocks)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        return self.layer3(self.layer2(self.layer1(functional.max_pool2d(x, 3, 2, 1))))


class ResNet50(nn.Module):
    """Average-pooled ResNet-50 with last stride 1 and an identity classifier."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.network = Stem()
        self.network.layer4 = stage(4, 1)
        self.classifier = nn.Linear(2048, num_classes)

    def embedding(self, x: Tensor) -> Tensor:
        return self.network.layer4(self.network(x)).mean((2, 3))

    def loss(self, x: Tensor, pids: Tensor) -> Tensor:
        return functional.cross_entropy(self.classifier(self.embedding(x)), pids)


class Branch(nn.Module):
    def __init__(self, parts: int) -> None:
        super().__init__()
        self.parts = parts
        self.layer3, self.layer4 = stage(3, 1, first=1), stage(4, 2 if parts == 1 else 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.layer4(self.layer3(x))
        stripes = x.chunk(self.parts, 2) if self.parts > 1 else ()
        return [view.amax((2, 3)) for view in (x, *stripes)]


class MGN(nn.Module):
    """The paper's MGN with its losses."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.network = nn.Module()
        self.network.stem = Stem(third_stage_blocks=1)
        self.network.global_branch = Branch(1)
        self.network.half_branch = Branch(2)
        self.network.third_branch = Branch(3)
        self.network.reductions = nn.ModuleList([self._reduction() for _ in range(8)])
        self.classifiers = nn.ModuleList(
            [nn.Linear(width, num_classes, bias=False) for width in [2048] * 3 + [256] * 5]
        )

    @staticmethod
    def _reduction() -> nn.Module:
        reduction = nn.Module()
        reduction.linear, reduction.norm = nn.Linear(2048, 256, bias=False), nn.BatchNorm1d(256)
        return reduction

    def views(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        net = self.network
        x = net.stem(x)
        whole, half, third = net.global_branch(x), net.half_branch(x), net.third_branch(x)
        pooled = [whole[0], half[0], third[0], *half[1:], *third[1:]]
        pairs = zip(net.reductions, pooled)
        return pooled, [functional.relu(part.norm(part.linear(vector))) for part, vector in pairs]

    def embedding(self, x: Tensor) -> Tensor:
        return torch.cat(self.views(x)[1], 1)

    def loss(self, x: Tensor, pids: Tensor) -> Tensor:
        pooled, reduced = self.views(x)
        seen = pooled[:3] + reduced[3:]
        softmax = sum(functional.cross_entropy(c(v), pids) for c, v in zip(self.classifiers, seen))
        return softmax + sum(triplet_loss(vector, pids, 1.2) for vector in reduced[:3])


def triplet_loss(features: Tensor, pids: Tensor, margin: float) -> Tensor:
    """Batch-hard triplet loss in the form that the public code bases share."""
    distances = torch.cdist(features, features, compute_mode="use_mm_for_euclid_dist").clamp(min=1e-6)
    same = pids[:, None] == pids[None]
    positive = distances.masked_fill(~same, -1.0).amax(1)
    negative = distances.masked_fill(same, float("inf")).amin(1)
    return functional.relu(margin + positive - negative).mean()


def tasks(workload: Any, threads: int, classes: int, weights_file: str) -> dict[str, Callable[[], Any]]:
    """Build the network, store its weights, and return what can be timed."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = {"resnet50": ResNet50, "mgn": MGN, "aug_ogbase": OGBase}[workload.network](classes)
    np.savez(weights_file, **{name: value.numpy() for name, value in model.state_dict().items()})
    images, pids = torch.from_numpy(workload.images()), torch.from_numpy(workload.pids()).long()
    if workload.optimizer == "adam":
        optimizer: Any = torch.optim.Adam(model.parameters(), lr=1e-4, weight_decay=5e-4)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4)

    def train() -> float:
        model.train()
        optimizer.zero_grad()
        loss = model.loss(images, pids)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def infer() -> np.ndarray:
        model.eval()
        with torch.inference_mode():
            return model.embedding(images).numpy()

    return {"train": train, "infer": infer}
