"""What trains TriNet: a triplet loss and nothing else."""

from __future__ import annotations

from typing import Literal, Union

from mindspore import nn

from mindreid.losses import TripletLoss
from mindreid.triplet_objective import TripletObjective


class TriNetObjective(TripletObjective):
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
        super().__init__(network, TripletLoss(margin))
