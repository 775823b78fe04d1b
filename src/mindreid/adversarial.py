"""Objectives with adversaries: the network learns persons while it fools classifiers of looks.

An adversary knows classes that each belong to one person, such as the outfits a person wears or
the sides a person is seen from. It learns to tell them apart from the embedding. The network, in
turn, learns embeddings that fit all of a person's classes alike, so that outfit or side no longer
show. Gu et al., "Clothes-Changing Person Re-identification with RGB Modality Only", CVPR 2022.

This stands between ``models`` and what it is built of, ``layers`` and ``losses``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, Union

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.errors import DataError
from mindreid.layers.classifiers import CosineClassifier, linear_classifier
from mindreid.losses import (
    CosFaceLoss,
    CrossEntropyLabelSmooth,
    MemoryBankLoss,
    MultiPositiveLoss,
    TripletLoss,
)
from mindreid.objective import Objective, Phase

Losses = Callable[[tuple[Tensor, ...], tuple[Tensor, ...]], tuple[Tensor, ...]]


class ClassifierAdversary(CosineClassifier):
    """A cosine classifier that learns the classes, and the loss of fooling it.

    Parameters
    ----------
    num_features : int
        Length of the embedding.
    owners : sequence of int
        The person that each class belongs to.
    scale : float
        Factor on the cosines, one over the temperature.
    epsilon : float
        See :class:`mindreid.losses.MultiPositiveLoss`.
    """

    kind = "classifier"

    def __init__(self, num_features: int, owners: Sequence[int], *, scale: float, epsilon: float) -> None:
        super().__init__(num_features, len(owners))
        self.owners = Tensor(np.asarray(owners), ms.int32)
        self.recognition_loss = CosFaceLoss(scale, margin=0.0)
        self.confusion_loss = MultiPositiveLoss(scale, epsilon)

    def recognition(self, features: Tensor, classes: Tensor) -> Tensor:
        """Return the classifier's own loss on ``[B, D]`` embeddings of ``[B]`` classes, a scalar."""
        return self.recognition_loss(self.construct(features), classes)

    def confusion(self, features: Tensor, pids: Tensor, classes: Tensor) -> Tensor:
        """Return the loss that the network lowers to fool the classifier, a scalar."""
        return self.confusion_loss(self.construct(features), classes, owned_by(pids, self.owners))


class MemoryAdversary(MemoryBankLoss):
    """Remembered embeddings in place of a classifier; it has nothing to learn.

    Parameters
    ----------
    num_features, owners, scale, epsilon
        As for :class:`ClassifierAdversary`.
    momentum : float
        See :class:`mindreid.losses.MemoryBankLoss`.
    """

    kind = "bank"

    def __init__(
        self, num_features: int, owners: Sequence[int], *, scale: float, epsilon: float, momentum: float
    ) -> None:
        super().__init__(len(owners), num_features, scale=scale, epsilon=epsilon, momentum=momentum)
        self.owners = Tensor(np.asarray(owners), ms.int32)

    def confusion(self, features: Tensor, pids: Tensor, classes: Tensor) -> Tensor:
        """Remember the batch and return the loss of fitting one class only, a scalar."""
        return self.construct(features, classes, owned_by(pids, self.owners))


Adversary = Union[ClassifierAdversary, MemoryAdversary]


