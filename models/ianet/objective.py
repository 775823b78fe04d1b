"""What trains IANet: a softmax and a triplet loss on the embedding."""

from __future__ import annotations

from collections.abc import Sequence

from mindspore import Tensor, nn

from mindreid.layers.classifiers import linear_classifier
from mindreid.losses import CrossEntropyLabelSmooth, TripletLoss
from mindreid.objective import Objective, Phase


class IANetObjective(Objective):
    """Loss terms of the authors' training script.

    - ``softmax``: cross entropy with smoothed labels of a linear classifier;
    - ``triplet``: batch-hard, by cosines. The authors' distance is minus the cosine; a constant
      added to every distance changes nothing.

    Parameters
    ----------
    network : IANet
        The network to train.
    num_classes : int
        Number of training persons.
    label_smoothing : float
        Of the softmax term.
    margin : float
        Of the triplet term, in cosines.
    softmax_weight, triplet_weight : float
        Weights of the two terms.
    """

    def __init__(
        self,
        network: nn.Cell,
        num_classes: int,
        *,
        label_smoothing: float = 0.1,
        margin: float = 0.3,
        softmax_weight: float = 1.0,
        triplet_weight: float = 1.0,
    ) -> None:
        super().__init__(network)
        self.weights = {"softmax": softmax_weight, "triplet": triplet_weight}
        self.classifier = linear_classifier(network.num_features, num_classes, bias=True)
        self.cross_entropy = CrossEntropyLabelSmooth(label_smoothing)
        self.triplet = TripletLoss(margin, distance="cosine")

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the embeddings ``[B, D]``, which both losses see."""
        return (self.network(images),)

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Return the unweighted softmax and triplet terms."""
        (embeddings,), pids = outputs, labels[0]
        return self.cross_entropy(self.classifier(embeddings), pids), self.triplet(embeddings, pids)

    def phases(self) -> Sequence[Phase]:
        """One phase: network and classifier together."""
        return (Phase("network", tuple(self.weights), tuple(self.trainable_params()), self.losses),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weights of both terms."""
        return dict(self.weights)
