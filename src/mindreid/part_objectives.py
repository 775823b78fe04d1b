"""What trains gait networks, whose embeddings have parts: a triplet loss, and a softmax loss beside it."""

from __future__ import annotations

from collections.abc import Sequence

from mindspore import Tensor, nn, ops

from mindreid.layers.initialization import scatter_norm_scales
from mindreid.layers.neck import BNNeck
from mindreid.layers.parts import PartCosineClassifier
from mindreid.losses import PartCrossEntropyLoss, PartTripletLoss
from mindreid.objective import Objective, Phase
from mindreid.triplet_objective import TripletObjective


class PartTripletObjective(TripletObjective):
    """One loss term.

    - ``triplet``: batch-all triplet loss of every part's embedding.

    Parameters
    ----------
    network : nn.Cell
        Gives embeddings ``[B, features, parts]``.
    num_classes : int
        Number of training persons, which this loss does not need.
    margin : float
        Margin of the triplet loss.
    """

    def __init__(self, network: nn.Cell, num_classes: int, *, margin: float = 0.2) -> None:
        super().__init__(network, PartTripletLoss(margin))


class PartSoftmaxObjective(Objective):
    """Loss terms of GaitBase's head (Fan et al., CVPR 2023, section 4).

    - ``triplet``: batch-all triplet loss of every part's embedding;
    - ``softmax``: cross entropy of scaled cosines between every part's embedding, behind a batch norm, and
      that part's class vectors.

    Parameters
    ----------
    network : SilhouetteNetwork
        The network to train.
    num_classes : int
        Number of training persons.
    margin : float
        Margin of the triplet loss.
    scale, epsilon : float
        Factor on the cosines, and label smoothing.
    triplet_weight, softmax_weight : float
        Weights of the two terms.
    """

    def __init__(
        self,
        network: nn.Cell,
        num_classes: int,
        *,
        margin: float = 0.2,
        scale: float = 16.0,
        epsilon: float = 0.1,
        triplet_weight: float = 1.0,
        softmax_weight: float = 1.0,
    ) -> None:
        super().__init__(network)
        self.weights = {"triplet": triplet_weight, "softmax": softmax_weight}
        self.neck = BNNeck(network.features * network.parts)
        if network.initialization == "opengait":
            scatter_norm_scales(self.neck)
        self.classifier = PartCosineClassifier(network.parts, network.features, num_classes)
        self.triplet = PartTripletLoss(margin)
        self.cross_entropy = PartCrossEntropyLoss(scale, epsilon)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the embeddings ``[B, features, parts]`` of silhouettes ``[B, frames, H, W]``."""
        return (self.network(images),)

    def logits(self, embedding: Tensor) -> Tensor:
        """Return the cosines ``[B, num_classes, parts]`` to all classes, not scaled."""
        joined = self.neck(ops.reshape(embedding, (embedding.shape[0], -1)))
        return self.classifier(ops.reshape(joined, embedding.shape))

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Return the unweighted triplet and softmax terms."""
        (embedding,), pids = outputs, labels[0]
        return self.triplet(embedding, pids), self.cross_entropy(self.logits(embedding), pids)

    def phases(self) -> Sequence[Phase]:
        """One phase: network, neck and classifier together."""
        return (Phase("network", ("triplet", "softmax"), tuple(self.trainable_params()), self.losses),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weights of both terms."""
        return dict(self.weights)
