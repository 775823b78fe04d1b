"""What trains MSCAN: two classifiers, and constraints on where the parts are."""

from __future__ import annotations

from collections.abc import Sequence

from mindspore import Tensor

from mindreid.layers.classifiers import linear_classifier
from mindreid.losses import CrossEntropyLabelSmooth
from mindreid.models.mscan.constraints import SpatialConstraints
from mindreid.models.mscan.network import FEATURES, MSCAN
from mindreid.objective import Objective, Phase


class MSCANObjective(Objective):
    """Loss terms of MSCAN (section 3.3 of the paper).

    - ``body``: cross entropy of the persons by the features of the whole body;
    - ``parts``: the same by the features of the parts;
    - ``location``: see :class:`mindreid.models.mscan.constraints.SpatialConstraints`.

    Parameters
    ----------
    network : MSCAN
        The network to train.
    num_classes : int
        Number of training persons.
    body_weight, parts_weight, location_weight : float
        Weights of the terms.
    """

    def __init__(
        self,
        network: MSCAN,
        num_classes: int,
        *,
        body_weight: float = 1.0,
        parts_weight: float = 1.0,
        location_weight: float = 0.1,
    ) -> None:
        super().__init__(network)
        self.weights = {"body": body_weight, "parts": parts_weight, "location": location_weight}
        self.body_classifier = linear_classifier(FEATURES, num_classes, bias=True)
        self.parts_classifier = linear_classifier(FEATURES, num_classes, bias=True)
        self.cross_entropy = CrossEntropyLabelSmooth(0.0)
        self.constraints = SpatialConstraints()

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return features of body and parts, scales and shifts of the parts."""
        return self.network.features(images)

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the three unweighted terms."""
        body, parts, scale, shift = outputs
        pids = labels[0]
        return (
            self.cross_entropy(self.body_classifier(body), pids),
            self.cross_entropy(self.parts_classifier(parts), pids),
            self.constraints(scale, shift),
        )

    def phases(self) -> Sequence[Phase]:
        """One phase: network and classifiers together."""
        terms = tuple(self.weights)
        return (Phase("network", terms, tuple(self.trainable_params()), self.losses),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weights of the three terms."""
        return dict(self.weights)
