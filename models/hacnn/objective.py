"""What trains HA-CNN: a softmax loss on each of its two vectors."""

from __future__ import annotations

from collections.abc import Sequence

from mindspore import Tensor

from mindreid.layers.classifiers import linear_classifier
from mindreid.losses import CrossEntropyLabelSmooth, TripletLoss
from mindreid.models.hacnn.network import HACNN
from mindreid.objective import Objective, Phase


class HACNNObjective(Objective):
    """Loss terms of HA-CNN (section 3.2 of the paper), averaged as in torchreid.

    - ``global``, ``local``: cross entropy of the persons, of the global and of the local vector;
    - ``triplet``: the mean of batch-hard triplet losses on both, torchreid's option; off by default.

    Parameters
    ----------
    network : HACNN
        The network to train.
    num_classes : int
        Number of training persons.
    label_smoothing : float
        Of both cross entropies.
    margin : float
        Of the triplet loss.
    triplet_weight : float
        Weight of the triplet loss.
    """

    def __init__(
        self,
        network: HACNN,
        num_classes: int,
        *,
        label_smoothing: float = 0.1,
        margin: float = 0.3,
        triplet_weight: float = 0.0,
    ) -> None:
        super().__init__(network)
        self.classifier_global = linear_classifier(network.features, num_classes, bias=True)
        self.classifier_local = linear_classifier(network.features, num_classes, bias=True)
        self.cross_entropy = CrossEntropyLabelSmooth(label_smoothing)
        self.triplet = TripletLoss(margin)
        self.weights = {"global": 0.5, "local": 0.5, "triplet": triplet_weight}

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the global and the local vector ``[B, features]``."""
        return self.network.vectors(images)

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the unweighted terms."""
        (whole, local), pids = outputs, labels[0]
        return (
            self.cross_entropy(self.classifier_global(whole), pids),
            self.cross_entropy(self.classifier_local(local), pids),
            (self.triplet(whole, pids) + self.triplet(local, pids)) / 2,
        )

    def phases(self) -> Sequence[Phase]:
        """One phase: network and classifiers together."""
        terms = ("global", "local", "triplet")
        return (Phase("network", terms, tuple(self.trainable_params()), self.losses),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weights."""
        return dict(self.weights)
