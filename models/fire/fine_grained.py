"""The classes that are found anew every epoch, in tables and a classifier of fixed size."""

from __future__ import annotations

import logging
from typing import Optional

import mindspore as ms
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.layers.classifiers import CosineClassifier
from mindreid.metrics import PersonClusters

logger = logging.getLogger(__name__)

#: Capacities are multiples of this.
_GRAIN = 16
#: What it grows to, relative to what is needed.
_RESERVE = 1.25
#: Cosine of an unused class: a softmax gives it nothing, and nothing becomes infinite.
_UNUSED_COSINE = -1e4
_UNUSED = -1


class FineGrainedClasses(nn.Cell):
    """Which class every training image belongs to, and a cosine classifier of these classes.

    How many classes there are changes from epoch to epoch, the shapes do not: a compiled step reads
    ``capacity`` classes, of which the unused ones take no part. All tables are Parameters, so a saved
    state holds them. Before anything is found, every person is one class.

    Parameters
    ----------
    num_features : int
        Length of the embedding.
    record_pids : np.ndarray
        int ``[N]``, person of every training image, 0..P-1.
    capacity : int, optional
        The greatest number of classes; by default a quarter of the number of images. At least one
        per person, rounded up to a multiple of 16.

    Raises
    ------
    InvalidArgumentError
        If ``capacity`` is not positive.
    """

    def __init__(self, num_features: int, record_pids: np.ndarray, capacity: Optional[int] = None) -> None:
        super().__init__()
        if capacity is not None and capacity < 1:
            raise InvalidArgumentError(f"there must be room for at least one class, not {capacity}")
        num_persons = int(record_pids.max()) + 1
        wanted = len(record_pids) // 4 if capacity is None else capacity
        self.capacity = _rounded(max(wanted, num_persons))
        self.classifier = CosineClassifier(num_features, self.capacity)
        self.labels = Parameter(Tensor(record_pids, ms.int32), name="labels", requires_grad=False)
        table = _padded(np.arange(num_persons), self.capacity)
        self.pids = Parameter(Tensor(table, ms.int32), name="pids", requires_grad=False)

    def construct(self, features: Tensor, pids: Tensor, indices: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compare embeddings with all classes.

        Parameters
        ----------
        features : Tensor
            float32 ``[B, D]``.
        pids, indices : Tensor
            int32 ``[B]``, person and number of the training image.

        Returns
        -------
        cosines : Tensor
            float32 ``[B, capacity]``, far below -1 where no class is.
        targets : Tensor
            int32 ``[B]``, the class of each sample.
        positive : Tensor
            bool ``[B, capacity]``, the classes of the sample's person.
        """
        used = ops.expand_dims(self.pids >= 0, 0)
        cosines = ops.where(used, self.classifier(features), _UNUSED_COSINE)
        positive = ops.equal(ops.expand_dims(pids, 1), ops.expand_dims(self.pids, 0))
        return cosines, ops.gather(self.labels, indices, 0), positive

    def assign(self, clusters: PersonClusters) -> None:
        """Take over new classes; the classifier's weights become their centres."""
        count = len(clusters.pids)
        if count > self.capacity:
            self.resize(_rounded(int(count * _RESERVE)))
            logger.info("room for %d fine-grained classes from now on, %d were found", self.capacity, count)
        ops.assign(self.labels, Tensor(clusters.labels, ms.int32))
        ops.assign(self.pids, Tensor(_padded(clusters.pids, self.capacity), ms.int32))
        centres = np.zeros(self.classifier.weight.shape, np.float32)
        centres[:count] = clusters.centres
        ops.assign(self.classifier.weight, Tensor(centres))

    def resize(self, capacity: int) -> None:
        """Exchange table and classifier for empty ones; what was compiled for the old ones is void."""
        self.capacity = self.classifier.num_classes = capacity
        weight, pids = self.classifier.weight, self.pids
        empty = np.zeros((capacity, weight.shape[1]), np.float32)
        self.classifier.weight = Parameter(Tensor(empty), name=weight.name)
        table = Tensor(np.full(capacity, _UNUSED), ms.int32)
        self.pids = Parameter(table, name=pids.name, requires_grad=False)


def _padded(pids: np.ndarray, capacity: int) -> np.ndarray:
    return np.pad(pids, (0, capacity - len(pids)), constant_values=_UNUSED)


def _rounded(count: int) -> int:
    return -(-count // _GRAIN) * _GRAIN
