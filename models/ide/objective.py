"""What trains IDE: a softmax loss of persons, and of pairs where they are to be verified."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mindspore import Tensor, ops

from mindreid.errors import InvalidArgumentError
from mindreid.layers.classifiers import linear_classifier
from mindreid.layers.dropout import check_rate, draw_keep, drop
from mindreid.losses import CrossEntropyLabelSmooth
from mindreid.models.ide.network import IDE
from mindreid.models.ide.verification import (
    DIFFERENT,
    SAME,
    Comparison,
    PairClassifier,
    choose_pairs,
    pair_loss,
)
from mindreid.objective import Objective, Phase


class IDEObjective(Objective):
    """Loss terms of IDE and of the two-loss network.

    - ``identity``: cross entropy of the persons;
    - ``same``, ``different``: cross entropy of pairs of images of one person and of two; only with a
      weight.

    Every image of a batch is compared with another one of its person and with one of another person,
    both drawn from the batch. The share of pairs of one person is that of the term's weight. The trunk
    has an optimiser of its own, ``trunk``; ``network`` is for what is left.

    Parameters
    ----------
    network : IDE
        The network to train.
    num_classes : int
        Number of training persons.
    dropout : float
        Rate of the dropout before the classifier.
    verification_weight : float
        Of both terms of pairs together; 0 leaves them out.
    comparison : {"square", "product"}
        See :class:`mindreid.models.ide.verification.PairClassifier`.
    unit_length : bool
        Whether vectors are scaled to unit length before they are compared.
    verification_dropout : float
        Rate of the dropout before the classifier of pairs.
    same_share, same_share_factor, least_same_share : float
        Share of pairs of one person in the first epoch, its factor in each further one, and where it
        ends.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range.
    """

    def __init__(
        self,
        network: IDE,
        num_classes: int,
        *,
        dropout: float = 0.5,
        verification_weight: float = 0.0,
        comparison: Comparison = "square",
        unit_length: bool = False,
        verification_dropout: float = 0.9,
        same_share: float = 0.5,
        same_share_factor: float = 1.0,
        least_same_share: float = 0.0,
    ) -> None:
        super().__init__(network)
        if verification_weight < 0 or not 0 <= least_same_share <= same_share <= 1:
            raise InvalidArgumentError(
                "a verification loss has a weight >= 0 and shares of pairs of one person that fall within "
                f"[0, 1], not {verification_weight}, {same_share} and {least_same_share}"
            )
        self.dropout, self.verification_weight = check_rate(dropout), verification_weight
        self.shares = same_share, same_share_factor, least_same_share
        self.classifier = linear_classifier(network.num_features, num_classes, bias=True)
        self.verifies = verification_weight > 0
        if self.verifies:
            self.pairs = PairClassifier(
                network.num_features, comparison, unit_length=unit_length, dropout=verification_dropout
            )
        self.cross_entropy = CrossEntropyLabelSmooth(0.0)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """Return what is classified, ``[B, D]``."""
        return (self.network.classified(images),)

    def draw(self, generator: np.random.Generator, batch_size: int) -> tuple[np.ndarray, ...]:
        """Draw what the dropout keeps, uint8 ``[B, D]``.

        For pairs the noise that chooses partners, float32 ``[B, B]``, and what their dropout keeps,
        uint8 ``[2, B, D]``, as well.
        """
        size = (batch_size, self.network.num_features)
        keep = draw_keep(generator, size, self.dropout)
        if not self.verifies:
            return (keep,)
        noise = generator.random((batch_size, batch_size), np.float32)
        return keep, noise, draw_keep(generator, (2, *size), self.pairs.dropout)

    def logits(self, vectors: Tensor, keep: Tensor) -> Tensor:
        """Classify vectors ``[B, D]`` of which the dropout keeps a part: ``[B, num_classes]``."""
        return self.classifier(drop(vectors, keep, self.dropout))

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the unweighted terms."""
        (vectors,), pids = outputs, labels[0]
        identity = self.cross_entropy(self.logits(vectors, labels[1]), pids)
        if not self.verifies:
            return (identity,)
        same, different = choose_pairs(pids, labels[2], self.batch_groups)
        return (
            identity,
            self._pair_loss(vectors, same, labels[3][0], SAME),
            self._pair_loss(vectors, different, labels[3][1], DIFFERENT),
        )

    def phases(self) -> Sequence[Phase]:
        """One phase, whose trunk has an optimiser of its own."""
        trunk = tuple(self.network.trunk.trainable_params())
        own = {id(parameter) for parameter in trunk}
        others = tuple(p for p in self.trainable_params() if id(p) not in own)
        return (Phase("network", tuple(self.term_weights(0)), others, self.losses, {"trunk": trunk}),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return 1 for the identity, and the weight of pairs by the epoch's share of those of one person."""
        if not self.verifies:
            return {"identity": 1.0}
        begin, factor, end = self.shares
        share = max(begin * factor**epoch, end)
        weight = self.verification_weight
        return {"identity": 1.0, "same": weight * share, "different": weight * (1 - share)}

    def _pair_loss(self, vectors: Tensor, partners: Tensor, keep: Tensor, pair_class: int) -> Tensor:
        second = ops.gather(vectors, ops.maximum(partners, 0), 0)
        return pair_loss(self.pairs(vectors, second, keep), partners, pair_class)
