"""The MindSpore side of `train_step.py`: the engine's own step and the compiled network."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import mindspore as ms
import numpy as np
from mindspore import Tensor, ops

from mindreid.config import DeviceConfig
from mindreid.engine.platform.device import select_device
from mindreid.engine.training.optimizers import adam, sgd
from mindreid.engine.training.step import TrainStep
from mindreid.layers.classifiers import linear_classifier
from mindreid.layers.parameters import assign_parameters
from mindreid.layers.resnet import ResNetTrunk, norm_parameter_name, parameter_name
from mindreid.losses import CrossEntropyLabelSmooth
from mindreid.models.aug_ogbase import AugOGBase, AugOGBaseObjective
from mindreid.models.mgn import MGN, MGNObjective
from mindreid.objective import Objective, Phase


class PooledTrunk(ResNetTrunk):
    """Average-pooled ResNet-50 with last stride 1."""

    def __init__(self) -> None:
        super().__init__("resnet50", last_stride=1)

    def construct(self, images: Tensor) -> Tensor:
        return ops.mean(super().construct(images), (2, 3))


class ResNet50Objective(Objective):
    """Cross entropy of an identity classifier."""

    def __init__(self, network: PooledTrunk, num_classes: int) -> None:
        super().__init__(network)
        self.classifier = linear_classifier(2048, num_classes, bias=True)
        self.cross_entropy = CrossEntropyLabelSmooth(0.0)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return (self.network(images),)

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor]:
        return (self.cross_entropy(self.classifier(outputs[0]), labels[0]),)

    def phases(self) -> Sequence[Phase]:
        return (Phase("network", ("softmax",), tuple(self.trainable_params()), self.losses),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        return {"softmax": 1.0}


OBJECTIVES: dict[str, Callable[[int], Objective]] = {
    "resnet50": lambda classes: ResNet50Objective(PooledTrunk(), classes),
    "mgn": lambda classes: MGNObjective(MGN(variant="paper"), classes),
    "aug_ogbase": lambda classes: AugOGBaseObjective(AugOGBase(), classes),
}


def tasks(workload: Any, threads: int, classes: int, weights_file: str) -> dict[str, Callable[[], Any]]:
    """Build the network with the other side's weights and return what can be timed."""
    select_device(DeviceConfig(target="CPU"))
    ms.device_context.cpu.op_tuning.threads_num(threads)
    objective = OBJECTIVES[workload.network](classes)
    assign_parameters(dict(objective.parameters_and_names()), _renamed(weights_file), source="PyTorch's side")
    (phase,) = objective.phases()
    if workload.optimizer == "adam":
        optimizer = adam(phase.parameters, "network", lr=1e-4, weight_decay=5e-4)
    else:
        optimizer = sgd(phase.parameters, "network", lr=1e-3, momentum=0.9, weight_decay=5e-4)
    step = TrainStep(objective, {"network": optimizer})
    embed = ms.jit(objective.network.construct)
    images, pids = Tensor(workload.images()), Tensor(workload.pids())
    weights = Tensor(np.ones(len(step.term_names), np.float32))

    def train() -> float:
        objective.set_train(True)
        return float(step(images, (pids,), weights).asnumpy().sum())

    def infer() -> np.ndarray:
        objective.set_train(False)
        return embed(images).asnumpy()

    return {"train": train, "infer": infer}


def _renamed(weights_file: str) -> dict[str, np.ndarray]:
    renamed = {}
    for torch_name, value in np.load(weights_file).items():
        is_reduction_norm = re.search(r"\.norm\.\w+$", torch_name)
        name = norm_parameter_name(torch_name) if is_reduction_norm else parameter_name(torch_name)
        if not torch_name.endswith("num_batches_tracked"):
            renamed[str(name)] = value
    return renamed