class AdversarialObjective(Objective):
    """Identity loss, optionally a triplet loss, and any number of adversaries.

    With an adversary named "clothes", the terms are

    - ``clothes``, in a phase of that name: what the classifier learns from detached embeddings;
    - ``identity``: cross entropy of a linear classifier of persons;
    - ``clothes_adversarial``: what the network loses to the classifier, which stays as it is;
    - ``triplet``, only with a weight: batch-hard triplet loss on cosine distances.

    The network's phase comes last and holds all but the first. Before ``start_epoch`` the
    adversaries' terms are computed for the log, but nothing learns from them; banks are empty when it begins.

    Parameters
    ----------
    network : EmbeddingNetwork
        The network to train; anything with ``num_features``.
    num_classes : int
        Number of training persons.
    adversaries : mapping of str to Adversary
        By the name of their terms, in the order of the labels after the pid.
    weights : mapping of str to float
        Weight of each term; without "triplet", or with 0, there is no such term.
    start_epoch : int
        First epoch, from 0, in which the adversaries' terms count.
    label_smoothing : float
        Of the identity loss.
    triplet_margin : float
        In cosine distance.
    """

    def __init__(
        self,
        network: nn.Cell,
        num_classes: int,
        adversaries: Mapping[str, Adversary],
        weights: Mapping[str, float],
        *,
        start_epoch: int,
        label_smoothing: float,
        triplet_margin: float = 0.3,
    ) -> None:
        super().__init__(network)
        self.classifier = linear_classifier(network.num_features, num_classes, bias=True)
        if getattr(network, "initialization", None) == "simple_ccreid":
            self.classifier.bias.set_data(ops.zeros_like(self.classifier.bias))
        self.cross_entropy = CrossEntropyLabelSmooth(label_smoothing)
        self.triplet: Optional[TripletLoss] = None
        if weights.get("triplet", 0) > 0:
            self.triplet = TripletLoss(triplet_margin, distance="cosine")
        # Named cells, so that a parameter's name says whose it is: "clothes_classifier.weight".
        for name, adversary in adversaries.items():
            setattr(self, f"{name}_{adversary.kind}", adversary)
        self.adversaries = dict(adversaries)
        self.weights, self.start_epoch = dict(weights), start_epoch

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the embeddings ``[B, D]``, the only thing that the phases need."""
        return (self.network(images),)

    def adversary_classes(self, labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return each adversary's classes ``[B]`` of a batch, -1 where unknown: the labels after the pid."""
        return labels[1:]

    def phases(self) -> Sequence[Phase]:
        """One phase for each adversary that learns, then the network's."""
        early = []
        for index, (name, adversary) in enumerate(self.adversaries.items()):
            if isinstance(adversary, ClassifierAdversary):
                learned = tuple(adversary.trainable_params())
                early.append(Phase(name, (name,), learned, self._recognition(adversary, index)))
        network = (*self.network.trainable_params(), *self.classifier.trainable_params())
        terms = ["identity", *(f"{name}_adversarial" for name in self.adversaries)]
        if self.triplet is not None:
            terms.append("triplet")
        return (*early, Phase("network", tuple(terms), network, self.network_losses))

    def network_losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the unweighted terms of the network's phase."""
        features, pids = outputs[0], labels[0]
        classes = self.adversary_classes(labels)
        terms = [self.cross_entropy(self.classifier(features), pids)]
        for index, adversary in enumerate(self.adversaries.values()):
            terms.append(adversary.confusion(features, pids, classes[index]))
        if self.triplet is not None:
            terms.append(self.triplet(features, pids))
        return tuple(terms)

    def _recognition(self, adversary: ClassifierAdversary, index: int) -> Losses:
        def losses(outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return (adversary.recognition(outputs[0], self.adversary_classes(labels)[index]),)

        return losses

    def on_epoch_begin(self, epoch: int) -> None:
        """Empty the banks in the start epoch: what they hold is embeddings of a network long changed."""
        if epoch == self.start_epoch:
            for adversary in self.adversaries.values():
                if isinstance(adversary, MemoryAdversary):
                    adversary.forget()

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the terms' weights; those of the adversaries are 0 before the start epoch."""
        weights = dict(self.weights)
        if epoch < self.start_epoch:
            for name in self.adversaries:
                weights.update({name: 0.0, f"{name}_adversarial": 0.0})
        return weights


def owned_by(pids: Tensor, owners: Tensor) -> Tensor:
    """Tell which classes belong to the persons of a batch, ``[B, C]`` bool."""
    return ops.equal(ops.expand_dims(pids, 1), ops.expand_dims(owners, 0))


def clothes_owners(records: Sequence[Any], what: str) -> tuple[int, ...]:
    """List the person that each outfit of a training split belongs to.

    Parameters
    ----------
    records : sequence of Record
        With ``pid`` and ``clothes_id``, both 0..N-1; some records may lack the latter.
    what : str
        What needs the outfits, for the message.

    Raises
    ------
    DataError
        If there are fewer than two outfits, or two persons share one.
    """
    owners: dict[int, int] = {}
    for record in records:
        if record.clothes_id is None:
            continue
        if owners.setdefault(record.clothes_id, record.pid) != record.pid:
            raise DataError(
                f"two persons, {owners[record.clothes_id]} and {record.pid}, share the clothes id "
                f"{record.clothes_id}",
                fix="number outfits by person and outfit, see mindreid.data.records.with_outfits",
            )
    if len(owners) < 2:
        raise DataError(
            f"{what} learns from clothes labels, the training split has {len(owners)} outfits",
            fix="choose a dataset with clothes labels",
        )
    return tuple(owners[clothes] for clothes in range(len(owners)))
