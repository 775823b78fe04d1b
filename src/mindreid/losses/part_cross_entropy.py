"""Cross entropy on every body part."""

from __future__ import annotations

from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.losses.cross_entropy import CrossEntropyLabelSmooth


class PartCrossEntropyLoss(nn.Cell):
    """Cross entropy of scaled cosines with smoothed labels, averaged over samples and parts.

    Parameters
    ----------
    scale : float
        Factor on the inputs, > 0, since a softmax of cosines alone can't become certain.
    epsilon : float
        Label smoothing, see :class:`CrossEntropyLabelSmooth`.

    Raises
    ------
    InvalidArgumentError
        If ``scale`` is not positive or ``epsilon`` is out of range.

    Examples
    --------
    >>> from mindspore import Tensor, int32
    >>> loss = PartCrossEntropyLoss(scale=1.0, epsilon=0.0)
    >>> inputs = Tensor([[[1.0, 0.0], [0.0, 1.0]]])  # the first part is right, the second wrong
    >>> round(float(loss(inputs, Tensor([0], int32))), 4)  # mean of 0.3133 and 1.3133
    0.8133
    """

    def __init__(self, scale: float = 16.0, epsilon: float = 0.1) -> None:
        super().__init__()
        if scale <= 0:
            raise InvalidArgumentError(f"the scale must be positive, it is {scale}")
        self.scale = float(scale)
        self.cross_entropy = CrossEntropyLabelSmooth(epsilon)

    def construct(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss, a scalar.

        Parameters
        ----------
        inputs : Tensor
            Cosines to the classes ``[B, C, parts]``, float32.
        targets : Tensor
            Classes ``[B]``, int32, in 0..C-1.
        """
        batch, classes, parts = inputs.shape
        rows = ops.transpose(inputs, (0, 2, 1)).reshape(batch * parts, classes)
        return self.cross_entropy(self.scale * rows, ops.repeat_interleave(targets, parts, 0))
