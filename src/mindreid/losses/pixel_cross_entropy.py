"""Cross entropy of a map's pixels."""

from __future__ import annotations

from mindspore import Tensor, nn, ops

#: Label of a pixel that takes no part.
IGNORED = -1


class PixelCrossEntropyLoss(nn.Cell):
    """Mean cross entropy over all labelled pixels of all maps.

    Labels that are finer than the scores compare with bilinearly enlarged scores, whose corners are those
    of the map (not the centres of its corner pixels).

    Examples
    --------
    >>> from mindspore import int32
    >>> scores = Tensor([[[[2.0, 0.0]], [[0.0, 0.0]]]])
    >>> round(float(PixelCrossEntropyLoss()(scores, Tensor([[[0, -1]]], int32))), 4)
    0.1269
    """

    def construct(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss, a scalar; 0 if no pixel is labelled.

        Parameters
        ----------
        inputs : Tensor
            Scores ``[B, C, h, w]``, float32.
        targets : Tensor
            Classes ``[B, H, W]``, int32, in 0..C-1, or -1 for pixels that take no part.
        """
        if inputs.shape[2:] != targets.shape[1:]:
            inputs = ops.interpolate(inputs, size=targets.shape[1:], mode="bilinear", align_corners=False)
        labelled = ops.cast(targets != IGNORED, inputs.dtype)
        chosen = ops.one_hot(ops.maximum(targets, 0), inputs.shape[1]).astype(inputs.dtype)
        likelihood = ops.log_softmax(inputs, 1) * ops.transpose(chosen, (0, 3, 1, 2))
        return -(likelihood.sum(axis=1) * labelled).sum() / ops.maximum(labelled.sum(), 1.0)
