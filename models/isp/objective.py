"""What trains ISP: three vectors' losses, and pixel labels that clustering finds in each person's images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from mindreid.layers.classifiers import linear_classifier
from mindreid.losses import CenterLoss, CrossEntropyLabelSmooth, PixelCrossEntropyLoss, TripletLoss
from mindreid.metrics import cluster_pixels
from mindreid.models.isp.network import ISP, MAP_STRIDE
from mindreid.objective import Objective, Phase, TrainingClasses

_BACKGROUND = 0


class ISPObjective(Objective):
    """Loss terms of ISP (section 3 of the paper), each a sum over part, global and foreground vectors.

    - ``softmax``: cross entropy of the persons on the vectors after their necks;
    - ``triplet``: batch-hard triplet losses on the vectors before them;
    - ``parsing``: cross entropy of the pixels' part scores;
    - ``center``: squared distances of the vectors before the necks to their persons' centres.

    The pixels' labels are found by clustering each person's maps at the start of every ``period``-th
    epoch up to ``last_mined_epoch``. They follow a training image's flip and crop; what comes from
    outside the image, or is erased, is background.

    Parameters
    ----------
    network : ISP
        The network to train.
    num_classes : int
        Number of training persons.
    num_records : int
        Number of training images.
    margin : float
        Of the triplet losses.
    label_smoothing : float
        Of the softmax losses.
    parsing_weight, center_weight : float
        Weights of these terms. With a weight of 0 there are no centres; otherwise they have a phase of
        their own, ``centers``, with the term ``center_update``.
    period : int
        Epochs from one clustering to the next.
    last_mined_epoch : int
        The last epoch, from 0, that may begin with clustering.
    sharpened : bool
        See :func:`mindreid.metrics.cluster_pixels`.
    """

    labels = ("pid", "index", "origin")
    origin_stride = MAP_STRIDE
    mined_from = "maps"
    restarts_after_mining = False

    def __init__(
        self,
        network: ISP,
        num_classes: int,
        num_records: int,
        *,
        margin: float = 0.3,
        label_smoothing: float = 0.1,
        parsing_weight: float = 0.1,
        center_weight: float = 0.0,
        period: int = 2,
        last_mined_epoch: int = 100,
        sharpened: bool = True,
    ) -> None:
        super().__init__(network)
        sizes = network.vector_sizes
        self.classifiers = nn.CellList([linear_classifier(size, num_classes, bias=False) for size in sizes])
        self.centers = nn.CellList(
            [CenterLoss(num_classes, size) for size in sizes] if center_weight > 0 else []
        )
        self.cross_entropy = CrossEntropyLabelSmooth(label_smoothing)
        self.triplet = TripletLoss(margin)
        self.parsing = PixelCrossEntropyLoss()
        self.weights = {"softmax": 1.0, "triplet": 1.0, "parsing": parsing_weight, "center": center_weight}
        self.period, self.last_mined_epoch, self.sharpened = period, last_mined_epoch, sharpened
        cells = np.zeros((num_records, network.map_size[0] * network.map_size[1]), np.uint8)
        self.pixel_labels = Parameter(Tensor(cells), name="pixel_labels", requires_grad=False)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the vectors before and after the necks, ``[B, D]`` each, and the part scores."""
        vectors, scores = self.network.features(images)
        return (*vectors, *self.network.embed(vectors), scores)

    def logits(self, outputs: tuple[Tensor, ...]) -> list[Tensor]:
        """Return the classifiers' logits ``[B, num_classes]``: of the parts, the whole, the foreground."""
        return [classifier(outputs[3 + i]) for i, classifier in enumerate(self.classifiers)]

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the unweighted terms that train the network."""
        pids, indices, origins = labels
        terms = (
            sum([self.cross_entropy(logits, pids) for logits in self.logits(outputs)]),
            sum([self.triplet(vector, pids) for vector in outputs[:3]]),
            self.parsing(outputs[6], self.moved_labels(indices, origins)),
        )
        if len(self.centers) == 0:
            return terms
        return (*terms, sum([center.pull(vector, pids) for center, vector in zip(self.centers, outputs)]))

    def center_losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor]:
        """Return the term that moves the centres."""
        return (sum([center(vector, labels[0]) for center, vector in zip(self.centers, outputs)]),)

    def moved_labels(self, indices: Tensor, origins: Tensor) -> Tensor:
        """Return the pixels' labels as the images were moved, int32 ``[B, h, w]``.

        Parameters
        ----------
        indices : Tensor
            int32 ``[B]``, numbers of the training images.
        origins : Tensor
            int32 ``[B, h, w]``, where each pixel comes from, -1: nowhere.
        """
        own = ops.cast(ops.gather(self.pixel_labels, indices, 0), ms.int32)
        places = ops.reshape(origins, (origins.shape[0], -1))
        moved = ops.gather_elements(own, 1, ops.maximum(places, 0))
        return ops.reshape(ops.select(places >= 0, moved, _BACKGROUND * ops.ones_like(moved)), origins.shape)

    def phases(self) -> Sequence[Phase]:
        """Centres first, if there are any; then network and classifiers together."""
        centers = tuple(center.centers for center in self.centers)
        own = {id(parameter) for parameter in centers}
        rest = tuple(p for p in self.trainable_params() if id(p) not in own)
        terms = ("softmax", "triplet", "parsing")
        if not centers:
            return (Phase("network", terms, rest, self.losses),)
        return (
            Phase("centers", ("center_update",), centers, self.center_losses),
            Phase("network", (*terms, "center"), rest, self.losses),
        )

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weights of all terms; the centres' own one counts in full."""
        return {**self.weights, "center_update": 1.0}

    def mines_labels(self, epoch: int) -> bool:
        """Whether ``epoch`` begins with clustering."""
        return epoch % self.period == 0 and epoch <= self.last_mined_epoch

    def maps(self, images: Tensor) -> Tensor:
        """Return the maps that are clustered, ``[B, C, h, w]``."""
        return self.network.joined_maps(images)[1]

    def label_maps(self, maps: np.ndarray) -> np.ndarray:
        """Cluster the maps ``[n, C, h, w]`` of one person's images: uint8 ``[n, h, w]``."""
        return cluster_pixels(maps, self.network.parts, sharpened=self.sharpened)

    def mine_labels(self, epoch: int, found: np.ndarray) -> dict[str, float]:
        """Take over the pixels' labels ``[N, h, w]`` of all training images."""
        labels = np.ascontiguousarray(found, np.uint8).reshape(self.pixel_labels.shape)
        ops.assign(self.pixel_labels, Tensor(labels))
        shares = np.bincount(labels.ravel(), minlength=self.network.parts + 1) / labels.size
        return {"background": round(float(shares[0]), 4), "smallest_part": round(float(shares[1:].min()), 4)}

    @classmethod
    def for_dataset(cls, network: nn.Cell, dataset: TrainingClasses, **options: Any) -> ISPObjective:
        """Build the objective for a dataset's persons and images."""
        return cls(network, dataset.num_train_pids, len(dataset.train), **options)
