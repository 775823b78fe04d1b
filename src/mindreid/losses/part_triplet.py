"""Batch-all triplet loss on every body part."""

from __future__ import annotations

import mindspore as ms
from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError


class PartTripletLoss(nn.Cell):
    r"""Triplet loss of all triplets of a batch, for every part on its own.

    .. math::
        L = \frac{1}{P} \sum_p \frac{\sum_{t \in T} l_{pt}}{|\{t \in T: l_{pt} > 0\}|}, \qquad
        l_{p,(i,j,k)} = \max\bigl(0,\; m + \lVert x_{ip} - x_{jp} \rVert - \lVert x_{ip} - x_{kp} \rVert\bigr)

    over the triplets :math:`T` of an anchor i, a positive j (:math:`y_j = y_i`, the anchor itself
    among them) and a negative k (:math:`y_k \neq y_i`). A part without a violated triplet adds 0 and
    still counts in the mean. Hermans et al., arXiv 1703.07737, section 2 ("batch all",
    non-zero mean); Chao et al., "GaitSet", AAAI 2019, section 3.5.

    Parameters
    ----------
    margin : float
        The margin ``m``, >= 0, in units of the Euclidean distance.

    Raises
    ------
    InvalidArgumentError
        If the margin is negative.

    Examples
    --------
    >>> from mindspore import Tensor, int32
    >>> loss = PartTripletLoss(margin=0.5)
    >>> inputs = Tensor([[[0.0]], [[1.0]], [[1.25]]])  # one part of one value
    >>> round(float(loss(inputs, Tensor([0, 0, 1], int32))), 4)  # mean of 0.25, 1.25, 0.25, 0.25
    0.5
    """

    def __init__(self, margin: float = 0.2) -> None:
        super().__init__()
        if margin < 0:
            raise InvalidArgumentError(f"the margin must not be negative, it is {margin}")
        self.margin = float(margin)

    def construct(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean over parts, a scalar.

        Parameters
        ----------
        inputs : Tensor
            Embeddings ``[B, D, parts]``, float32.
        targets : Tensor
            Person of every embedding ``[B]``, int32.
        """
        return self.per_part(inputs, targets)[0].mean()

    def per_part(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return each part's loss and its number of violated triplets, float32 ``[parts]`` each."""
        distances = _pairwise_distances(inputs)
        same = ops.equal(ops.expand_dims(targets, 1), ops.expand_dims(targets, 0))
        is_triplet = ops.logical_and(ops.expand_dims(same, 2), ops.expand_dims(ops.logical_not(same), 1))
        # [parts, anchor, positive, negative]
        violations = ops.expand_dims(distances, 3) - ops.expand_dims(distances, 2) + self.margin
        violations = ops.relu(violations) * is_triplet.astype(ms.float32)
        parts = inputs.shape[2]
        violated = (ops.stop_gradient(violations) > 0).astype(ms.float32).reshape(parts, -1).sum(axis=1)
        return violations.reshape(parts, -1).sum(axis=1) / (violated + 1e-9), violated


def _pairwise_distances(inputs: Tensor) -> Tensor:
    """Euclidean distances ``[parts, B, B]`` of ``[B, D, parts]``, with no gradient where one is zero."""
    x = ops.transpose(inputs, (2, 0, 1))
    squares = (x * x).sum(axis=2)
    products = ops.bmm(x, ops.transpose(x, (0, 2, 1)))
    squared = ops.expand_dims(squares, 2) + ops.expand_dims(squares, 1) - 2 * products
    # An embedding's distance from itself is rounding noise, whose root has a huge gradient.
    count = inputs.shape[0]
    itself = ops.expand_dims(ops.eye(count, count, ms.bool_), 0)
    is_apart = ops.logical_and(squared > 0, ops.logical_not(itself))
    roots = ops.sqrt(ops.where(is_apart, squared, ops.ones_like(squared)))
    return ops.where(is_apart, roots, ops.zeros_like(squared))
