"""What trains a network by a triplet loss of its embeddings and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from mindspore import Tensor, nn

from mindreid.objective import Objective, Phase


class TripletObjective(Objective):
    """One loss term, ``triplet``.

    Parameters
    ----------
    network : nn.Cell
        Gives embeddings of whatever shape the loss takes.
    triplet : nn.Cell
        ``triplet(embeddings, pids)`` returns the loss.
    """

    def __init__(self, network: nn.Cell, triplet: nn.Cell) -> None:
        super().__init__(network)
        self.triplet = triplet

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the embeddings."""
        return (self.network(images),)

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the term."""
        return (self.triplet(outputs[0], labels[0]),)

    def phases(self) -> Sequence[Phase]:
        """One phase: the network."""
        return (Phase("network", ("triplet",), tuple(self.trainable_params()), self.losses),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weight, which is 1."""
        return {"triplet": 1.0}
