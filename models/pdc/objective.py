"""What trains PDC: a classifier on each branch, and one on what is fused."""

from __future__ import annotations

from collections.abc import Sequence

from mindspore import Tensor, nn

from mindreid.layers.classifiers import linear_classifier
from mindreid.losses import CrossEntropyLabelSmooth
from mindreid.models.pdc.network import PDC
from mindreid.objective import Objective, Phase


class PDCObjective(Objective):
    """Loss terms of PDC: cross entropies of the persons.

    - ``global``: by the features of the image;
    - ``parts``: by those of the part image;
    - ``fused``: by the embedding.

    Parameters
    ----------
    network : PDC
        The network to train.
    num_classes : int
        Number of training persons.
    global_weight, parts_weight, fused_weight : float
        Weights of the terms.
    """

    def __init__(
        self,
        network: PDC,
        num_classes: int,
        *,
        global_weight: float = 1.0,
        parts_weight: float = 1.0,
        fused_weight: float = 1.0,
    ) -> None:
        super().__init__(network)
        self.weights = {"global": global_weight, "parts": parts_weight, "fused": fused_weight}
        widths = (network.num_features, network.num_features, 2 * network.num_features)
        self.classifiers = nn.CellList([linear_classifier(width, num_classes, bias=True) for width in widths])
        self.cross_entropy = CrossEntropyLabelSmooth(0.0)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the features of the image, of the parts, and the embedding."""
        return self.network.features(images)

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the three unweighted terms."""
        pids = labels[0]
        return tuple(
            [self.cross_entropy(self.classifiers[index](outputs[index]), pids) for index in range(3)]
        )

    def phases(self) -> Sequence[Phase]:
        """One phase: network and classifiers together."""
        terms = tuple(self.weights)
        return (Phase("network", terms, tuple(self.trainable_params()), self.losses),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weights of the three terms."""
        return dict(self.weights)
