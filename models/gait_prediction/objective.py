"""What trains the gait stream: the cycle's own frames, and who walks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from mindspore import Parameter, Tensor, ops
from mindspore.ops import constexpr

from mindreid.errors import InvalidArgumentError
from mindreid.layers.gait_prediction import FRAMES, with_sides
from mindreid.losses import PartTripletLoss
from mindreid.models.gait_prediction.network import GaitPrediction, middle_silhouette
from mindreid.objective import Objective, Phase

Difference = Literal["absolute", "squared"]


class GaitPredictionObjective(Objective):
    """Loss terms of GI-ReID's gait stream (section 3.2 of the paper).

    - ``prediction``: mean difference of the predicted cycle and the sequence's eight frames;
    - ``gait_triplet``: batch-all triplet loss on the parts of the predicted cycle.

    Parameters
    ----------
    network : GaitPrediction
        The network to train.
    num_classes : int
        Number of training persons, which these losses do not need.
    margin : float
        Margin of the triplet loss.
    difference : {"absolute", "squared"}
        "absolute" is what the authors' code computes under the name of the other, which the paper has.
    triplet_start : int
        Epochs of prediction alone, in which the set network rests.

    Raises
    ------
    InvalidArgumentError
        If ``difference`` is neither or ``triplet_start`` negative; in training, if a sequence does not
        have eight frames.
    """

    def __init__(
        self,
        network: GaitPrediction,
        num_classes: int,
        *,
        margin: float = 0.5,
        difference: Difference = "absolute",
        triplet_start: int = 0,
    ) -> None:
        super().__init__(network)
        if difference not in ("absolute", "squared"):
            raise InvalidArgumentError(f"difference is 'absolute' or 'squared', not {difference!r}")
        if triplet_start < 0:
            raise InvalidArgumentError(f"the triplet loss starts in an epoch from 0, not {triplet_start}")
        self.squared, self.triplet_start = difference == "squared", triplet_start
        self.triplet = PartTripletLoss(margin)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return of ``[B, 8, 64, 44]`` the cycles' differences ``[B]`` and parts ``[B, features, 62]``."""
        _check_frames(images.shape[1])
        cycle = self.network.cycle(middle_silhouette(images))
        apart = cycle - with_sides(images)
        sizes = apart * apart if self.squared else ops.abs(apart)
        return ops.mean(sizes, (1, 2, 3)), self.network.embedding(cycle)

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the unweighted terms."""
        (differences, parts), pids = outputs, labels[0]
        return differences.mean(), self.triplet(parts, pids)

    def phases(self) -> Sequence[Phase]:
        """One phase, with an optimiser each for the prediction and for the set network."""
        cells = self.network.prediction, self.network.set_network
        prediction, gait = (tuple(cell.trainable_params()) for cell in cells)
        terms = tuple(self.term_weights(0))
        return (Phase("prediction", terms, prediction, self.losses, groups={"gait": gait}),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weights: 1, but 0 for the triplets as long as the prediction learns alone."""
        return {"prediction": 1.0, "gait_triplet": float(epoch >= self.triplet_start)}

    def frozen(self, epoch: int) -> Collection[Parameter]:
        """Return the set network's parameters as long as the prediction learns alone."""
        return () if epoch >= self.triplet_start else self.network.set_network.trainable_params()


@constexpr
def _check_frames(count: int) -> None:
    if count != FRAMES:
        raise InvalidArgumentError(
            f"a gait cycle has {FRAMES} frames, the recipe's training rows {count}",
            fix=f"set frames.count={FRAMES}",
        )
