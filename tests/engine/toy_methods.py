"""Small methods with one and with two phases, to drive the engine without a real trunk."""

from __future__ import annotations

import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from mindreid.layers.classifiers import CosineClassifier
from mindreid.losses import TripletLoss
from mindreid.objective import Objective, Phase
from mindreid.zoo import MODELS, ModelEntry


class ToyNetwork(nn.Cell):
    """A convolution, batch norm, global average, a linear map: [B, 3, H, W] -> [B, 8]."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, has_bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.neck = nn.Dense(width, 8)

    def construct(self, images: Tensor) -> Tensor:
        return self.neck(ops.mean(ops.relu(self.bn(self.conv(images))), (2, 3)))


class PlainObjective(Objective):
    """Cross-entropy, one phase."""

    def __init__(self, network: nn.Cell, *, num_classes: int, weight: float = 1.0) -> None:
        super().__init__(network)
        self.classifier = nn.Dense(8, num_classes)
        self.weight = weight

    def forward(self, images):
        return (self.network(images),)

    def phases(self):
        parameters = (*self.network.trainable_params(), *self.classifier.trainable_params())
        return (Phase("network", ("softmax",), parameters, self.identity),)

    def identity(self, outputs, labels):
        return (ops.cross_entropy(self.classifier(outputs[0]), labels[0]),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        return {"softmax": self.weight}


class AdversarialObjective(PlainObjective):
    """The network learns to raise the loss of a clothes classifier that learns first."""

    labels = ("pid", "clothes_id")

    def __init__(
        self,
        network: nn.Cell,
        *,
        num_classes: int,
        num_clothes: int,
        start_epoch: int = 0,
        cosine: bool = False,
    ) -> None:
        super().__init__(network, num_classes=num_classes)
        self.clothes = CosineClassifier(8, num_clothes) if cosine else nn.Dense(8, num_clothes)
        self.start_epoch = start_epoch

    @classmethod
    def for_dataset(cls, network, dataset, **options):
        classes = {"num_classes": dataset.num_train_pids, "num_clothes": dataset.num_train_clothes}
        return cls(network, **classes, **options)

    def phases(self):
        network = super().phases()[0].parameters
        clothes = tuple(self.clothes.trainable_params())
        return (
            Phase("clothes", ("clothes",), clothes, self.clothes_loss),
            Phase("network", ("softmax", "adversarial"), network, self.network_losses),
        )

    def clothes_loss(self, outputs, labels):
        return (ops.cross_entropy(self.clothes(outputs[0]), labels[1]),)

    def network_losses(self, outputs, labels):
        fooled = ops.log_softmax(self.clothes(outputs[0]), -1).mean()
        return (ops.cross_entropy(self.classifier(outputs[0]), labels[0]), -fooled)

    def term_weights(self, epoch: int) -> dict[str, float]:
        on = float(epoch >= self.start_epoch)
        return {"clothes": on, "softmax": 1.0, "adversarial": on}


class TripletObjective(AdversarialObjective):
    """The adversarial method, and a triplet loss of embeddings that are shifted by drawn numbers."""

    def __init__(self, network: nn.Cell, num_classes: int, num_clothes: int, *, start_epoch: int = 0) -> None:
        super().__init__(network, num_classes=num_classes, num_clothes=num_clothes, start_epoch=start_epoch)
        self.triplet = TripletLoss(1.0)

    def phases(self):
        clothes, network = super().phases()
        terms = (*network.terms, "triplet")
        return clothes, Phase("network", terms, network.parameters, self.network_losses)

    def draw(self, generator, batch_size):
        return (generator.standard_normal((batch_size, 1)).astype(np.float32),)

    def network_losses(self, outputs, labels):
        losses = super().network_losses(outputs, labels)
        return (*losses, self.triplet(outputs[0] + labels[2], labels[0]))

    def term_weights(self, epoch: int) -> dict[str, float]:
        return {**super().term_weights(epoch), "triplet": 1.0}


class MiningObjective(PlainObjective):
    """Makes up its targets' smoothing from the weights at each epoch's begin, and draws noise."""

    def __init__(self, network: nn.Cell, *, num_classes: int) -> None:
        super().__init__(network, num_classes=num_classes)
        self.smoothing = Parameter(Tensor(0.0), name="smoothing", requires_grad=False)

    def on_epoch_begin(self, epoch: int) -> None:
        level = np.abs(self.classifier.weight.asnumpy()).mean()
        ops.assign(self.smoothing, Tensor(np.float32(level * (epoch + 1))))

    def draw(self, generator, batch_size):
        return (generator.standard_normal(batch_size).astype(np.float32),)

    def identity(self, outputs, labels):
        logits = self.classifier(outputs[0]) * (1 + 0.1 * ops.expand_dims(labels[1], 1))
        loss = ops.cross_entropy(logits, labels[0])
        return (loss - self.smoothing * ops.log_softmax(logits, -1).mean(),)


def toy_network(num_classes: int = 0, *, width: int = 8) -> ToyNetwork:
    """Build the toy network as the registry does."""
    return ToyNetwork(width)


OBJECTIVES = {"toy": PlainObjective, "toy_mining": MiningObjective, "toy_triplet": TripletObjective}


def register() -> None:
    """Make the methods known, as long as the caller wants them to be."""
    for name, objective in OBJECTIVES.items():
        MODELS.register(name, ModelEntry(network=toy_network, objective=objective))
