"""What trains TriNet: a triplet loss and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Union

from mindspore import Tensor, nn

from mindreid.losses import TripletLoss
from mindreid.objective import Objective, Phase


class TriNetObjective(Objective):
    """The one loss term of TriNet, ``triplet``: batch-hard, by default with the soft margin.

    Parameters
    ----------
    network : TriNet
        The network to train.
    num_classes : int
        Number of training persons; there is no classifier.
    margin : float or "soft"
        See :class:`mindreid.losses.TripletLoss`.
    """

    def __init__(
        self,
        network: nn.Cell,
        num_classes: int,
        *,
        margin: Union[float, Literal["soft"]] = "soft",
    ) -> None:
        super().__init__(network)
        self.triplet = TripletLoss(margin)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the embeddings ``[B, D]``."""
        return (self.network(images),)

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the triplet term."""
        return (self.triplet(outputs[0], labels[0]),)

    def phases(self) -> Sequence[Phase]:
        """One phase: the network."""
        return (Phase("network", ("triplet",), tuple(self.trainable_params()), self.losses),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weight of the one term."""
        return {"triplet": 1.0}
