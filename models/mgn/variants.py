"""The paper's MGN and its two public PyTorch ports, which differ from it and from each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mindreid.errors import InvalidArgumentError
from mindreid.zoo import nearest

VariantName = Literal["paper", "mgn_pytorch", "reid_mgn"]


@dataclass(frozen=True)
class Variant:
    """What a variant of MGN fixes.

    Attributes
    ----------
    pool : {"max", "avg"}
        Pooling unless told otherwise.
    shared_reduction : bool
        One reduction for all eight features instead of one each.
    classify_pooled : bool
        The global classifiers see the pooled vectors before the reduction.
    classifier_bias : bool
        Whether classifiers have a bias.
    average_terms : bool
        The eight softmax and three triplet losses are averaged instead of summed.
    softmax_weight, triplet_weight : float
        Weights of the two terms.
    """

    pool: Literal["max", "avg"]
    shared_reduction: bool
    classify_pooled: bool
    classifier_bias: bool
    average_terms: bool
    softmax_weight: float
    triplet_weight: float


VARIANTS: dict[str, Variant] = {
    # Wang et al., ACM MM 2018, section 3
    "paper": Variant(
        pool="max",
        shared_reduction=False,
        classify_pooled=True,
        classifier_bias=False,
        average_terms=False,
        softmax_weight=1.0,
        triplet_weight=1.0,
    ),
    # github.com/seathiefwang/MGN-pytorch
    "mgn_pytorch": Variant(
        pool="avg",
        shared_reduction=False,
        classify_pooled=False,
        classifier_bias=True,
        average_terms=True,
        softmax_weight=1.0,
        triplet_weight=1.0,
    ),
    # github.com/GNAYUOHZ/ReID-MGN
    "reid_mgn": Variant(
        pool="max",
        shared_reduction=True,
        classify_pooled=False,
        classifier_bias=True,
        average_terms=True,
        softmax_weight=2.0,
        triplet_weight=1.0,
    ),
}


def variant_of(name: str) -> Variant:
    """Look up a variant by name.

    Raises
    ------
    InvalidArgumentError
        If there is no such variant.
    """
    if name not in VARIANTS:
        raise InvalidArgumentError(
            f"there is no variant {name!r} of MGN{nearest(name, list(VARIANTS))}",
            fix=f"choose one of {', '.join(VARIANTS)}",
        )
    return VARIANTS[name]
