"""What trains VAL: CAL's losses, and a view classifier that the network learns to fool as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mindspore import Tensor, nn

from mindreid.adversarial import AdversarialObjective, ClassifierAdversary, clothes_owners
from mindreid.models.val.view_classes import ViewClasses
from mindreid.objective import TrainingClasses

#: All views of a person weigh alike in the adversarial loss.
VIEW_EPSILON = 1.0


class VALObjective(AdversarialObjective):
    """Loss terms of VAL (M. Zhang, "... Based on Spatial Consistency").

    - ``clothes``, ``view``: cross entropies of the clothes and the view classifier, one phase each;
    - ``identity``: cross entropy of the persons;
    - ``clothes_adversarial``: CAL's loss on the outfits of the sample's person;
    - ``view_adversarial``: the same form on the person's views, which all weigh alike.

    The paper sums the view losses over the batch; these are means over the samples with a known
    view, as CAL's code has it. A sample without takes part in all but the two view terms.

    Parameters
    ----------
    network : EmbeddingNetwork
        The network to train.
    num_classes : int
        Number of training persons.
    owners : sequence of int
        The person that each outfit belongs to.
    view_classes : ViewClasses
        The training persons' views.
    start_epoch : int
        First epoch, from 0, of both classifiers and both adversarial losses.
    scale : float
        One over the temperature of all clothes and view losses.
    epsilon : float
        Weight that the clothes loss spreads over all outfits of the person.
    label_smoothing : float
        Of the identity loss.
    identity_weight, clothes_weight, clothes_adversarial_weight : float
        Weights of CAL's terms.
    view_weight, view_adversarial_weight : float
        Weights of the view terms; ``view_adversarial_weight=0`` leaves CAL.
    """

    labels = ("pid", "clothes_id", "view")

    def __init__(
        self,
        network: nn.Cell,
        num_classes: int,
        owners: Sequence[int],
        view_classes: ViewClasses,
        *,
        start_epoch: int = 25,
        scale: float = 16.0,
        epsilon: float = 0.1,
        label_smoothing: float = 0.1,
        identity_weight: float = 1.0,
        clothes_weight: float = 1.0,
        clothes_adversarial_weight: float = 1.0,
        view_weight: float = 1.0,
        view_adversarial_weight: float = 1.0,
    ) -> None:
        width = network.num_features
        adversaries = {
            "clothes": ClassifierAdversary(width, owners, scale=scale, epsilon=epsilon),
            "view": ClassifierAdversary(width, view_classes.owners, scale=scale, epsilon=VIEW_EPSILON),
        }
        weights = {
            "clothes": clothes_weight,
            "view": view_weight,
            "identity": identity_weight,
            "clothes_adversarial": clothes_adversarial_weight,
            "view_adversarial": view_adversarial_weight,
        }
        super().__init__(
            network,
            num_classes,
            adversaries,
            weights,
            start_epoch=start_epoch,
            label_smoothing=label_smoothing,
        )
        self.view_classes = view_classes

    def adversary_classes(self, labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the batch's outfits and view classes, ``[B]`` each, -1 where unknown."""
        return labels[1], self.view_classes(labels[0], labels[2])

    @classmethod
    def for_dataset(cls, network: nn.Cell, dataset: TrainingClasses, **options: Any) -> VALObjective:
        """Build the objective for a dataset's persons, outfits and views.

        Raises
        ------
        DataError
            If the dataset has no clothes labels or no view labels.
        """
        owners = clothes_owners(dataset.train, "VAL")
        return cls(network, dataset.num_train_pids, owners, ViewClasses(dataset.train), **options)
