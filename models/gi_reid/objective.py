"""What trains GI-ReID: losses on the image, on image and gait together, and on what they have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from mindreid.data.silhouette_files import training_silhouettes
from mindreid.errors import InvalidArgumentError
from mindreid.layers.classifiers import linear_classifier
from mindreid.layers.gait_prediction import GaitVector, SequencePrediction, with_sides
from mindreid.layers.neck import BNNeck
from mindreid.layers.resizing import BilinearResize
from mindreid.losses import (
    CrossEntropyLabelSmooth,
    MaximumMeanDiscrepancyLoss,
    PartTripletLoss,
    TripletLoss,
)
from mindreid.models.gi_reid.common_features import CommonFeatures
from mindreid.models.gi_reid.network import GIReID
from mindreid.objective import Objective, Phase, TrainingClasses
from mindreid.option_checks import two_sides

#: Height and width of the silhouettes that a cycle is predicted from, before columns are added beside them.
SILHOUETTE = (64, 32)

Consistency = Literal["paper", "code"]


class GIReIDObjective(Objective):
    """Loss terms of GI-ReID (section 3 of the paper).

    - ``softmax``, ``triplet``: cross entropy after, and batch-hard triplet loss before the neck;
    - ``fused_softmax``, ``fused_triplet``: the same on the sum of image vector and gait vector;
    - ``discrepancy``, ``reconstruction``: how far the common features of image and gait are apart, and
      how far the vectors that are made of them from the vectors themselves;
    - ``prediction``: mean absolute difference of the mean predicted frame and the silhouette;
    - ``gait_triplet``: batch-all triplet loss on the parts of the predicted cycle.

    A silhouette moves with its image: flipped, and cropped, where that is.

    Parameters
    ----------
    network : GIReID
        The network to train.
    num_classes : int
        Number of training persons.
    silhouettes : np.ndarray
        uint8 ``[N, h, w]``, 255 is person: of the training images, in their order.
    margin, gait_margin : float
        Margins of the triplet losses on vectors and on parts.
    label_smoothing : float
        Of the softmax losses.
    consistency : {"paper", "code"}
        "code" compares what the authors' code does: by a mix-up of its module's results, the image's common
        features with the vector made of them, the gait's common features with the image vector.
    gait_width : float
        Factor on the gait stream's channels, below 1 on a CPU.
    phase : bool
        Whether the prediction estimates the silhouette's phase in the gait cycle, as in the paper; not in
        the authors' code.
    silhouette_size : sequence of int
        Height and width of ``silhouettes``: a quarter of those that images have in training.

    Raises
    ------
    InvalidArgumentError
        If ``consistency`` is neither, or ``silhouette_size`` isn't two sides, those of the silhouettes.
    DataError
        From :meth:`for_dataset`, if a training image has no silhouette or an unreadable one.
    """

    labels = ("pid", "index", "origin")
    origin_stride = 4
    started_by = "gait_prediction"
    start_options: Mapping[str, str] = MappingProxyType(
        {
            "width": "model.objective.gait_width",
            "phase": "model.objective.phase",
            "features": "model.network.features",
        }
    )

    def __init__(
        self,
        network: GIReID,
        num_classes: int,
        silhouettes: np.ndarray,
        *,
        margin: float = 0.3,
        gait_margin: float = 0.5,
        label_smoothing: float = 0.0,
        consistency: Consistency = "paper",
        gait_width: float = 1.0,
        phase: bool = False,
        silhouette_size: Sequence[int] = SILHOUETTE,
    ) -> None:
        super().__init__(network)
        size = two_sides("silhouette_size", silhouette_size)
        if silhouettes.shape[1:] != size:
            raise InvalidArgumentError(f"silhouettes {silhouettes.shape} are not of the size {size}")
        if consistency not in ("paper", "code"):
            raise InvalidArgumentError(f"consistency is 'paper' or 'code', not {consistency!r}")
        features = network.num_features
        self.as_coded = consistency == "code"
        self.prediction = SequencePrediction(gait_width, phase=phase)
        self.gait = GaitVector(features, gait_width)
        self.common = CommonFeatures(features)
        self.fused_neck = BNNeck(features, bias=False)
        self.classifier, self.fused_classifier = (
            linear_classifier(features, num_classes, bias=False) for _ in range(2)
        )
        self.cross_entropy = CrossEntropyLabelSmooth(label_smoothing)
        self.triplet = TripletLoss(margin)
        self.part_triplet = PartTripletLoss(gait_margin)
        self.discrepancy = MaximumMeanDiscrepancyLoss()
        self.enlarge = nn.Identity() if size == SILHOUETTE else BilinearResize(size, SILHOUETTE)
        flat = np.ascontiguousarray(silhouettes, np.uint8).reshape(len(silhouettes), -1)
        self.silhouettes = Parameter(Tensor(flat), name="silhouettes", requires_grad=False)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the image vectors ``[B, features]`` before and after the neck."""
        vector = self.network.vector(images)
        return vector, self.network.neck(vector)

    def moved_silhouettes(self, indices: Tensor, origins: Tensor) -> Tensor:
        """Return the silhouettes as the images were moved, float32 ``[B, 1, 64, 64]`` in [0, 1].

        Parameters
        ----------
        indices : Tensor
            int32 ``[B]``, numbers of the training images.
        origins : Tensor
            int32 ``[B, h, w]``, where each pixel comes from, -1: nowhere.
        """
        own = ops.cast(ops.gather(self.silhouettes, indices, 0), ms.float32) / 255
        places = ops.reshape(origins, (origins.shape[0], -1))
        moved = ops.gather_elements(own, 1, ops.maximum(places, 0))
        shown = ops.select(places >= 0, moved, ops.zeros_like(moved))
        small = ops.expand_dims(ops.reshape(shown, origins.shape), 1)
        return with_sides(self.enlarge(small))

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the unweighted terms."""
        (vector, embedding), (pids, indices, origins) = outputs, labels
        silhouettes = self.moved_silhouettes(indices, origins)
        cycle = self.prediction(silhouettes)
        parts, gait = self.gait(cycle)
        fused = vector + gait
        return (
            self.cross_entropy(self.classifier(embedding), pids),
            self.triplet(vector, pids),
            self.cross_entropy(self.fused_classifier(self.fused_neck(fused)), pids),
            self.triplet(fused, pids),
            *self.consistency_terms(vector, gait),
            ops.abs(ops.mean(cycle, 1, True) - silhouettes).mean(),
            self.part_triplet(parts, pids),
        )

    def consistency_terms(self, vector: Tensor, gait: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``discrepancy`` and ``reconstruction`` of the image's and the gait's vectors."""
        common_image, common_gait, image, own_gait = self.common(vector, gait)
        if self.as_coded:
            apart = self.discrepancy(common_image, image)
            return apart, _mean_square(common_gait - vector) + _mean_square(own_gait - gait)
        apart = self.discrepancy(common_image, common_gait)
        return apart, _mean_square(image - vector) + _mean_square(own_gait - gait)

    def networks_beside(self) -> Mapping[str, nn.Cell]:
        """Return the gait stream."""
        return {"prediction": self.prediction, "set_network": self.gait.set_network}

    def phases(self) -> Sequence[Phase]:
        """One phase, with optimisers of their own for the prediction and for GaitSet's network."""
        groups = {"prediction": self.prediction, "gait": self.gait.set_network}
        apart = {name: tuple(cell.trainable_params()) for name, cell in groups.items()}
        own = {id(parameter) for group in apart.values() for parameter in group}
        rest = tuple(p for p in self.trainable_params() if id(p) not in own)
        return (Phase("network", tuple(self.term_weights(0)), rest, self.losses, groups=apart),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weights of all terms: 1."""
        names = ("softmax", "triplet", "fused_softmax", "fused_triplet")
        return dict.fromkeys((*names, "discrepancy", "reconstruction", "prediction", "gait_triplet"), 1.0)

    @classmethod
    def for_dataset(cls, network: nn.Cell, dataset: TrainingClasses, **options: Any) -> GIReIDObjective:
        """Build the objective for a dataset's persons, and read its training images' silhouettes."""
        height, width = two_sides("silhouette_size", options.get("silhouette_size", SILHOUETTE))
        silhouettes = training_silhouettes(dataset.train, height, width)
        return cls(network, dataset.num_train_pids, silhouettes, **options)


def _mean_square(difference: Tensor) -> Tensor:
    return (difference * difference).mean()
