"""What trains CAL: identity, and a clothes classifier that the network learns to fool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mindspore import nn

from mindreid.adversarial import (
    AdversarialObjective,
    Adversary,
    ClassifierAdversary,
    MemoryAdversary,
    clothes_owners,
)
from mindreid.objective import TrainingClasses


class CALObjective(AdversarialObjective):
    """Loss terms of CAL (Gu et al., CVPR 2022, section 3).

    - ``clothes``: cross entropy of the clothes classifier, its own phase (equation 1);
    - ``identity``: cross entropy of the persons;
    - ``clothes_adversarial``: the clothes-based adversarial loss (equations 2 and 3);
    - ``triplet``: only with a weight, as the authors use it on LaST.

    Parameters
    ----------
    network : EmbeddingNetwork
        The network to train.
    num_classes : int
        Number of training persons.
    owners : sequence of int
        The person that each outfit belongs to.
    start_epoch : int
        First epoch, from 0, of the clothes classifier and of the adversarial loss.
    scale : float
        One over the temperature of both clothes losses.
    epsilon : float
        Weight that the adversarial loss spreads over all outfits of the person.
    label_smoothing : float
        Of the identity loss.
    identity_weight, clothes_weight, clothes_adversarial_weight, triplet_weight : float
        Weights of the terms; ``clothes_adversarial_weight=0`` leaves the network with the
        identity loss alone.
    triplet_margin : float
        In cosine distance.
    memory_bank : bool
        Compare with the last embedding of every outfit instead of a classifier's weights, see
        :class:`mindreid.losses.MemoryBankLoss`; there is then no clothes phase.
    memory_momentum : float
        Of the memory bank.
    """

    labels = ("pid", "clothes_id")

    def __init__(
        self,
        network: nn.Cell,
        num_classes: int,
        owners: Sequence[int],
        *,
        start_epoch: int = 25,
        scale: float = 16.0,
        epsilon: float = 0.1,
        label_smoothing: float = 0.1,
        identity_weight: float = 1.0,
        clothes_weight: float = 1.0,
        clothes_adversarial_weight: float = 1.0,
        triplet_weight: float = 0.0,
        triplet_margin: float = 0.3,
        memory_bank: bool = False,
        memory_momentum: float = 0.0,
    ) -> None:
        width = network.num_features
        clothes: Adversary = ClassifierAdversary(width, owners, scale=scale, epsilon=epsilon)
        if memory_bank:
            clothes = MemoryAdversary(width, owners, scale=scale, epsilon=epsilon, momentum=memory_momentum)
        weights = {
            "clothes": clothes_weight,
            "identity": identity_weight,
            "clothes_adversarial": clothes_adversarial_weight,
            "triplet": triplet_weight,
        }
        super().__init__(
            network,
            num_classes,
            {"clothes": clothes},
            weights,
            start_epoch=start_epoch,
            label_smoothing=label_smoothing,
            triplet_margin=triplet_margin,
        )

    @classmethod
    def for_dataset(cls, network: nn.Cell, dataset: TrainingClasses, **options: Any) -> CALObjective:
        """Build the objective for a dataset's persons and outfits.

        Raises
        ------
        DataError
            If the dataset has no clothes labels.
        """
        return cls(network, dataset.num_train_pids, clothes_owners(dataset.train, "CAL"), **options)
