"""An index in a Milvus database, for more tracklets than one machine holds.

======================  ====================================================================
``COLLECTION``          records: the model, recordings, boxes, crops, retention and the log
``COLLECTION_<number>`` tracklets and their vectors; another number once all are embedded anew
======================  ====================================================================

Milvus has no transactions. A recording's tracklets are inserted under a mark; searches leave out what is
marked, and the next process that changes the index deletes it. Two processes of one machine keep each other
out. Of several machines each may add recordings of its own at the same time; forgetting and embedding anew
are for one of them while none adds.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Optional

import numpy as np

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.folder_lock import FolderInUse, folder_lock
from mindreid.search.index.file_scan import picture_needle
from mindreid.search.index.hash_chain import chained_line, verify_chain
from mindreid.search.index.index_protocol import Deleted
from mindreid.search.index.milvus_records import BATCH, MilvusRecords, connect, make_collection, rows_of
from mindreid.search.index.milvus_rows import (
    FIELDS,
    MilvusAddition,
    condition_of,
    row_of,
    source_as_bytes,
    source_of,
    tracklet_of,
)
from mindreid.search.index.tracklets import (
    Crop,
    Filters,
    Hit,
    IndexedModel,
    Source,
    Tracklet,
    check_embedding,
    to_seconds,
)

#: Milvus gives no more hits than that.
_MOST_HITS = 16_384
_STATE = "state"


class MilvusIndex:
    """See :class:`mindreid.search.index.Index`.

    Parameters
    ----------
    location : str
        ``milvus://HOST:PORT/COLLECTION``, or ``milvus:///PATH/FILE.db/COLLECTION`` of Milvus Lite.
    create : bool
        Whether it is made where there is none.

    Raises
    ------
    DataError
        If there is none, or the database does not answer.
    """

    def __init__(self, location: str, *, create: bool = False) -> None:
        self.location = location
        self._client, self._name = connect(location)
        if not create and not self._client.has_collection(self._name):
            raise DataError(
                "there is no such index", where=location, fix="make one with `mindreid search add`"
            )
        self._records = MilvusRecords(self._client, self._name)
        self._held = 0

    def close(self) -> None:
        """See :class:`Index`."""
        self._client.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """See :class:`Index`; other machines are not kept out."""
        if self._held:
            yield
            return
        try:
            with folder_lock(self._lock_folder()):
                self._held += 1
                try:
                    self._delete_marked()
                    yield
                finally:
                    self._held -= 1
        except FolderInUse as holder:
            raise DataError(
                f"another process is changing this index ({holder})", where=self.location, fix="wait for it"
            ) from None

    def model(self) -> Optional[IndexedModel]:
        """See :class:`Index`."""
        state = self._state()
        return None if state is None else IndexedModel(**state["model"])

    def set_model(self, model: IndexedModel) -> None:
        """See :class:`Index`."""
        with self.exclusive():
            state = self._state()
            own = None if state is None else IndexedModel(**state["model"])
            if own is not None and not own.embeds_like(model) and self.count():
                raise DataError(
                    f"the index holds embeddings of another model (SHA-256 {own.sha256[:12]}…, not "
                    f"{model.sha256[:12]}…), or of other inputs",
                    where=self.location,
                    fix="take that model, or embed all anew with `mindreid search reembed`",
                )
            same = own is not None and own.dimension == model.dimension
            number = 0 if state is None else int(state["number"]) + (not same)
            self._switch(model, number)

    def source(self, source_id: str) -> Optional[Source]:
        """See :class:`Index`."""
        content = self._records.get([f"source/{source_id}"])
        return next(map(source_of, content.values()), None)

    def sources(self) -> list[Source]:
        """See :class:`Index`."""
        found = map(source_of, self._records.get(self._records.keys("source/")).values())
        return sorted(found, key=lambda source: (source.camera, to_seconds(source.start) or 0.0, source.path))

    @contextmanager
    def adding(self, source_id: str) -> Iterator[MilvusAddition]:
        """See :class:`Index`."""
        with self.exclusive():
            model = self.model()
            if model is None:
                raise DataError("the index has no model yet", where=self.location)
            if self.source(source_id) is not None:
                raise DataError(f"the recording {source_id[:12]}… is in the index", where=self.location)
            self._records.put({f"adding/{source_id}": socket.gethostname().encode()})
            try:
                yield MilvusAddition(source_id, model, self._insert, self._finish)
            finally:
                self._delete_marked()

    def search(self, vector: np.ndarray, filters: Filters = Filters(), top: int = 10) -> list[Hit]:
        """See :class:`Index`."""
        state = self._state()
        if state is None:
            return []
        if top > _MOST_HITS:
            raise InvalidArgumentError(f"Milvus gives at most {_MOST_HITS} hits", where=str(top))
        model = IndexedModel(**state["model"])
        query = check_embedding(vector, model.dimension)
        (found,) = self._client.search(
            self._tracklets(state), [query.tolist()], limit=top, filter=self._condition(filters),
            output_fields=[*FIELDS, "embedding"], consistency_level="Strong",
        )  # fmt: skip
        tracklets = self._whole([hit["entity"] for hit in found], model)
        hits = [Hit(tracklet, float(tracklet.embedding.astype(float) @ query)) for tracklet in tracklets]
        return sorted(hits, key=lambda hit: (-hit.score, hit.tracklet.id))

    def count(self, filters: Filters = Filters()) -> int:
        """See :class:`Index`."""
        state = self._state()
        if state is None:
            return 0
        rows = self._client.query(
            self._tracklets(state), filter=self._condition(filters), output_fields=["count(*)"],
            consistency_level="Strong",
        )  # fmt: skip
        return int(rows[0]["count(*)"])

    def tracklet(self, tracklet_id: str) -> Tracklet:
        """See :class:`Index`."""
        for tracklet in self._read(f"id == {json.dumps(tracklet_id, ensure_ascii=False)}"):
            return tracklet
        raise DataError(f"there is no tracklet {tracklet_id!r}", where=self.location)

    def tracklets(self, filters: Filters = Filters()) -> Iterator[Tracklet]:
        """See :class:`Index`."""
        state = self._state()
        if state is None:
            return
        rows = rows_of(self._client, self._tracklets(state), self._condition(filters), ["id"])
        ids = sorted(row["id"] for row in rows)
        for begin in range(0, len(ids), BATCH):
            yield from self._read(f"id in {json.dumps(ids[begin : begin + BATCH])}")

    def read_crop(self, crop: Crop) -> bytes:
        """See :class:`Index`."""
        content = self._records.get([f"crop/{crop.name}"])
        if not content:
            raise DataError("a crop can't be read", where=crop.name)
        return next(iter(content.values()))

    def replace_embeddings(self, model: IndexedModel, rows: Iterable[tuple[str, np.ndarray]]) -> None:
        """See :class:`Index`."""
        with self.exclusive():
            state = self._state()
            if state is None:
                raise DataError("the index has no model yet", where=self.location)
            old, number = self._tracklets(state), int(state["number"]) + 1
            new = f"{self._name}_{number:06d}"
            self._client.drop_collection(new)
            make_collection(self._client, new, FIELDS, "embedding", model.dimension)
            batch: list[tuple[str, np.ndarray]] = []
            written = 0
            for row in rows:
                batch.append(row)
                if len(batch) == BATCH:
                    written += self._copy(old, new, batch, model)
                    batch = []
            written += self._copy(old, new, batch, model)
            if written != self.count():
                raise DataError("some tracklets have no new embedding", where=self.location)
            self._switch(model, number)
            self._client.drop_collection(old)

    def delete(self, ids: Sequence[str]) -> Deleted:
        """See :class:`Index`; Milvus takes the rows out of its own files when it next compacts them."""
        with self.exclusive():
            gone = [
                tracklet for name in sorted(set(ids)) for tracklet in self._read(f"id == {json.dumps(name)}")
            ]
            if not gone:
                return Deleted((), (), 0)
            crops = [crop for tracklet in gone for crop in tracklet.crops]
            needles = [tracklet.id.encode() for tracklet in gone]
            needles += [tracklet.embedding.tobytes() for tracklet in gone]
            needles += [picture_needle(self.read_crop(crop)) for crop in crops]
            state = self._state()
            assert state is not None  # noqa: S101 - it holds tracklets
            self._records.delete([f"crop/{crop.name}" for crop in crops])
            self._records.delete([f"boxes/{tracklet.id}" for tracklet in gone])
            for begin in range(0, len(gone), BATCH):
                names = [tracklet.id for tracklet in gone[begin : begin + BATCH]]
                self._client.delete(self._tracklets(state), ids=names)
            return Deleted(tuple(tracklet.id for tracklet in gone), tuple(needles), len(crops))

    def delete_source(self, source_id: str) -> None:
        """See :class:`Index`."""
        with self.exclusive():
            if self.count(Filters(sources=(source_id,))):
                raise DataError("the recording still has tracklets", where=source_id)
            self._records.delete([f"source/{source_id}"])

    def retention(self) -> dict[str, float]:
        """See :class:`Index`."""
        found = self._records.get(self._records.keys("retention/"))
        return {key.partition("/")[2]: float(days) for key, days in sorted(found.items())}

    def set_retention(self, camera: str, days: Optional[float]) -> None:
        """See :class:`Index`."""
        with self.exclusive():
            if days is None:
                self._records.delete([f"retention/{camera}"])
            else:
                self._records.put({f"retention/{camera}": repr(float(days)).encode()})

    def remaining(self, needles: Sequence[bytes]) -> tuple[list[str], int, int]:
        """See :class:`Index`; all rows are read, of records and tracklets."""
        wanted, found, count, size = set(needles), [], 0, 0
        state = self._state()
        if state is not None:
            for row in rows_of(self._client, self._tracklets(state), 'id >= ""', ["id", "embedding"]):
                vector = np.asarray(row["embedding"], np.float32).tobytes()
                count, size = count + 1, size + len(vector)
                if wanted & {row["id"].encode(), vector}:
                    found.append(row["id"])
        for key in self._records.keys(""):
            content = self._records.get([key]).get(key, b"")
            count, size = count + 1, size + len(content)
            is_picture = key.startswith("crop/") and picture_needle(content) in wanted
            # Ids are in keys; in texts they could be anywhere.
            if is_picture or any(needle in content or needle in key.encode() for needle in wanted):
                found.append(key)
        return found, count, size

    def append_log(self, action: str, details: Mapping[str, Any]) -> None:
        """See :class:`Index`; every machine has a chain of its own."""
        chain = f"log/{socket.gethostname()}/"
        # Its own lock, as of an index that is a folder; the system lets go of it with the file.
        with (self._lock_folder() / "log.lock").open("a") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            keys = self._records.keys(chain)
            last = self._records.get(keys[-1:])
            line = chained_line(next(map(_log_line, last.values()), None), action, details)
            self._records.put({f"{chain}{len(keys):010d}": line.encode("utf-8", "surrogateescape")})

    def log(self) -> list[dict[str, Any]]:
        """See :class:`Index`."""
        lines = self._records.get(self._records.keys("log/")).values()
        return sorted((json.loads(_log_line(line)) for line in lines), key=lambda entry: entry["time"])

    def verify_log(self) -> tuple[int, str]:
        """See :class:`Index`; the SHA-256 is that of the last line of the last machine by name."""
        chains: dict[str, list[str]] = {}
        for key, line in sorted(self._records.get(self._records.keys("log/")).items()):
            chains.setdefault(key.rpartition("/")[0], []).append(_log_line(line))
        count, last = 0, ""
        for chain, lines in chains.items():
            length, last = verify_chain(lines, f"{self.location} {chain}")
            count += length
        return count, last

    def _lock_folder(self) -> Path:
        name = hashlib.sha256(self.location.encode()).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"mindreid-milvus-{name}"
        folder.mkdir(exist_ok=True)
        return folder

    def _insert(self, tracklets: Sequence[Tracklet], contents: Mapping[str, bytes]) -> None:
        self._records.put(contents)
        state = self._state()
        rows = [row_of(tracklet) for tracklet in tracklets]
        for begin in range(0, len(rows), BATCH):
            self._client.insert(self._tracklets(state or {}), rows[begin : begin + BATCH])

    def _finish(self, source: Source) -> None:
        self._records.put({f"source/{source.id}": source_as_bytes(source)})
        self._records.delete([f"adding/{source.id}"])

    def _state(self) -> Optional[dict[str, Any]]:
        content = self._records.get([_STATE])
        return json.loads(content[_STATE]) if content else None

    def _switch(self, model: IndexedModel, number: int) -> None:
        """Take a model and its collection of tracklets: one row, so at once."""
        make_collection(self._client, f"{self._name}_{number:06d}", FIELDS, "embedding", model.dimension)
        self._records.put({_STATE: json.dumps({"model": asdict(model), "number": number}).encode()})

    def _tracklets(self, state: Mapping[str, Any]) -> str:
        return f"{self._name}_{int(state['number']):06d}"

    def _copy(self, old: str, new: str, batch: Sequence[tuple[str, np.ndarray]], model: IndexedModel) -> int:
        if not batch:
            return 0
        vectors = dict(batch)
        rows = self._client.get(old, ids=list(vectors), output_fields=list(FIELDS))
        copied = [
            {**row, "embedding": check_embedding(vectors[row["id"]], model.dimension).tolist()}
            for row in rows
        ]
        self._client.insert(new, copied)
        return len(copied)

    def _read(self, condition: str) -> list[Tracklet]:
        state = self._state()
        if state is None:
            return []
        hidden = self._condition(Filters())
        rows = self._client.query(
            self._tracklets(state), filter=f"{condition} and {hidden}", output_fields=[*FIELDS, "embedding"],
            consistency_level="Strong",
        )  # fmt: skip
        return sorted(self._whole(rows, IndexedModel(**state["model"])), key=lambda tracklet: tracklet.id)

    def _whole(self, rows: Sequence[Mapping[str, Any]], model: IndexedModel) -> list[Tracklet]:
        boxes = self._records.get([f"boxes/{row['id']}" for row in rows])
        return [tracklet_of(row, boxes[f"boxes/{row['id']}"], model) for row in rows]

    def _condition(self, filters: Filters) -> str:
        """Return what Milvus takes for filters; without those of recordings that are being added."""
        marked = [key.partition("/")[2] for key in self._records.keys("adding/")]
        return condition_of(filters, marked)

    def _delete_marked(self) -> None:
        """Delete what a process of this machine has begun to add and not finished."""
        own = socket.gethostname().encode()
        for key, host in self._records.get(self._records.keys("adding/")).items():
            if host != own:
                continue
            source_id, state = key.partition("/")[2], self._state()
            if state is not None and self.source(source_id) is None:
                condition = f"source == {json.dumps(source_id)}"
                ids = [row["id"] for row in rows_of(self._client, self._tracklets(state), condition, ["id"])]
                for begin in range(0, len(ids), BATCH):
                    self._client.delete(self._tracklets(state), ids=ids[begin : begin + BATCH])
                begun = source_id[:2] + "/" + source_id[:16]
                kept = self._records.keys(f"crop/{begun}") + self._records.keys(f"boxes/{source_id[:16]}")
                self._records.delete(kept)
            self._records.delete([key])


def _log_line(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
