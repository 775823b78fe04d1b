"""Verification of pairs: whether two images show the same person.

Zheng et al., "A Discriminatively Learned CNN Embedding for Person Re-identification", TOMM 2017, section 3.
"""

from __future__ import annotations

from typing import Literal

import mindspore as ms
from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.l2_normalization import l2_normalize
from mindreid.layers.classifiers import linear_classifier
from mindreid.layers.dropout import check_rate, drop
from mindreid.losses.labelled_mean import labelled_mean
from mindreid.narrow_integers import argmax

Comparison = Literal["square", "product"]
#: The classes of a pair.
SAME, DIFFERENT = 0, 1


class PairClassifier(nn.Cell):
    """Square layer and classifier of pairs.

    Parameters
    ----------
    features : int
        Length of a vector.
    comparison : {"square", "product"}
        What is made of two vectors: the squares of their differences, which is the square layer, or
        their product, element by element.
    unit_length : bool
        Whether the vectors are scaled to unit length first.
    dropout : float
        Rate of the dropout behind it.
    """

    def __init__(
        self, features: int, comparison: Comparison, *, unit_length: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        if comparison not in ("square", "product"):
            raise InvalidArgumentError(f"a pair's comparison is 'square' or 'product', not {comparison!r}")
        self.squares, self.unit_length = comparison == "square", unit_length
        self.dropout = check_rate(dropout)
        self.classifier = linear_classifier(features, 2, bias=True)

    def construct(self, first: Tensor, second: Tensor, keep: Tensor) -> Tensor:
        """Map two batches of vectors ``[B, D]``, and what the dropout keeps of them, to logits ``[B, 2]``."""
        if self.unit_length:
            first, second = l2_normalize(first), l2_normalize(second)
        compared = first * second
        if self.squares:
            difference = first - second
            compared = difference * difference
        if self.dropout > 0 and self.training:
            compared = drop(compared, keep, self.dropout)
        return self.classifier(compared)


def choose_pairs(pids: Tensor, noise: Tensor, groups: int = 1) -> tuple[Tensor, Tensor]:
    """Choose for every image another one of its person, and one of another person.

    The partner is the possible one with the greatest noise, so that uniform noise chooses uniformly.

    Parameters
    ----------
    pids : Tensor
        int32 ``[B]``.
    noise : Tensor
        float32 ``[B, B]`` in [0, 1).
    groups : int
        Number of groups of consecutive images; a partner is of the image's own group.

    Returns
    -------
    same, different : Tensor
        int32 ``[B]``: positions of the partners, -1 where there is none.

    Examples
    --------
    >>> noise = Tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.9, 0.7, 0.8]])
    >>> same, different = choose_pairs(Tensor([5, 5, 7], ms.int32), noise)
    >>> same.asnumpy(), different.asnumpy()
    (array([ 1,  0, -1], dtype=int32), array([2, 2, 0], dtype=int32))
    """
    count = pids.shape[0]
    equal = ops.cast(ops.equal(ops.expand_dims(pids, 1), ops.expand_dims(pids, 0)), noise.dtype)
    group = ops.arange(count, dtype=ms.int32) // (count // groups)
    near = ops.cast(ops.equal(ops.expand_dims(group, 1), ops.expand_dims(group, 0)), noise.dtype)
    others = near * (1 - ops.eye(count, count, noise.dtype))
    return _most_noise(equal * others, noise), _most_noise((1 - equal) * near, noise)


def pair_loss(logits: Tensor, partners: Tensor, pair_class: int) -> Tensor:
    """Mean cross entropy of the pairs' class, over the images that have a partner.

    Parameters
    ----------
    logits : Tensor
        float32 ``[B, 2]``.
    partners : Tensor
        int32 ``[B]``, -1 where there is none.
    pair_class : int
        :data:`SAME` or :data:`DIFFERENT`.
    """
    return labelled_mean(-ops.log_softmax(logits, 1)[:, pair_class], partners)


def _most_noise(possible: Tensor, noise: Tensor) -> Tensor:
    best = argmax(possible * (noise + 1), 1)
    return ops.where(possible.sum(1) > 0, best, -1 * ops.ones_like(best))
