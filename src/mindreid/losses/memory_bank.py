"""The adversarial loss with remembered embeddings in place of a classifier."""

from __future__ import annotations

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.l2_normalization import l2_normalize
from mindreid.losses.multi_positive import MultiPositiveLoss
from mindreid.narrow_integers import one_hot


class MemoryBankLoss(nn.Cell):
    r"""Multi-positive loss against the last embedding of every class.

    Instead of a classifier's weights, a bank holds one embedding per class. A batch first goes
    into the bank, sample after sample, ``m = momentum * m + (1 - momentum) * x``, and is then
    compared with it by :class:`mindreid.losses.MultiPositiveLoss`. Until every class has been
    seen, samples replace what was there, and classes not seen yet are neither positive nor
    negative. This is the variant of CAL (CVPR 2022) that its authors' code offers.

    Parameters
    ----------
    num_classes, num_features : int
        Size of the bank.
    scale, epsilon : float
        As for :class:`mindreid.losses.MultiPositiveLoss`.
    momentum : float
        What of an embedding outlives one newer sample of its class, in [0, 1).

    Attributes
    ----------
    memory : Parameter
        float32 ``[num_classes, num_features]``, not trained; part of a resumable state.
    seen : Parameter
        float32 ``[num_classes]``, 1 for classes in the bank.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range.

    Examples
    --------
    >>> from mindspore import int32
    >>> loss = MemoryBankLoss(3, 2, scale=1.0)
    >>> value = loss(Tensor([[1.0, 0.0]]), Tensor([2], int32), Tensor([[0.0, 1.0, 1.0]]))
    >>> loss.memory.asnumpy().tolist()
    [[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
    """

    def __init__(
        self,
        num_classes: int,
        num_features: int,
        *,
        scale: float = 16.0,
        epsilon: float = 0.1,
        momentum: float = 0.0,
    ) -> None:
        super().__init__()
        if not 0 <= momentum < 1:
            raise InvalidArgumentError(f"the bank's momentum must be in [0, 1), not {momentum}")
        self.num_classes, self.momentum = num_classes, float(momentum)
        self.loss = MultiPositiveLoss(scale, epsilon)
        zeros = ops.zeros((num_classes, num_features), ms.float32)
        self.memory = Parameter(zeros, name="memory", requires_grad=False)
        self.seen = Parameter(ops.zeros(num_classes, ms.float32), name="seen", requires_grad=False)

    def construct(self, inputs: Tensor, targets: Tensor, positive_mask: Tensor) -> Tensor:
        """Remember the batch and return the mean loss over labelled samples, a scalar.

        Parameters
        ----------
        inputs : Tensor
            Embeddings ``[B, num_features]``, float32, of any length.
        targets : Tensor
            Classes ``[B]``, int32; a sample with a negative one is not remembered.
        positive_mask : Tensor
            ``[B, num_classes]``, 1 or true for the classes of the sample's person.
        """
        memory, seen = self._remember(ops.stop_gradient(inputs), targets)
        positive = ops.cast(positive_mask, inputs.dtype)
        cosines = ops.matmul(l2_normalize(inputs), l2_normalize(memory).T)
        return self.loss.compare(cosines, targets, positive * seen, (1 - positive) * seen)

    def forget(self) -> None:
        """Empty the bank."""
        for kept in (self.memory, self.seen):
            # In place: a compiled step goes on with the tensors that it knows.
            ops.assign(kept, ops.zeros_like(kept))

    def _remember(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Put the batch into the bank; return the bank after that, and which classes it holds."""
        full = self.seen.min()
        momentum = self.momentum * full
        labelled = ops.cast(targets >= 0, inputs.dtype)
        belongs = one_hot(ops.maximum(targets, 0), self.num_classes, inputs.dtype)
        belongs = belongs * ops.expand_dims(labelled, 1)
        counts = belongs.sum(axis=0)
        # A sample fades once for every later sample of its class.
        later = counts - ops.cumsum(belongs, 0)
        shares = belongs * (1 - momentum) * ops.pow(momentum, later)
        kept = ops.expand_dims(ops.pow(momentum, counts), 1)
        memory = kept * self.memory + ops.matmul(shares.T, inputs)
        seen = ops.maximum(self.seen, ops.minimum(counts, 1.0))
        memory = ops.depend(memory, ops.assign(self.memory, memory))
        seen = ops.depend(seen, ops.assign(self.seen, seen))
        return memory, seen
