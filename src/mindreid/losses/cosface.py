"""Cross entropy of scaled cosines with a margin."""

from __future__ import annotations

from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.losses.labelled_mean import labelled_mean
from mindreid.narrow_integers import one_hot


class CosFaceLoss(nn.Cell):
    r"""Cross entropy of scaled cosines, the true class's lowered by a margin.

    .. math::
        L = -\frac{1}{B} \sum_i \log
            \frac{e^{s (c_{i y_i} - m)}}{e^{s (c_{i y_i} - m)} + \sum_{j \neq y_i} e^{s c_{ij}}}

    Wang et al., "CosFace: Large Margin Cosine Loss for Deep Face Recognition", CVPR 2018,
    equation 4. With margin 0 it is CAL's clothes loss (CVPR 2022, equation 1).

    Parameters
    ----------
    scale : float
        The factor ``s``, > 0, one over the temperature.
    margin : float
        The margin ``m``, >= 0.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range.

    Examples
    --------
    >>> from mindspore import int32
    >>> loss = CosFaceLoss(scale=2.0, margin=0.5)
    >>> round(float(loss(Tensor([[0.5, 0.0]]), Tensor([0], int32))), 4)  # log(1 + 1)
    0.6931
    """

    def __init__(self, scale: float = 16.0, margin: float = 0.0) -> None:
        super().__init__()
        if margin < 0:
            raise InvalidArgumentError(f"the margin must not be negative, it is {margin}")
        self.scale, self.margin = check_scale(scale), float(margin)

    def construct(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss over labelled samples, a scalar.

        Parameters
        ----------
        inputs : Tensor
            Cosines ``[B, C]``, unscaled, float32.
        targets : Tensor
            Classes ``[B]``, int32; a sample with a negative one takes no part.
        """
        classes = ops.maximum(targets, 0)
        lowered = inputs - self.margin * one_hot(classes, inputs.shape[1], inputs.dtype)
        each = ops.cross_entropy(self.scale * lowered, classes, reduction="none")
        return labelled_mean(each, targets)


def check_scale(scale: float) -> float:
    """Return the scale of cosines as a float.

    Raises
    ------
    InvalidArgumentError
        If it is not positive.
    """
    if scale <= 0:
        raise InvalidArgumentError(f"the scale of cosines must be positive, not {scale}")
    return float(scale)
