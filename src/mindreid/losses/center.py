"""Centre loss: embeddings are pulled towards the centre of their class, and the centre towards them."""

from __future__ import annotations

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common.initializer import Normal, initializer

from mindreid.losses.triplet import SQUARED_DISTANCE_FLOOR


class CenterLoss(nn.Cell):
    r"""Mean squared distance of embeddings to the centres of their classes.

    .. math::
        L = \frac{1}{B} \sum_i \lVert x_i - c_{y_i} \rVert^2

    Wen et al., "A Discriminative Feature Learning Approach for Deep Face Recognition", ECCV 2016, with
    centres that gradient descent moves, as in Luo et al.'s strong baseline. These have a phase of their
    own, before the network's, in which the loss counts in full, so that they are not slowed down by the
    loss's small weight. What the network is pulled towards is where they were before that step.

    Parameters
    ----------
    num_classes, num_features : int
        Size of the table of centres, which are drawn from a standard normal distribution.

    Attributes
    ----------
    centers : Parameter
        float32 ``[num_classes, num_features]``.
    previous : Parameter
        The same before the last step of their phase; not trained.

    Examples
    --------
    >>> from mindspore import int32
    >>> loss = CenterLoss(3, 2)
    >>> _ = loss.centers.set_data(Tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 5.0]]))
    >>> float(loss(Tensor([[3.0, 0.0], [0.0, 5.0]]), Tensor([1, 2], int32)))
    2.0
    """

    def __init__(self, num_classes: int, num_features: int) -> None:
        super().__init__()
        drawn = initializer(Normal(1.0), (num_classes, num_features), ms.float32).init_data()
        self.centers = Parameter(drawn, name="centers")
        self.previous = Parameter(drawn.copy(), name="previous", requires_grad=False)

    def construct(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean squared distance, a scalar: what the centres learn from.

        Parameters
        ----------
        inputs : Tensor
            Embeddings ``[B, num_features]``, float32.
        targets : Tensor
            Class of every embedding ``[B]``, int32.
        """
        return _mean_squared_distance(inputs, ops.gather(self.centers, targets, 0))

    def pull(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the same with the centres before this step's update: what the network learns from."""
        loss = _mean_squared_distance(inputs, ops.gather(self.previous, targets, 0))
        # Not before the update, nor before the old centres were read.
        updated = ops.depend(ops.depend(self.centers, inputs), loss)
        return ops.depend(loss, ops.assign(self.previous, updated))


def _mean_squared_distance(inputs: Tensor, centers: Tensor) -> Tensor:
    difference = inputs - centers
    squared = ops.maximum((difference * difference).sum(axis=1), SQUARED_DISTANCE_FLOOR)
    return squared.mean()
