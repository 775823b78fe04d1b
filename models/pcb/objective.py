"""What trains PCB: a classifier for each part, and the stages of refined part pooling."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, Optional

import numpy as np
from mindspore import Parameter, Tensor, nn

from mindreid.errors import InvalidArgumentError
from mindreid.layers.classifiers import linear_classifier
from mindreid.layers.dropout import check_rate, draw_keep, drop
from mindreid.losses import CrossEntropyLabelSmooth
from mindreid.models.pcb.network import PCB, REDUCED_FEATURES
from mindreid.objective import Objective, Phase

Variant = Literal["pcb", "variant_1", "variant_2"]


class PCBObjective(Objective):
    """The loss of PCB and the induced training of refined part pooling (sections 3.2 and 3.4).

    - ``identity``: the sum of a cross entropy for each part.

    With a part classifier in the network, training has four stages:

    1. up to ``induction_epoch``, PCB learns on stripes;
    2. then the part classifier's assignment takes the stripes' place;
    3. up to ``release_epoch``, the part classifier alone learns: all else is frozen, running statistics
       of norms included, and the classifiers that learnt on stripes induce the parts;
    4. then everything learns.

    Each group of parameters has an optimiser of its own: ``trunk``, ``part_classifier``, and
    ``network`` for what is left.

    Parameters
    ----------
    network : PCB
        The network to train.
    num_classes : int
        Number of training persons.
    variant : {"pcb", "variant_1", "variant_2"}
        Of the paper's table 1: "variant_1" classifies the mean of the parts' reduced vectors,
        "variant_2" each of them by a classifier that all share, "pcb" each by its own.
    dropout : float
        Rate of the authors' code on the parts' pooled vectors; the paper doesn't mention it.
    map_dropout : float
        Rate of the authors' code on the map that the part classifier sees.
    induction_epoch, release_epoch : int, optional
        First epochs, from 0, of stages 3 and 4; both or none, where there is a part classifier. Equal
        ones leave stage 3 out.

    Raises
    ------
    InvalidArgumentError
        If an option is out of range, or there are stages without a part classifier or the reverse.
    """

    def __init__(
        self,
        network: PCB,
        num_classes: int,
        *,
        variant: Variant = "pcb",
        dropout: float = 0.5,
        map_dropout: float = 0.0,
        induction_epoch: Optional[int] = None,
        release_epoch: Optional[int] = None,
    ) -> None:
        super().__init__(network)
        if variant not in ("pcb", "variant_1", "variant_2"):
            raise InvalidArgumentError(
                f"the variant of PCB is 'pcb', 'variant_1' or 'variant_2', not {variant!r}"
            )
        self.variant = variant
        self.dropout, self.map_dropout = check_rate(dropout), check_rate(map_dropout)
        self.stages = _stages(network, induction_epoch, release_epoch, map_dropout)
        self.noise = ("keep",) * (dropout > 0) + ("keep_map",) * (map_dropout > 0)
        count = network.parts if variant == "pcb" else 1
        self.classifiers = nn.CellList(
            [linear_classifier(REDUCED_FEATURES, num_classes, bias=True) for _ in range(count)]
        )
        self.cross_entropy = CrossEntropyLabelSmooth(0.0)

    def forward(self, images: Tensor, *noise: Tensor) -> tuple[Tensor]:
        """Return the parts' reduced vectors, float32 ``[B, parts, 256]``."""
        feature_map = self.network.trunk(images)
        seen = feature_map
        if self.map_dropout > 0:
            seen = drop(feature_map, noise[-1], self.map_dropout)
        vectors = self.network.pool_parts(feature_map, seen)
        if self.dropout > 0:
            vectors = drop(vectors, noise[0], self.dropout)
        return (self.network.reduce(vectors),)

    def draw_noise(self, generator: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
        """Draw what the dropouts keep: uint8 ``[B, parts, C]``, then ``[B, C, H / 16, W / 16]``."""
        images, _, height, width = shape
        channels = self.network.trunk.num_features
        drawn = ()
        if self.dropout > 0:
            drawn += (draw_keep(generator, (images, self.network.parts, channels), self.dropout),)
        if self.map_dropout > 0:
            size = (images, channels, -(-height // 16), -(-width // 16))
            drawn += (draw_keep(generator, size, self.map_dropout),)
        return drawn

    def logits(self, reduced: Tensor) -> list[Tensor]:
        """Return logits ``[B, num_classes]`` of reduced vectors ``[B, parts, 256]``, one for each loss."""
        if self.variant == "variant_1":
            return [self.classifiers[0](reduced.mean(1))]
        last = len(self.classifiers) - 1
        return [self.classifiers[min(part, last)](reduced[:, part]) for part in range(self.network.parts)]

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor]:
        """Return the unweighted term."""
        return (sum([self.cross_entropy(logits, labels[0]) for logits in self.logits(outputs[0])]),)

    def phases(self) -> Sequence[Phase]:
        """One phase, whose trunk and part classifier have optimisers of their own."""
        network = self.network
        others = (*network.reduction.trainable_params(), *self.classifiers.trainable_params())
        groups = {"trunk": tuple(network.trunk.trainable_params())}
        if network.refinable:
            groups["part_classifier"] = tuple(network.pool.trainable_params())
        return (Phase("network", ("identity",), others, self.losses, groups),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weight of the sum, 1."""
        return {"identity": 1.0}

    def on_epoch_begin(self, epoch: int) -> None:
        """Let the part classifier's assignment take the stripes' place from the third stage on."""
        if self.stages is not None:
            self.network.pool.refine(epoch >= self.stages[0])

    def frozen(self, epoch: int) -> Collection[Parameter]:
        """Return the part classifier before the third stage, everything else during it."""
        if self.stages is None or epoch >= self.stages[1]:
            return ()
        if epoch < self.stages[0]:
            return self.network.pool.trainable_params()
        others = (self.network.trunk, self.network.reduction, self.classifiers)
        return [parameter for cell in others for parameter in cell.get_parameters()]


def _stages(
    network: PCB, induction: Optional[int], release: Optional[int], map_dropout: float
) -> Optional[tuple[int, int]]:
    """First epochs of the third and the fourth stage; ``None`` without a part classifier."""
    if not network.refinable:
        if induction is not None or release is not None or map_dropout:
            raise InvalidArgumentError(
                "induction_epoch, release_epoch and map_dropout are for refined part pooling",
                fix="choose a part_classifier for the network, or leave them out",
            )
        return None
    if induction is None or release is None:
        raise InvalidArgumentError(
            "refined part pooling needs the first epochs of its stages",
            fix="set model.objective.induction_epoch and release_epoch",
        )
    if not 0 <= induction <= release:
        raise InvalidArgumentError(
            f"the stages of refined part pooling ascend from epoch 0, they begin at {induction} and {release}"
        )
    return induction, release
