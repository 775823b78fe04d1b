"""One recording on its way into an index that is a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Optional

import numpy as np

from mindreid.errors import DataError
from mindreid.search.index.sqlite_rows import SqliteRows
from mindreid.search.index.tracklets import IndexedModel, Source, Tracklet, check_embedding
from mindreid.search.index.vector_file import VectorFile


def crop_folder(source_id: str) -> str:
    """Return the folder of a recording's crops, below that of all crops.

    Examples
    --------
    >>> crop_folder("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    '9f/9f86d081884c7d65'
    """
    return f"{source_id[:2]}/{source_id[:16]}"


def crop_name(source_id: str, tracklet_id: str, number: int) -> str:
    """Return the name of a tracklet's crop, by its number from 0."""
    return f"{crop_folder(source_id)}/{tracklet_id}-{number}.jpg"


class SourceAddition:
    """See :class:`mindreid.search.index.Addition`; a context that ends without ``finish`` leaves nothing.

    Crops are written as they come. Vectors and rows follow at the end: first the vectors, behind those
    that count, then the rows in one transaction, after which the vectors count, too.
    """

    def __init__(
        self, crops: Path, rows: SqliteRows, vectors: VectorFile, model: IndexedModel, source_id: str
    ) -> None:
        self._crops, self._rows, self._vectors, self._model = crops, rows, vectors, model
        self._source_id = source_id
        self._mark = f"{crops.name}/{crop_folder(source_id)}"
        self._tracklets: list[Tracklet] = []
        self._is_finished = False

    def __enter__(self) -> SourceAddition:
        with self._rows.transaction():
            self._rows.run("INSERT OR IGNORE INTO doomed VALUES (?)", (self._mark,))
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if not self._is_finished:
            self._vectors.truncate(self._rows.next_row())

    def put(self, tracklet: Tracklet, crops: Sequence[bytes]) -> None:
        """See :class:`Addition`.

        Raises
        ------
        DataError
            If it is of another recording or another model.
        """
        if (tracklet.source, tracklet.model) != (self._source_id, self._model.sha256):
            raise DataError("the tracklet is of another recording or another model", where=tracklet.id)
        embedding = check_embedding(tracklet.embedding, self._model.dimension)
        for crop, content in zip(tracklet.crops, crops):
            path = self._crops / crop.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        self._tracklets.append(replace(tracklet, embedding=embedding))

    def finish(self, source: Source) -> None:
        """See :class:`Addition`."""
        first = self._rows.next_row()
        if self._tracklets:
            self._vectors.append(first, np.stack([tracklet.embedding for tracklet in self._tracklets]))
        with self._rows.transaction():
            self._rows.insert_source(source)
            self._rows.insert_tracklets(first, self._tracklets)
            self._rows.run("DELETE FROM doomed WHERE path = ?", (self._mark,))
            self._rows.set_fact("vectors", self._vectors.path.name)
        self._is_finished = True
