"""What trains GaitGL: a triplet loss and a softmax loss on every part."""

from __future__ import annotations

from mindspore import Tensor, nn

from mindreid.layers.parts import PartLinear
from mindreid.models.gaitgl.network import GaitGL
from mindreid.part_objectives import PartSoftmaxObjective


class GaitGLObjective(PartSoftmaxObjective):
    """Loss terms of GaitGL (section 3.5 of the paper).

    - ``triplet``: batch-all triplet loss of every part's embedding;
    - ``softmax``: cross entropy of every part's own linear classifier; with the head "bnneck", of scaled
      cosines behind a batch norm.

    Parameters
    ----------
    network : GaitGL
        The network to train.
    num_classes : int
        Number of training persons.
    margin : float
        Margin of the triplet loss.
    scale, epsilon : float
        Factor on the logits, and label smoothing.
    triplet_weight, softmax_weight : float
        Weights of the two terms.
    """

    def __init__(
        self,
        network: GaitGL,
        num_classes: int,
        *,
        margin: float = 0.2,
        scale: float = 1.0,
        epsilon: float = 0.0,
        triplet_weight: float = 1.0,
        softmax_weight: float = 1.0,
    ) -> None:
        super().__init__(
            network,
            num_classes,
            margin=margin,
            scale=scale,
            epsilon=epsilon,
            triplet_weight=triplet_weight,
            softmax_weight=softmax_weight,
        )
        self.linear = network.norm is not None
        if self.linear:
            self.neck = nn.Identity()
            self.classifier = PartLinear(network.parts, network.features, num_classes)

    def logits(self, embedding: Tensor) -> Tensor:
        """Return the logits ``[B, num_classes, parts]``, not scaled."""
        return self.classifier(embedding) if self.linear else super().logits(embedding)
