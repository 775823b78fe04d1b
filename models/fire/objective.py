"""What trains FIRe²: identity and triplet losses, mined fine-grained classes, recomposed maps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Optional

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops

from mindreid.layers.classifiers import linear_classifier
from mindreid.layers.neck import BNNeck
from mindreid.losses import AttributeAwareLoss, CrossEntropyLabelSmooth, TripletLoss
from mindreid.metrics import PersonClusters, cluster_persons
from mindreid.models.fire.agreement import agreement, known_looks
from mindreid.models.fire.fine_grained import FineGrainedClasses
from mindreid.models.fire.recomposition import Recomposition, choose_partners
from mindreid.objective import Objective, Phase, TrainingClasses


class FIReObjective(Objective):
    """Loss terms of FIRe² (Wang et al., TIFS 2024, section III).

    - ``identity``: cross entropy of the persons;
    - ``triplet``: batch-hard triplet loss on the embeddings;
    - ``ffm``: the attribute-aware loss on classes that are mined at the start of every epoch;
    - ``far``: cross entropy of the persons on maps with recomposed stripes.

    Up to ``start_epoch`` only the identity loss counts. From then on every epoch begins with mining,
    and with new moments of the optimiser. Clothes labels are not learned from; where a dataset has
    them, the log says how far the mined classes agree with them.

    Parameters
    ----------
    network : EmbeddingNetwork
        The network to train.
    num_classes : int
        Number of training persons.
    record_pids : sequence of int
        Person of every training image.
    looks : mapping of str to sequence of int, optional
        What the mined classes are compared with, see :func:`mindreid.models.fire.agreement.known_looks`.
    start_epoch : int
        First epoch, from 0, of the mining and of all terms but ``identity``.
    identity_weight, triplet_weight, ffm_weight, far_weight : float
        Weights of the terms. Without ``ffm`` and ``far`` nothing is mined.
    margin : float
        Of the triplet loss.
    label_smoothing : float
        Of the two losses of persons.
    scale, epsilon : float
        See :class:`mindreid.losses.AttributeAwareLoss`.
    parts : int
        Number of stripes that are recomposed.
    k1, k2, eps, min_samples
        See :func:`mindreid.metrics.cluster_persons`.
    capacity : int, optional
        See :class:`mindreid.models.fire.fine_grained.FineGrainedClasses`.
    """

    labels = ("pid", "index")
    local_outputs = 1  # the maps

    def __init__(
        self,
        network: nn.Cell,
        num_classes: int,
        record_pids: Sequence[int],
        looks: Optional[Mapping[str, Sequence[int]]] = None,
        *,
        start_epoch: int = 25,
        identity_weight: float = 1.0,
        triplet_weight: float = 1.0,
        ffm_weight: float = 1.0,
        far_weight: float = 0.3,
        margin: float = 0.3,
        label_smoothing: float = 0.1,
        scale: float = 16.0,
        epsilon: float = 0.1,
        parts: int = 2,
        k1: int = 20,
        k2: int = 6,
        eps: float = 0.4,
        min_samples: int = 1,
        capacity: Optional[int] = None,
    ) -> None:
        super().__init__(network)
        width = network.num_features
        self.classifier = linear_classifier(width, num_classes, bias=False)
        self.recomposition_neck = BNNeck(width, bias=False)
        self.recomposition_classifier = linear_classifier(width, num_classes, bias=False)
        self.fine_grained = FineGrainedClasses(width, np.asarray(record_pids), capacity)
        self.recomposition = Recomposition(parts)
        self.cross_entropy = CrossEntropyLabelSmooth(label_smoothing)
        self.triplet = TripletLoss(margin)
        self.attribute_aware = AttributeAwareLoss(scale, epsilon)
        self.weights = {
            "identity": identity_weight,
            "triplet": triplet_weight,
            "ffm": ffm_weight,
            "far": far_weight,
        }
        self.start_epoch, self.parts = start_epoch, parts
        self.cluster = partial(cluster_persons, k1=k1, k2=k2, eps=eps, min_samples=min_samples)
        self.record_pids = np.asarray(record_pids)
        self.looks = dict(looks or {})
        branch = (*self.recomposition_neck.get_parameters(), *self.recomposition_classifier.get_parameters())
        self._branch_at_start = [(parameter, parameter.asnumpy().copy()) for parameter in branch]

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the embeddings ``[B, D]`` and the trunk's maps ``[B, C, H, W]``."""
        feature_map = self.network.trunk(images)
        return self.network.embed(feature_map), feature_map

    def draw(self, generator: np.random.Generator, batch_size: int) -> tuple[np.ndarray, ...]:
        """Draw the noise that chooses partners, float32 ``[parts, B, B]``."""
        return (generator.random((self.parts, batch_size, batch_size), np.float32),)

    def losses(self, outputs: tuple[Tensor, ...], labels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the unweighted terms."""
        features, feature_map = outputs
        pids, indices, noise = labels
        cosines, classes, positive = self.fine_grained(features, pids, indices)
        partners = choose_partners(classes, noise, self.batch_groups)
        return (
            self.cross_entropy(self.classifier(features), pids),
            self.triplet(features, pids),
            self.attribute_aware(cosines, classes, positive),
            self.cross_entropy(self.recomposed_logits(feature_map, partners), pids),
        )

    def recomposed_logits(self, feature_map: Tensor, partners: Tensor) -> Tensor:
        """Classify recomposed maps.

        Parameters
        ----------
        feature_map : Tensor
            float32 ``[B / workers, C, H, W]``, this worker's.
        partners : Tensor
            int ``[parts, B]``, of the whole batch; only their statistics are asked of other workers.

        Returns
        -------
        Tensor
            float32 ``[B, persons]``.
        """
        begin, rows = self.rank * feature_map.shape[0], feature_map.shape[0]
        others = self.gather(self.recomposition.statistics(feature_map))
        recomposed = self.recomposition(feature_map, partners[:, begin : begin + rows], others, begin)
        pooled = self.gather(ops.cast(self.network.pool(recomposed), ms.float32))
        return self.recomposition_classifier(self.recomposition_neck(pooled))

    def phases(self) -> Sequence[Phase]:
        """One phase: network and classifiers together."""
        parameters = tuple(self.trainable_params())
        return (Phase("network", ("identity", "triplet", "ffm", "far"), parameters, self.losses),)

    def term_weights(self, epoch: int) -> dict[str, float]:
        """Return the weights; 0 for all but the identity loss before ``start_epoch``."""
        if epoch >= self.start_epoch:
            return dict(self.weights)
        return {name: weight if name == "identity" else 0.0 for name, weight in self.weights.items()}

    def mines_labels(self, epoch: int) -> bool:
        """Whether classes are mined at the start of ``epoch``."""
        return epoch >= self.start_epoch and (self.weights["ffm"] > 0 or self.weights["far"] > 0)

    def mine_labels(self, epoch: int, embeddings: np.ndarray) -> dict[str, float]:
        """Mine fine-grained classes from the embeddings ``[N, D]`` of all training images."""
        if epoch == self.start_epoch:
            self._renew_branch()
        begin = time.monotonic()
        clusters = self.cluster(embeddings, self.record_pids)
        self.fine_grained.assign(clusters)
        return {
            "classes": len(clusters.pids),
            "outliers": clusters.num_outliers,
            "clustering_seconds": round(time.monotonic() - begin, 3),
            **self._agreement(clusters),
        }

    def sizes(self) -> dict[str, int]:
        """How many fine-grained classes there is room for."""
        return {"capacity": self.fine_grained.capacity}

    def resize(self, sizes: Mapping[str, int]) -> None:
        """Make room for as many fine-grained classes as the saved run had."""
        if sizes["capacity"] != self.fine_grained.capacity:
            self.fine_grained.resize(sizes["capacity"])

    def _renew_branch(self) -> None:
        # Weight decay has worn the branch down while its loss was switched off.
        for parameter, value in self._branch_at_start:
            ops.assign(parameter, Tensor(value))

    def _agreement(self, clusters: PersonClusters) -> dict[str, float]:
        figures = {}
        for name, look in self.looks.items():
            whole, within = agreement(clusters.labels, np.asarray(look), self.record_pids)
            figures[f"nmi_{name}"], figures[f"nmi_{name}_within_persons"] = round(whole, 4), round(within, 4)
        return figures

    @classmethod
    def for_dataset(cls, network: nn.Cell, dataset: TrainingClasses, **options: Any) -> FIReObjective:
        """Build the objective for a dataset's persons and images."""
        pids = [record.pid for record in dataset.train]
        return cls(network, dataset.num_train_pids, pids, known_looks(dataset.train), **options)
