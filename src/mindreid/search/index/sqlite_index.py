"""An index that is a folder: rows in SQLite, vectors and crops in files beside it.

==========================  ===================================================================
``index.sqlite``            recordings, tracklets, boxes, retention; what is committed here is the index
``vectors-<number>.f32``    float32 ``[tracklets, D]``, in the order of the database's rows
``crops/``                  JPEG files, a folder for each recording
``cache/``                  what pages keep to be quicker; deleted whenever something is forgotten
``log.jsonl``               who did what and why, see :mod:`mindreid.search.index.hash_chain`
==========================  ===================================================================
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.errors import DataError
from mindreid.folder_lock import FolderInUse, folder_lock
from mindreid.search.index.file_scan import picture_needle, scan_folder
from mindreid.search.index.hash_chain import LogFile, verify_chain
from mindreid.search.index.index_protocol import Deleted
from mindreid.search.index.source_addition import SourceAddition
from mindreid.search.index.sqlite_rows import CHUNK, SqliteRows
from mindreid.search.index.tracklets import (
    Crop,
    Filters,
    Hit,
    IndexedModel,
    Source,
    Tracklet,
    check_embedding,
)
from mindreid.search.index.vector_file import VectorFile, nearest_rows, write_rows

DATABASE, CROPS, CACHE, LOG = "index.sqlite", "crops", "cache", "log.jsonl"
_COPIED_ROWS = 65_536


class SqliteIndex:
    """See :class:`mindreid.search.index.Index`.

    Parameters
    ----------
    folder : Path
        The index.
    create : bool
        Whether a new or empty folder becomes one.

    Raises
    ------
    DataError
        If the folder is no index.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder, self.location = folder, str(folder)
        if create:
            # Nobody else on this machine has a business with whom it shows.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.rows = SqliteRows(folder / DATABASE, create=create)
        self._log = LogFile(folder / LOG)
        self._held = 0

    def close(self) -> None:
        """See :class:`Index`."""
        self.rows.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """See :class:`Index`; what a killed process has left is cleared away first."""
        if self._held:
            yield
            return
        try:
            with folder_lock(self.folder):
                self._held += 1
                try:
                    self._delete_doomed()
                    yield
                finally:
                    self._held -= 1
        except FolderInUse as holder:
            raise DataError(
                f"another process is changing this index ({holder})", where=self.location, fix="wait for it"
            ) from None

    def model(self) -> Optional[IndexedModel]:
        """See :class:`Index`."""
        text = self.rows.fact("model")
        return None if text is None else IndexedModel(**json.loads(text))

    def set_model(self, model: IndexedModel) -> None:
        """See :class:`Index`."""
        with self.exclusive():
            own = self.model()
            if own is not None and not own.embeds_like(model) and self.rows.next_row():
                raise DataError(
                    f"the index holds embeddings of another model ({Path(own.path).name}, SHA-256 "
                    f"{own.sha256[:12]}…, not {model.sha256[:12]}…), or of other inputs",
                    where=self.location,
                    fix="take that model, or embed all anew with `mindreid search reembed`",
                )
            with self.rows.transaction():
                self.rows.set_fact("model", json.dumps(asdict(model)))

    def source(self, source_id: str) -> Optional[Source]:
        """See :class:`Index`."""
        return next(iter(self.rows.sources(source_id)), None)

    def sources(self) -> list[Source]:
        """See :class:`Index`."""
        return self.rows.sources()

    @contextmanager
    def adding(self, source_id: str) -> Iterator[SourceAddition]:
        """See :class:`Index`."""
        with self.exclusive():
            model = self.model()
            if model is None:
                raise DataError("the index has no model yet", where=self.location)
            if self.source(source_id) is not None:
                raise DataError(f"the recording {source_id[:12]}… is in the index", where=self.location)
            addition = SourceAddition(self.folder / CROPS, self.rows, self._vectors(), model, source_id)
            try:
                with addition:
                    yield addition
            except OSError as error:
                # A full disk does not say which one it is.
                error.filename = error.filename or self.location
                raise
            finally:
                self._delete_doomed()

    def search(self, vector: np.ndarray, filters: Filters = Filters(), top: int = 10) -> list[Hit]:
        """See :class:`Index`."""
        # One state of the database, lest the rows are renumbered in between.
        with self.rows.transaction("DEFERRED"):
            model = self.model()
            if model is None:
                return []
            query, count = check_embedding(vector, model.dimension), self.rows.next_row()
            rows = self._vectors().rows(count)
            allowed = None if filters == Filters() else np.sort(self.rows.row_numbers(filters))
            numbers, scores = nearest_rows(rows, query, top, allowed)
            found = {row: self._whole(tracklet, model, rows[row]) for row, tracklet in self._at(numbers)}
        hits = [Hit(found[int(row)], float(score)) for row, score in zip(numbers, scores)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.tracklet.id))[:top]

    def count(self, filters: Filters = Filters()) -> int:
        """See :class:`Index`."""
        return self.rows.count(filters)

    def tracklet(self, tracklet_id: str) -> Tracklet:
        """See :class:`Index`."""
        for tracklet in self._read([tracklet_id]):
            return tracklet
        raise DataError(f"there is no tracklet {tracklet_id!r}", where=self.location)

    def tracklets(self, filters: Filters = Filters()) -> Iterator[Tracklet]:
        """See :class:`Index`."""
        ids = self.rows.ids(filters)
        for begin in range(0, len(ids), CHUNK):
            yield from self._read(ids[begin : begin + CHUNK])

    def read_crop(self, crop: Crop) -> bytes:
        """See :class:`Index`."""
        try:
            return (self.folder / CROPS / crop.name).read_bytes()
        except OSError as error:
            raise DataError(f"a crop can't be read ({error.strerror})", where=crop.name) from None

    def replace_embeddings(self, model: IndexedModel, rows: Iterable[tuple[str, np.ndarray]]) -> None:
        """See :class:`Index`."""
        with self.exclusive():
            place = {tracklet: row for row, tracklet in self.rows.run("SELECT row, id FROM tracklets")}
            new = np.full((len(place), model.dimension), np.nan, np.float32)
            for tracklet, vector in rows:
                new[place[tracklet]] = check_embedding(vector, model.dimension)
            if np.isnan(new).any():
                raise DataError("some tracklets have no new embedding", where=self.location)
            name = self._next_vectors()
            write_rows(self.folder / name, [new])
            with self.rows.transaction():
                self._take_vectors(name)
                self.rows.set_fact("model", json.dumps(asdict(model)))
            self._delete_doomed()

    def delete(self, ids: Sequence[str]) -> Deleted:
        """See :class:`Index`; the vectors' file is written anew, which takes as long as copying it."""
        with self.exclusive():
            gone = sorted(self.rows.tracklets("id", sorted(set(ids))), key=lambda found: found[0])
            if not gone:
                return Deleted((), (), 0)
            crops = [crop for _, tracklet in gone for crop in tracklet.crops]
            numbers, names = [row for row, _ in gone], [tracklet.id for _, tracklet in gone]
            vectors = self._vectors().rows(self.rows.next_row())
            needles = [name.encode() for name in names] + [vectors[row].tobytes() for row in numbers]
            needles += [needle for crop in crops if (needle := self._crop_needle(crop))]
            name = self._next_vectors()
            write_rows(self.folder / name, _without(vectors, numbers))
            with self.rows.transaction():
                self._take_vectors(name)
                self.rows.remove_tracklets(numbers, names)
                self._doom(f"{CROPS}/{crop.name}" for crop in crops)
            self._delete_doomed()
            shutil.rmtree(self.folder / CACHE, ignore_errors=True)
            self.rows.run("VACUUM")
            return Deleted(tuple(names), tuple(needles), len(crops))

    def delete_source(self, source_id: str) -> None:
        """See :class:`Index`."""
        with self.exclusive(), self.rows.transaction():
            if self.rows.count(Filters(sources=(source_id,))):
                raise DataError("the recording still has tracklets", where=source_id)
            self.rows.delete_source(source_id)

    def retention(self) -> dict[str, float]:
        """See :class:`Index`."""
        return dict(self.rows.run("SELECT camera, days FROM retention ORDER BY camera"))

    def set_retention(self, camera: str, days: Optional[float]) -> None:
        """See :class:`Index`."""
        with self.exclusive(), self.rows.transaction():
            self.rows.run("DELETE FROM retention WHERE camera = ?", (camera,))
            if days is not None:
                self.rows.run("INSERT INTO retention VALUES (?, ?)", (camera, days))

    def remaining(self, needles: Sequence[bytes]) -> tuple[list[str], int, int]:
        """See :class:`Index`."""
        return scan_folder(self.folder, needles)

    def append_log(self, action: str, details: Mapping[str, Any]) -> None:
        """See :class:`Index`."""
        self._log.append(action, details)

    def log(self) -> list[dict[str, Any]]:
        """See :class:`Index`."""
        return self._log.entries()

    def verify_log(self) -> tuple[int, str]:
        """See :class:`Index`."""
        return verify_chain(self._log.lines(), str(self._log.path))

    def _vectors(self) -> VectorFile:
        model = self.model()
        name = self.rows.fact("vectors") or "vectors-000000.f32"
        return VectorFile(self.folder / name, 0 if model is None else model.dimension)

    def _next_vectors(self) -> str:
        number = int(self._vectors().path.stem.rpartition("-")[2]) + 1
        return f"vectors-{number:06d}.f32"

    def _take_vectors(self, name: str) -> None:
        self._doom([self._vectors().path.name])
        self.rows.set_fact("vectors", name)

    def _at(self, numbers: np.ndarray) -> list[tuple[int, Tracklet]]:
        return self.rows.tracklets("row", [int(number) for number in numbers])

    def _read(self, ids: Sequence[str]) -> list[Tracklet]:
        with self.rows.transaction("DEFERRED"):
            model, count = self.model(), self.rows.next_row()
            if model is None:
                return []
            vectors = self._vectors().rows(count)
            found = self.rows.tracklets("id", ids)
            whole = [self._whole(tracklet, model, vectors[row]) for row, tracklet in found]
        return sorted(whole, key=lambda tracklet: tracklet.id)

    @staticmethod
    def _whole(tracklet: Tracklet, model: IndexedModel, vector: np.ndarray) -> Tracklet:
        return replace(tracklet, model=model.sha256, embedding=np.array(vector, np.float32))

    def _crop_needle(self, crop: Crop) -> Optional[bytes]:
        try:
            content = self.read_crop(crop)
        except DataError:  # a picture that is gone already needs no looking for
            return None
        return picture_needle(content)

    def _doom(self, paths: Iterable[str]) -> None:
        self.rows.run_many("INSERT OR IGNORE INTO doomed VALUES (?)", [(path,) for path in paths])

    def _delete_doomed(self) -> None:
        doomed = [row[0] for row in self.rows.run("SELECT path FROM doomed")]
        if not doomed:
            return
        for name in doomed:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            _remove_empty(path.parent, self.folder / CROPS)
        with self.rows.transaction():
            self.rows.run("DELETE FROM doomed")


def _without(vectors: np.ndarray, numbers: Sequence[int]) -> Iterator[np.ndarray]:
    kept = np.ones(len(vectors), bool)
    kept[list(numbers)] = False
    for begin in range(0, len(vectors), _COPIED_ROWS):
        rows = slice(begin, begin + _COPIED_ROWS)
        yield vectors[rows][kept[rows]]


def _remove_empty(folder: Path, root: Path) -> None:
    while root in folder.parents:
        if folder.is_dir():
            if any(os.scandir(folder)):
                return
            folder.rmdir()
        folder = folder.parent
