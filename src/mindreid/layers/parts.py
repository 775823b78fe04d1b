"""Layers that treat every body part on its own: a linear map and a classifier per part."""

from __future__ import annotations

import math

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import Uniform, initializer

from mindreid.l2_normalization import l2_normalize
from mindreid.layers.classifiers import check_num_classes
from mindreid.option_checks import check_positive_integers


class PartLinear(nn.Cell):
    """A linear map of its own for every part, without bias.

    Parameters
    ----------
    parts : int
        Number of parts.
    in_features, out_features : int
        Lengths of a part's vector before and after.

    Raises
    ------
    InvalidArgumentError
        If a vector has no features.

    Examples
    --------
    >>> PartLinear(16, 512, 256)(ops.ones((4, 512, 16))).shape
    (4, 256, 16)
    """

    def __init__(self, parts: int, in_features: int, out_features: int) -> None:
        super().__init__()
        check_positive_integers("the number of a part's features", in_features, out_features)
        self.weight = _part_weights(parts, in_features, out_features)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, in_features, parts]`` to ``[B, out_features, parts]``."""
        return multiply_parts(x, ops.cast(self.weight, x.dtype))


class PartCosineClassifier(nn.Cell):
    """Cosines of every part's vector to that part's class vectors.

    Parameters
    ----------
    parts, features : int
        Number of parts and length of a part's vector.
    num_classes : int
        Number of classes.

    Raises
    ------
    InvalidArgumentError
        If there are fewer than two classes.

    Examples
    --------
    >>> PartCosineClassifier(16, 256, 100)(ops.ones((4, 256, 16))).shape
    (4, 100, 16)
    """

    def __init__(self, parts: int, features: int, num_classes: int) -> None:
        super().__init__()
        check_num_classes(num_classes)
        self.weight = _part_weights(parts, features, num_classes)

    def construct(self, x: Tensor) -> Tensor:
        """Map ``[B, features, parts]`` to cosines ``[B, num_classes, parts]``, not scaled."""
        return multiply_parts(l2_normalize(x), l2_normalize(self.weight))


def _part_weights(parts: int, in_features: int, out_features: int) -> Parameter:
    # What PyTorch's Xavier rule makes of a tensor [parts, in, out], which is far below that of a
    # matrix: embeddings start at distances of about the triplet margin.
    bound = math.sqrt(6 / ((in_features + parts) * out_features))
    shape = (parts, in_features, out_features)
    return Parameter(initializer(Uniform(bound), shape, ms.float32), name="weight")


def multiply_parts(x: Tensor, weight: Tensor) -> Tensor:
    """Multiply ``[B, in, parts]`` by ``[parts, in, out]``, giving ``[B, out, parts]``."""
    return ops.transpose(ops.bmm(ops.transpose(x, (2, 0, 1)), weight), (1, 2, 0))
