"""Labels of the pixels of all training images, found person after person so that memory stays bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Optional

import mindspore as ms
import numpy as np
from mindspore import Tensor

from mindreid.config import Recipe
from mindreid.data.pipeline import evaluation_batches
from mindreid.data.records import Record
from mindreid.data.transforms import evaluation_transform
from mindreid.data.unreadable_files import StandIns
from mindreid.engine.platform.distributed import Workers, add_up, failing_together, share_from_first
from mindreid.engine.platform.memory import memory_errors_explained
from mindreid.objective import Objective


class MapLabeller:
    """Computes every training image's map and has the objective label one person's at a time.

    Parameters
    ----------
    objective : Objective
        Its ``maps`` and ``label_maps`` are called.
    records : sequence of Record
        The training split, of single images.
    transform : callable
        The evaluation transform.
    batch_size : int
        Images per forward pass; a batch may hold several persons.
    reader_threads : int
        Threads that read images.
    workers : Workers
        Processes that share the persons.
    between_batches : callable
        Called after each batch; may raise to end early.
    stand_ins : StandIns, optional
        Made for the same records: whose maps unreadable ones get. By default, nobody's.
    """

    def __init__(
        self,
        objective: Objective,
        records: Sequence[Record],
        transform: Callable[..., np.ndarray],
        *,
        batch_size: int,
        reader_threads: int,
        workers: Workers = Workers(),  # noqa: B008 - immutable
        between_batches: Callable[[], None] = lambda: None,
        stand_ins: Optional[StandIns] = None,
    ) -> None:
        self.objective, self.records, self.transform = objective, records, transform
        self.workers, self.between_batches, self.stand_ins = workers, between_batches, stand_ins
        self.options: dict[str, Any] = {"batch_size": batch_size, "reader_threads": reader_threads}
        self._maps = ms.jit(objective.maps)

    def __call__(self) -> np.ndarray:
        """Return uint8 ``[N, h, w]`` for all records, in their order, on every worker."""
        network = self.objective.network
        share_from_first((p for p in network.get_parameters() if not p.requires_grad), self.workers)
        was_training = network.training
        network.set_train(False)
        try:
            explained = memory_errors_explained("maps", "lower evaluation.batch_size")
            with failing_together(self.workers), explained:
                labels = self._label_share()
        finally:
            network.set_train(was_training)
        return add_up(labels, self.workers)

    def _label_share(self) -> np.ndarray:
        """Label the images of this worker's persons; all others stay 0."""
        persons = deque(_positions_by_person(self.records)[self.workers.rank :: self.workers.size])
        places = np.concatenate([*persons, np.zeros(0, int)])
        labels = np.zeros((len(self.records), 0, 0), np.uint8)
        waiting: list[np.ndarray] = []
        batches = evaluation_batches(
            self.records, self.transform, places=places, stand_ins=self.stand_ins, **self.options
        )
        with closing(batches):
            for batch in batches:
                maps = self._maps(Tensor(batch["images"])).asnumpy().astype(np.float32)
                if not labels.size:
                    labels = np.zeros((len(self.records), *maps.shape[2:]), np.uint8)
                waiting.extend(maps[: batch["valid"]])
                while persons and len(persons[0]) <= len(waiting):
                    own = persons.popleft()
                    labels[own] = self.objective.label_maps(np.stack(waiting[: len(own)]))
                    del waiting[: len(own)]
                self.between_batches()
        return labels


def build_map_labeller(
    recipe: Recipe, objective: Objective, records: Sequence[Record], workers: Workers, **options: Any
) -> MapLabeller:
    """Build what labels maps of images as the recipe's evaluation section describes them."""
    return MapLabeller(
        objective,
        records,
        evaluation_transform(recipe.input),
        batch_size=recipe.evaluation.batch_size,
        reader_threads=recipe.train.reader_threads,
        workers=workers,
        **options,
    )


def _positions_by_person(records: Sequence[Record]) -> list[np.ndarray]:
    pids = np.array([record.pid for record in records])
    counts = np.unique(pids, return_counts=True)[1]
    return np.split(np.argsort(pids, kind="stable"), np.cumsum(counts)[:-1])
