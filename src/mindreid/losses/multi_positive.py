"""Adversarial loss with several positive classes: an embedding that fits all of a person's classes."""

from __future__ import annotations

from mindspore import Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.losses.cosface import check_scale
from mindreid.losses.labelled_mean import labelled_mean
from mindreid.narrow_integers import one_hot

# exp(-OUT) is 0 and -OUT - x still finite, which minus infinity would not be.
OUT = 1e9


class MultiPositiveLoss(nn.Cell):
    r"""Pull an embedding towards every class of its person, away from those of other persons.

    .. math::
        L = -\frac{1}{B} \sum_i \sum_{c \in S^+_i} q_{ic} \log
            \frac{e^{s x_{ic}}}{e^{s x_{ic}} + \sum_{j \in S^-_i} e^{s x_{ij}}}, \qquad
        q_{ic} = (1 - \varepsilon) [c = y_i] + \varepsilon / |S^+_i|

    ``S+`` are the classes (outfits, views) of the sample's person, ``S-`` all others. Gu et al.,
    "Clothes-Changing Person Re-identification with RGB Modality Only", CVPR 2022, equation 2,
    uses epsilon 0.1 on outfits; with epsilon 1 the classes of a person count alike, as in VAL.

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
    >>> loss = MultiPositiveLoss(scale=1.0, epsilon=1.0)
    >>> positive = Tensor([[1.0, 1.0, 0.0]])
    >>> round(float(loss(Tensor([[0.0, 0.0, 0.0]]), Tensor([0], int32), positive)), 4)  # log(1 + 1)
    0.6931
    """

    def __init__(self, scale: float = 16.0, epsilon: float = 0.1) -> None:
        super().__init__()
        if not 0 <= epsilon <= 1:
            raise InvalidArgumentError(f"the weight epsilon must be in [0, 1], not {epsilon}")
        self.scale, self.epsilon = check_scale(scale), float(epsilon)

    def construct(self, inputs: Tensor, targets: Tensor, positive_mask: Tensor) -> Tensor:
        """Return the mean loss over labelled samples, a scalar.

        Parameters
        ----------
        inputs : Tensor
            Cosines ``[B, C]``, unscaled, float32.
        targets : Tensor
            True classes ``[B]``, int32; a sample with a negative one takes no part.
        positive_mask : Tensor
            ``[B, C]``, 1 or true for the classes of the sample's person.
        """
        positive = ops.cast(positive_mask, inputs.dtype)
        return self.compare(inputs, targets, positive, 1 - positive)

    def compare(self, inputs: Tensor, targets: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Return the loss where some classes are neither positive nor negative, e.g. not known yet.

        ``positive`` and ``negative`` are float32 ``[B, C]``, 0 or 1.
        """
        logits = self.scale * inputs
        others = ops.logsumexp(logits - OUT * (1 - negative), 1, keepdim=True)
        # -log(e^a / (e^a + e^b)) = log(1 + e^(b - a)), which does not overflow
        surprise = ops.softplus(others - logits)
        true = one_hot(ops.maximum(targets, 0), inputs.shape[1], inputs.dtype)
        share = positive / ops.maximum(positive.sum(axis=1, keepdims=True), 1.0)
        wanted = (1 - self.epsilon) * true + self.epsilon * share
        return labelled_mean((wanted * surprise).sum(axis=1), targets)
