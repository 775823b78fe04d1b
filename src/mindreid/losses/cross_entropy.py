"""Cross entropy with smoothed labels."""

from __future__ import annotations

from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError


class CrossEntropyLabelSmooth(nn.Cell):
    r"""Cross entropy against labels that give every class a little weight.

    .. math::
        L = -\frac{1}{B} \sum_i \sum_c q_{ic} \log \mathrm{softmax}(x_i)_c, \qquad
        q_{ic} = (1 - \varepsilon) [c = y_i] + \varepsilon / C

    Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, section 7.

    Parameters
    ----------
    epsilon : float
        Weight spread over all classes, 0 <= epsilon < 1; 0 is the plain cross entropy.

    Raises
    ------
    InvalidArgumentError
        If ``epsilon`` is out of range.

    Examples
    --------
    >>> from mindspore import Tensor, int32
    >>> loss = CrossEntropyLabelSmooth(epsilon=0.1)
    >>> round(float(loss(Tensor([[2.0, 0.0], [0.0, 2.0]]), Tensor([0, 1], int32))), 4)
    0.2269
    """

    def __init__(self, epsilon: float = 0.1) -> None:
        super().__init__()
        if not 0 <= epsilon < 1:
            raise InvalidArgumentError(f"the smoothing epsilon must be in [0, 1), not {epsilon}")
        self.epsilon = float(epsilon)

    def construct(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss, a scalar.

        Parameters
        ----------
        inputs : Tensor
            Logits ``[B, C]``, float32.
        targets : Tensor
            Classes ``[B]``, int32, in 0..C-1.
        """
        return ops.cross_entropy(inputs, targets, label_smoothing=self.epsilon)
