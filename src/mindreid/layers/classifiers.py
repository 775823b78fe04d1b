"""Classifiers on top of an embedding, used in training only."""

from __future__ import annotations

from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import Normal, initializer

from mindreid.errors import InvalidArgumentError
from mindreid.l2_normalization import l2_normalize


def linear_classifier(in_features: int, num_classes: int, bias: bool) -> nn.Dense:
    """Build a linear classifier with small initial weights (normal, deviation 0.001).

    Raises
    ------
    InvalidArgumentError
        If there are fewer than two classes.
    """
    check_num_classes(num_classes)
    return nn.Dense(in_features, num_classes, weight_init=Normal(0.001), has_bias=bias)


class CosineClassifier(nn.Cell):
    """Cosine between an embedding and each class's weight, without bias or scale.

    The weights start with random directions and lengths of about one.

    Parameters
    ----------
    in_features : int
        Length of the embedding.
    num_classes : int
        Number of classes.

    Raises
    ------
    InvalidArgumentError
        If there are fewer than two classes.

    Examples
    --------
    >>> CosineClassifier(4096, 150)(ops.ones((8, 4096))).shape
    (8, 150)
    """

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__()
        check_num_classes(num_classes)
        self.num_classes = num_classes
        self.weight = Parameter(
            initializer(Normal(in_features**-0.5), (num_classes, in_features)), name="weight"
        )

    def construct(self, x: Tensor) -> Tensor:
        """Map embeddings ``[B, in_features]`` to cosines ``[B, num_classes]``, float32 in [-1, 1]."""
        # Within a compiled step, an update of the weights comes before x; what does not wait for x
        # would be computed from the weights before the update.
        weight = ops.depend(self.weight, x)
        return ops.matmul(l2_normalize(x), l2_normalize(weight).T)


def check_num_classes(num_classes: int) -> None:
    """Raise an InvalidArgumentError if there are fewer than two classes."""
    if num_classes < 2:
        raise InvalidArgumentError(f"a classifier needs at least two classes, not {num_classes}")
