"""Batch-hard triplet loss."""

from __future__ import annotations

from typing import Literal, Union

from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.l2_normalization import l2_normalize
from mindreid.narrow_integers import argmax, argmin

SQUARED_DISTANCE_FLOOR = 1e-12


class TripletLoss(nn.Cell):
    r"""Triplet loss with the hardest positive and the hardest negative of every anchor.

    .. math::
        L = \frac{1}{B} \sum_i \max\Bigl(0,\; m + \max_{j:\, y_j = y_i} d(x_i, x_j)
            - \min_{j:\, y_j \neq y_i} d(x_i, x_j)\Bigr)

    Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification",
    arXiv 1703.07737, equation 5. The anchor counts as its own positive, so a person with one
    image has a positive distance of zero, which is what the authors' code gives where it leaves
    the anchor out and finds no other. An anchor without a negative adds nothing. Of equally hard
    examples the first one is taken.

    Parameters
    ----------
    margin : float or "soft"
        The margin ``m``, >= 0, in units of the distance; "soft" has no margin and takes
        ``log(1 + exp(x))`` in place of ``max(0, m + x)`` (section 2 of the paper).
    distance : {"euclidean", "cosine"}
        ``d``: the Euclidean distance of the inputs as they are (at least 1e-6, which keeps
        gradients finite), or one minus their cosine.

    Raises
    ------
    InvalidArgumentError
        If the margin is negative or there is no such distance.

    Examples
    --------
    >>> from mindspore import Tensor, int32
    >>> loss = TripletLoss(margin=3.0)
    >>> inputs = Tensor([[0.0, 0.0], [0.0, 1.0], [3.0, 0.0]])
    >>> loss(inputs, Tensor([0, 0, 1], int32))  # (1 + 3 - 3, 1 + 3 - 3.162, 0 + 3 - 3) / 3
    Tensor(shape=[], dtype=Float32, value= 0.612574)
    """

    def __init__(
        self,
        margin: Union[float, Literal["soft"]] = 0.3,
        distance: Literal["euclidean", "cosine"] = "euclidean",
    ) -> None:
        super().__init__()
        self.soft = margin == "soft"
        if isinstance(margin, str):
            if not self.soft:
                raise InvalidArgumentError(f"the margin is a number or 'soft', not {margin!r}")
            margin = 0.0
        if margin < 0:
            raise InvalidArgumentError(f"the margin must not be negative, it is {margin}")
        if distance not in ("euclidean", "cosine"):
            raise InvalidArgumentError(f"the distance is 'euclidean' or 'cosine', not {distance!r}")
        self.margin = float(margin)
        self.cosine = distance == "cosine"

    def construct(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss over anchors, a scalar.

        Parameters
        ----------
        inputs : Tensor
            Embeddings ``[B, D]``, float32.
        targets : Tensor
            Person of every embedding ``[B]``, int32.
        """
        if self.cosine:
            inputs = l2_normalize(inputs)
        same = ops.equal(ops.expand_dims(targets, 1), ops.expand_dims(targets, 0))
        positive, negative = hardest_pairs(ops.stop_gradient(inputs), same)
        farthest, nearest = ops.gather(inputs, positive, 0), ops.gather(inputs, negative, 0)
        violation = self._distance(inputs, farthest) - self._distance(inputs, nearest)
        has_negative = ops.logical_not(same.all(axis=1)).astype(inputs.dtype)
        cost = ops.softplus(violation) if self.soft else ops.relu(violation + self.margin)
        return (cost * has_negative).mean()

    def _distance(self, a: Tensor, b: Tensor) -> Tensor:
        if self.cosine:
            return 1 - (a * b).sum(axis=1)
        difference = a - b
        return ops.sqrt(ops.maximum((difference * difference).sum(axis=1), SQUARED_DISTANCE_FLOOR))


def hardest_pairs(inputs: Tensor, same: Tensor) -> tuple[Tensor, Tensor]:
    """Find the farthest positive and the nearest negative of every row.

    Parameters
    ----------
    inputs : Tensor
        Embeddings ``[B, D]``. For rows of unit length the order of Euclidean distances is also
        that of cosine distances.
    same : Tensor
        ``[B, B]`` bool, whether two rows show the same person.

    Returns
    -------
    tuple of Tensor
        Indices ``[B]``, int32, of the positive and of the negative.
    """
    squares = (inputs * inputs).sum(axis=1)
    squared = ops.expand_dims(squares, 1) + ops.expand_dims(squares, 0) - 2 * ops.matmul(inputs, inputs.T)
    beyond = squared.max() + 1
    positive = argmax(ops.select(same, squared, -beyond * ops.ones_like(squared)), 1)
    negative = argmin(ops.select(same, beyond * ops.ones_like(squared), squared), 1)
    return positive, negative
