"""What trains MGN: softmax losses on all eight views, triplet losses on the global ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from mindspore import Tensor, nn

from mindreid.layers.classifiers import linear_classifier
from mindreid.layers.initialization import draw_kaiming_classifier
from mindreid.losses import CrossEntropyLabelSmooth, TripletLoss
from mindreid.models.mgn.network import MGN, REDUCED_FEATURES
from mindreid.objective import Objective, Phase


class MGNObjective(Objective):
    """Loss terms of MGN (section 3.2 of the paper).

    - ``softmax``: cross entropy of eight classifiers, one per view;
    - ``triplet``: batch-hard triplet losses on the three reduced global views.

    A network with fewer branches has fewer views, and as many losses.

    The paper sums them, its classifiers have no bias, and those of the global views see the
    pooled vectors before the reduction. The ports average, have biases and classify the reduced
    vectors. The network's variant decides.

    Parameters
    ----------
    network : MGN
        The network to train.
    num_classes : int
        Number of training persons.
    margin : float
        Margin of the triplet losses.
    softmax_weight, triplet_weight : float, optional
        Weights of the two terms; by default the variant's: 1 and 1, for "reid_mgn" 2 and 1.
    """

    def __init__(
        self,
        network: MGN,
        num_classes: int,
        *,
        margin: float = 1.2,
        softmax_weight: Optional[float] = None,
        triplet_weight: Optional[float] = None,
    ) -> None:
        super().__init__(network)
        variant = network.variant
        self.variant = variant
        self.weights = {
            "softmax": variant.softmax_weight if softmax_weight is None else softmax_weight,
            "triplet": variant.triplet_weight if triplet_weight is None else triplet_weight,
        }
        self.num_global, self.num_views = network.num_global, network.num_views
        widths = [REDUCED_FEATURES] * self.num_views
        if variant.classify_pooled:
            widths[: self.num_global] = [network.pooled_features] * self.num_global
        self.classifiers = nn.CellList(
            [linear_classifier(width, num_classes, bias=variant.classifier_bias) for width in widths]
        )
        if network.initialization == "kaiming":
            for classifier in self.classifiers:
                draw_kaiming_classifier(classifier)
        self.cross_entropy = CrossEntropyLabelSmooth(0.0)
        self.triplet = TripletLoss(margin)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return what the classifiers see, one tensor a view, then what the triplet losses see (3)."""
        pooled, reduced = self.network.features(images)
        seen = reduced
        if self.variant.classify_pooled:
            seen = pooled[: self.num_global] + reduced[self.num_global :]
        return seen + reduced[: self.num_global]

    def logits(self, outputs: tuple[Tensor, ...]) -> list[Tensor]:
        """Return the classifiers' logits ``[B, num_classes]`` of :meth:`forward`'s outputs."""
        return [self.classifiers[index](outputs[index]) for index in range(self.num_views)]

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Return the unweighted softmax and triplet terms."""
        pids = labels[0]
        softmax = sum([self.cross_entropy(logits, pids) for logits in self.logits(outputs)])
        triplet = sum([self.triplet(features, pids) for features in outputs[self.num_views :]])
        if self.variant.average_terms:
            return softmax / self.num_views, triplet / self.num_global
        return softmax, triplet

    def phases(self) -> Sequence[Phase]:
        """One phase: network and classifiers together."""
        return (Phase("network", ("softmax", "triplet"), tuple(self.trainable_params()), self.losses),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weights of both terms."""
        return dict(self.weights)
