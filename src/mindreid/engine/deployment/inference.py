"""Embeddings of many images or sequences by an exported file: in batches, with progress, resumable."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

import numpy as np
from tqdm import tqdm

from mindreid.engine.deployment.embedding_folder import (
    SKIPPED,
    Embedded,
    EmbeddingFolder,
    claimed_embedding_folder,
)
from mindreid.engine.deployment.exported_model import ExportedModel
from mindreid.engine.deployment.inference_inputs import LoadedInput, load_inputs
from mindreid.engine.deployment.input_keypoints import InputKeypoints
from mindreid.engine.deployment.input_listing import Unreadable
from mindreid.engine.deployment.runtimes import Runtime
from mindreid.errors import DataError, InvalidArgumentError

logger = logging.getLogger(__name__)

#: Batches between two savings.
_BATCHES_PER_PART = 16


def embed_files(
    runtime: Runtime,
    model: ExportedModel,
    paths: Sequence[Path],
    output: Path,
    *,
    source: Optional[Path] = None,
    unreadable: Optional[Sequence[Unreadable]] = None,
    keypoints: Optional[InputKeypoints] = None,
    batch_size: int = 32,
    reader_threads: int = 4,
) -> Embedded:
    """Write the embeddings of files to a folder, or add to what is there what is missing.

    A file is known by its content: what an interrupted or an earlier run has embedded, of this model,
    is not computed again, a photo that was replaced is, and one that is no longer listed leaves.

    Parameters
    ----------
    runtime : Runtime
        Has loaded the model.
    model : ExportedModel
        Says what the files are made into.
    paths : sequence of Path
        Images or sequences, see :func:`mindreid.engine.deployment.input_listing.list_inputs`; the rows
        come in this order.
    output : Path
        A folder that is new, empty, or of an earlier run; see
        :mod:`mindreid.engine.deployment.embedding_folder`.
    source : Path, optional
        Where the files were listed; a folder that holds a run of another place is refused.
    unreadable : sequence of Unreadable, optional
        What was left out when the files were listed. Given, be it empty, a file that can't be read
        is skipped and listed in ``skipped.csv``; without it, it is an error.
    keypoints : InputKeypoints, optional
        Of the images, for a network of posed images.
    batch_size : int
        Images per pass, unless the file's is fixed; of several that it takes, the largest that is no
        larger, or else its smallest. A batch that is not full is filled up, so that few graphs take all.
    reader_threads : int
        Threads that read files.

    Raises
    ------
    DataError
        If a file can't be read, or ``output`` holds something else. What was embedded before is
        kept for the next time.
    InvalidArgumentError
        If batch size or number of threads is not positive.
    """
    if min(batch_size, reader_threads) < 1:
        raise InvalidArgumentError("batch size and number of reader threads are at least 1")
    table = None if keypoints is None else keypoints.sha256
    with claimed_embedding_folder(output, model, source, table) as folder:
        if folder.known:
            logger.info("%d embeddings are in %s already", len(folder.known), output)
        batches = _Batches(runtime, folder, *_batch_sizes(model, batch_size, len(paths)))
        read, skipped = [], list(unreadable or ())
        try:
            for loaded in tqdm(
                load_inputs(model, paths, frozenset(folder.known), reader_threads, keypoints),
                total=len(paths), desc="embedding", unit="file", disable=None,
            ):  # fmt: skip
                if loaded.error is None:
                    read.append(loaded)
                    batches.add(loaded)
                else:
                    skipped.append(_skipped(loaded.error, loaded.path, unreadable is not None))
            batches.flush()
        finally:
            batches.save()
        if not read:
            raise DataError(f"none of {len(paths)} files can be read", where=str(skipped[0].path))
        if skipped:
            logger.warning("skipped %d files or folders, see %s", len(skipped), output / SKIPPED)
        return folder.finish([item.path for item in read], [item.digest for item in read], skipped)


def _batch_sizes(model: ExportedModel, wanted: int, files: int) -> tuple[tuple[int, ...], int]:
    """Choose ascending batch sizes of those that the file takes, and how many inputs fill a batch."""
    if model.batch_sizes is None:
        sizes: tuple[int, ...] = (min(wanted, files),)
    else:
        sizes = tuple(size for size in model.batch_sizes if size <= max(wanted, model.batch_sizes[0]))
    if model.inputs.kind == "silhouettes" and model.frames is None:
        # Sequences of several lengths share no batch.
        return sizes[:1] if model.batch_sizes else (1,), 1
    return sizes, sizes[-1]


@dataclass
class _Batches:
    """Files on their way to being embedded, and embeddings on their way to the folder."""

    runtime: Runtime
    folder: EmbeddingFolder
    sizes: tuple[int, ...]
    most: int
    _waiting: dict[str, np.ndarray] = field(default_factory=dict)
    _unsaved: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, loaded: LoadedInput) -> None:
        if loaded.sample is None or loaded.digest in self.folder.known or loaded.digest in self._waiting:
            return
        self._waiting[loaded.digest] = loaded.sample
        if len(self._waiting) == self.most:
            self.flush()
        if len(self._unsaved) >= self.most * _BATCHES_PER_PART:
            self.save()

    def flush(self) -> None:
        """Embed what is waiting."""
        if not self._waiting:
            return
        batch = np.stack(list(self._waiting.values()))
        size = next(size for size in self.sizes if size >= len(batch))
        missing = ((0, size - len(batch)),) + ((0, 0),) * (batch.ndim - 1)
        rows = self.runtime(np.pad(batch, missing, mode="edge"))[: len(batch)]
        embedded = dict(zip(self._waiting, rows))
        self._unsaved.update(embedded)
        self.folder.known.update(embedded)
        self._waiting.clear()

    def save(self) -> None:
        """Keep what is embedded, should the run be interrupted."""
        if self._unsaved:
            self.folder.save_part(self._unsaved)
            self._unsaved = {}


def _skipped(error: DataError, path: Path, is_allowed: bool) -> Unreadable:
    if is_allowed:
        return Unreadable(path, error.what)
    fix = error.fix or "fetch it again, take it out"
    raise DataError(error.what, where=error.where, fix=f"{fix}, or pass --skip-unreadable") from error
