"""Cross entropy that spreads part of the target over all classes of the sample's person."""

from __future__ import annotations

from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.losses.cosface import check_scale
from mindreid.narrow_integers import one_hot


class AttributeAwareLoss(nn.Cell):
    r"""Cross entropy over all classes against the own class and, a little, those of the same person.

    .. math::
        L = -\frac{1}{B} \sum_i \sum_{c \in S^+_i} q_{ic} \log
            \frac{e^{s x_{ic}}}{\sum_j e^{s x_{ij}}}, \qquad
        q_{ic} = (1 - \varepsilon) [c = y_i] + \varepsilon / |S^+_i|

    ``S+`` are the classes of the sample's person. Unlike in
    :class:`mindreid.losses.MultiPositiveLoss`, they compete with each other. Wang et al.,
    "Exploring Fine-Grained Representation and Recomposition for Cloth-Changing Person
    Re-Identification", TIFS 2024, section III-B.

    Parameters
    ----------
    scale : float
        The factor ``s``, > 0, one over the temperature.
    epsilon : float
        Weight spread over all positive classes, in [0, 1].

    Raises
    ------
    InvalidArgumentError
        If a number is out of range.

    Examples
    --------
    >>> from mindspore import int32
    >>> loss = AttributeAwareLoss(scale=1.0, epsilon=1.0)
    >>> positive = Tensor([[1.0, 1.0, 0.0]])
    >>> round(float(loss(Tensor([[0.0, 0.0, 0.0]]), Tensor([0], int32), positive)), 4)  # log(3)
    1.0986
    """

    def __init__(self, scale: float = 16.0, epsilon: float = 0.1) -> None:
        super().__init__()
        if not 0 <= epsilon <= 1:
            raise InvalidArgumentError(f"the weight epsilon must be in [0, 1], not {epsilon}")
        self.scale, self.epsilon = check_scale(scale), float(epsilon)

    def construct(self, inputs: Tensor, targets: Tensor, positive_mask: Tensor) -> Tensor:
        """Return the mean loss, a scalar.

        Parameters
        ----------
        inputs : Tensor
            Cosines ``[B, C]``, unscaled, float32. A class that does not take part has a cosine far
            below -1.
        targets : Tensor
            Own classes ``[B]``, int32.
        positive_mask : Tensor
            ``[B, C]``, 1 or true for the classes of the sample's person, its own included.
        """
        positive = ops.cast(positive_mask, inputs.dtype)
        own = one_hot(targets, inputs.shape[1], inputs.dtype)
        wanted = (1 - self.epsilon) * own + self.epsilon * positive / positive.sum(axis=1, keepdims=True)
        return -(wanted * ops.log_softmax(self.scale * inputs, 1)).sum(axis=1).mean()
