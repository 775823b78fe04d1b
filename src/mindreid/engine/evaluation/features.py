"""Evaluation: embeddings of every image a protocol needs, then ranking."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any, Optional

import numpy as np
from mindspore import Tensor, nn

from mindreid.config import Recipe
from mindreid.data.formats.images import LoadSample
from mindreid.data.pipeline import Batch, evaluation_batches, multi_row_batches
from mindreid.data.records import Record
from mindreid.data.sample_loaders import sample_loaders
from mindreid.data.transforms import evaluation_transform
from mindreid.data.unreadable_files import StandIns
from mindreid.engine.platform.compilation import compile_function
from mindreid.engine.platform.distributed import Workers, failing_together, gather_rows, share_from_first
from mindreid.engine.platform.memory import memory_errors_explained
from mindreid.errors import InvalidArgumentError
from mindreid.layers.byte_images import byte_preparation

logger = logging.getLogger(__name__)


class FeatureExtractor:
    """Embeddings of records by a network in evaluation mode, compiled once.

    Parameters
    ----------
    network : nn.Cell
        ``construct(images) -> [B, D]``.
    transform : callable
        The evaluation transform.
    batch_size : int
        Images per forward pass; the last batch is padded to it.
    load : callable, optional
        Makes all rows of a record of many frames or crops, ``[rows, …]``, whose embeddings are averaged.
        By default a record is one row. There is a graph for every shape of rows.
    frame_size : int
        Numbers that make a frame, by which ``batch_size`` counts the frames of rows.
    prepare : nn.Cell, optional
        What the device makes of images that arrive as bytes. By default they arrive as it takes them.
    flip : bool
        Add the embedding of the mirrored image.
    reader_threads : int
        Threads that read images.
    workers : Workers
        Processes that share the work.
    between_batches : callable
        Called after each batch; may raise to end early.
    """

    def __init__(
        self,
        network: nn.Cell,
        transform: Callable[..., np.ndarray],
        *,
        batch_size: int,
        flip: bool,
        reader_threads: int,
        workers: Workers = Workers(),  # noqa: B008 - immutable
        between_batches: Callable[[], None] = lambda: None,
        load: Optional[LoadSample] = None,
        frame_size: int = 1,
        prepare: Optional[nn.Cell] = None,
    ) -> None:
        self.network, self.transform = network, transform
        self.load, self.frame_size = load, frame_size
        self.batch_size, self.flip, self.reader_threads, self.workers = (
            batch_size,
            flip,
            reader_threads,
            workers,
        )
        self.between_batches = between_batches
        self._embed = compile_function(network.construct if prepare is None else _after(prepare, network))

    def __call__(
        self,
        records: Sequence[Record],
        *,
        flip: Optional[bool] = None,
        stand_ins: Optional[StandIns] = None,
    ) -> np.ndarray:
        """Return float32 ``[len(records), D]`` (gait: ``[…, D, parts]``) in the order of ``records``.

        They are not normalised.

        Parameters
        ----------
        records : sequence of Record
            What to embed.
        flip : bool, optional
            Another choice than the extractor's own.
        stand_ins : StandIns, optional
            Made for the same records: whose embeddings unreadable ones get. By default, nobody's.
        """
        # Workers' batch norms may have kept statistics of their own shares of the batches.
        share_from_first((p for p in self.network.get_parameters() if not p.requires_grad), self.workers)
        was_training = self.network.training
        self.network.set_train(False)
        try:
            explained = memory_errors_explained("embeddings", "lower evaluation.batch_size")
            with failing_together(self.workers), explained:
                batches = self._batches(records, stand_ins)
                rows, indices = self._embed_share(batches, self.flip if flip is None else flip)
        finally:
            self.network.set_train(was_training)
        return gather_rows(rows, indices, len(records), self.workers)

    def _embed_share(
        self, batches: Generator[Batch, None, None], flip: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Embed this worker's share: its rows, and where they belong."""
        rows, indices = [], []
        with closing(batches):
            for batch in batches:
                rows.append(self._embed_batch(batch["images"], flip)[: batch["valid"]])
                indices.append(batch["index"][: batch["valid"]])
                self.between_batches()
        return _mean_by_index(np.concatenate(rows), np.concatenate(indices))

    def _batches(
        self, records: Sequence[Record], stand_ins: Optional[StandIns]
    ) -> Generator[Batch, None, None]:
        shared: dict[str, Any] = {
            "batch_size": self.batch_size,
            "reader_threads": self.reader_threads,
            "rank": self.workers.rank,
            "world_size": self.workers.size,
            "stand_ins": stand_ins,
        }
        if self.load is None:
            return evaluation_batches(records, self.transform, **shared)
        return multi_row_batches(
            records, self.transform, load=self.load, frame_size=self.frame_size, **shared
        )

    def _embed_batch(self, images: np.ndarray, flip: bool) -> np.ndarray:
        embedding = self._embed(Tensor(images)).asnumpy().astype(np.float32)
        if embedding.ndim not in (2, 3) or len(embedding) != len(images):
            raise InvalidArgumentError(
                f"of {len(images)} images the network makes {list(embedding.shape)}, where an embedding is "
                "[B, D], or [B, D, parts] of gait",
                fix="pool the map in the network's construct",
            )
        if flip:
            mirrored = np.ascontiguousarray(images[..., ::-1])
            embedding += self._embed(Tensor(mirrored)).asnumpy()
        return embedding


def _after(prepare: nn.Cell, network: nn.Cell) -> Callable[[Tensor], Tensor]:
    def embed(images: Tensor) -> Tensor:
        return network(prepare(images))

    return embed


def _mean_by_index(rows: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average the rows that share an index; also return the indices, ascending."""
    if not len(indices):
        return rows, indices
    order = np.argsort(indices, kind="stable")
    distinct, starts, counts = np.unique(indices[order], return_index=True, return_counts=True)
    sums = np.add.reduceat(rows[order], starts)
    return sums / counts.astype(np.float32).reshape(-1, *[1] * (rows.ndim - 1)), distinct


def build_extractor(recipe: Recipe, network: nn.Cell, workers: Workers, **options: Any) -> FeatureExtractor:
    """Build the feature extractor that the recipe's evaluation section describes.

    With ``device.normalize`` images travel as bytes, and the device normalises them; but not sequences
    that are filled up with absent frames, which no byte tells from others.
    """
    inputs = recipe.input
    loaders = sample_loaders(recipe.frames, inputs, recipe.evaluation.crop_scale)
    as_bytes = recipe.device.normalize and not (loaders and loaders.absent_frames)
    return FeatureExtractor(
        network,
        evaluation_transform(inputs, as_bytes=as_bytes),
        prepare=byte_preparation(inputs) if as_bytes else None,
        load=loaders.evaluation if loaders else None,
        frame_size=inputs.channels * inputs.height * inputs.width,
        batch_size=recipe.evaluation.batch_size,
        flip=recipe.evaluation.flip,
        reader_threads=recipe.train.reader_threads,
        workers=workers,
        **options,
    )
