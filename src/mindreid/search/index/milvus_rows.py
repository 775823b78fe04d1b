"""Tracklets and recordings as rows of Milvus collections, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from mindreid.errors import DataError
from mindreid.search.index.milvus_records import BATCH
from mindreid.search.index.tracklets import (
    BOX,
    Crop,
    Filters,
    IndexedModel,
    Source,
    Tracklet,
    check_embedding,
    from_seconds,
    to_seconds,
)

#: Columns of tracklets besides their vectors, see :func:`make_collection`.
FIELDS = {
    "id": 64, "source": 64, "camera": 1024, "start": "DOUBLE", "end": "DOUBLE", "crops": 65_535,
}  # fmt: skip
#: Stands for a time that nobody knows; a condition on the time leaves it out.
_UNKNOWN = -1e15


class MilvusAddition:
    """See :class:`mindreid.search.index.Addition`.

    Parameters
    ----------
    source_id : str
        The recording, which is marked as being added.
    model : IndexedModel
        Of the index.
    insert : callable
        Takes tracklets, and the bytes of their boxes and crops by their keys.
    finish : callable
        Takes the recording, and the mark away.
    """

    def __init__(
        self,
        source_id: str,
        model: IndexedModel,
        insert: Callable[[Sequence[Tracklet], Mapping[str, bytes]], None],
        finish: Callable[[Source], None],
    ) -> None:
        self._source_id, self._model = source_id, model
        self._insert, self._finish = insert, finish
        self._tracklets: list[Tracklet] = []
        self._contents: dict[str, bytes] = {}

    def put(self, tracklet: Tracklet, crops: Sequence[bytes]) -> None:
        """See :class:`Addition`."""
        if (tracklet.source, tracklet.model) != (self._source_id, self._model.sha256):
            raise DataError("the tracklet is of another recording or another model", where=tracklet.id)
        check_embedding(tracklet.embedding, self._model.dimension)
        self._tracklets.append(tracklet)
        self._contents[f"boxes/{tracklet.id}"] = np.asarray(tracklet.boxes, BOX).tobytes()
        self._contents.update({f"crop/{crop.name}": content for crop, content in zip(tracklet.crops, crops)})
        if len(self._tracklets) >= BATCH:
            self._flush()

    def finish(self, source: Source) -> None:
        """See :class:`Addition`."""
        self._flush()
        self._finish(source)

    def _flush(self) -> None:
        if self._tracklets:
            self._insert(self._tracklets, self._contents)
        self._tracklets, self._contents = [], {}


def row_of(tracklet: Tracklet) -> dict[str, Any]:
    """Return a tracklet's row; its boxes and crops are kept elsewhere."""
    start, end = to_seconds(tracklet.start), to_seconds(tracklet.end)
    return {
        "id": tracklet.id,
        "source": tracklet.source,
        "camera": tracklet.camera,
        "start": _UNKNOWN if start is None else start,
        "end": _UNKNOWN if end is None else end,
        "crops": json.dumps([[crop.name, crop.frame] for crop in tracklet.crops]),
        "embedding": check_embedding(tracklet.embedding, len(tracklet.embedding)).tolist(),
    }


def tracklet_of(row: Mapping[str, Any], boxes: bytes, model: IndexedModel) -> Tracklet:
    """Return the tracklet of a row."""
    return Tracklet(
        id=row["id"],
        source=row["source"],
        camera=row["camera"],
        start=None if row["start"] == _UNKNOWN else from_seconds(row["start"]),
        end=None if row["end"] == _UNKNOWN else from_seconds(row["end"]),
        boxes=np.frombuffer(boxes, BOX),
        crops=tuple(Crop(name, frame) for name, frame in json.loads(row["crops"])),
        model=model.sha256,
        embedding=np.asarray(row["embedding"], np.float32),
    )


def source_as_bytes(source: Source) -> bytes:
    """Return a recording as JSON."""
    times = {"start": to_seconds(source.start), "end": to_seconds(source.end)}
    return json.dumps({**asdict(source), **times}).encode()


def source_of(content: bytes) -> Source:
    """Return the recording that :func:`source_as_bytes` has written."""
    values = json.loads(content)
    return Source(**{**values, "start": from_seconds(values["start"]), "end": from_seconds(values["end"])})


def condition_of(filters: Filters, hidden: Sequence[str]) -> str:
    """Return filters as Milvus takes them.

    Parameters
    ----------
    filters : Filters
        Which tracklets are looked at.
    hidden : sequence of str
        Recordings that are not.
    """
    terms = ['id >= ""']
    for column, listed in (("camera", filters.cameras), ("source", filters.sources)):
        if listed:
            terms.append(f"{column} in {json.dumps(list(listed), ensure_ascii=False)}")
    if filters.after is not None:
        terms.append(f"end >= {to_seconds(filters.after)!r}")
    if filters.before is not None:
        terms.append(f"start <= {to_seconds(filters.before)!r} and start > {_UNKNOWN / 2!r}")
    if hidden:
        terms.append(f"source not in {json.dumps(list(hidden))}")
    return " and ".join(terms)
