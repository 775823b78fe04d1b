"""Bytes by their keys in a Milvus collection, which knows rows of limited length only."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mindreid.errors import DataError
from mindreid.search.extras import optional_package

#: ``milvus://HOST:PORT/COLLECTION``, or of Milvus Lite ``milvus:///PATH/FILE.db/COLLECTION``.
_LOCATION = re.compile(r"milvus://(?P<host>[^/]*)(?P<path>/.+)?/(?P<collection>[A-Za-z_][A-Za-z0-9_]*)")
#: Bytes of a piece; Milvus takes strings up to 65,535, and Base64 makes three bytes four letters.
_PIECE = 48_000
_LONGEST_KEY, _LONGEST_TEXT = 512, 65_535
#: Rows of a request.
BATCH = 100
_STRONG = "Strong"


def connect(location: str) -> tuple[Any, str]:
    """Return a client of a Milvus database, and the collection that is meant.

    Raises
    ------
    DataError
        If the location is none, or nobody answers there.
    MissingExtraError
        If the extra ``milvus`` is not installed.
    """
    parts = _LOCATION.fullmatch(location)
    if parts is None or bool(parts["host"]) == bool(parts["path"]):
        raise DataError("this is no milvus://HOST:PORT/COLLECTION", where=location)
    # Whichever of pymilvus and MindSpore comes first decides it, and MindSpore takes this one only.
    os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
    pymilvus = optional_package("pymilvus", "an index in Milvus", extra="milvus")
    address = f"http://{parts['host']}" if parts["host"] else parts["path"]
    try:
        client = pymilvus.MilvusClient(uri=address, token=os.environ.get("MILVUS_TOKEN", ""), timeout=10)
    except Exception as error:  # its exceptions have no common base class but Exception
        raise DataError(f"Milvus does not answer ({_first_line(error)})", where=location) from None
    return client, parts["collection"]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def make_collection(client: Any, name: str, fields: Mapping[str, Any], vector: str, dimension: int) -> None:
    """Make a collection unless it is there.

    Parameters
    ----------
    client
        A ``MilvusClient``.
    name : str
        The collection.
    fields : mapping
        Type by name, the primary key first; strings have their greatest length for a type.
    vector : str
        The name of the vectors' field, which is searched exactly and by inner products.
    dimension : int
        Their values.
    """
    if client.has_collection(name):
        return
    kinds = optional_package("pymilvus", "an index in Milvus", extra="milvus").DataType
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    for number, (field, kind) in enumerate(fields.items()):
        if isinstance(kind, int):
            schema.add_field(field, kinds.VARCHAR, max_length=kind, is_primary=number == 0)
        else:
            schema.add_field(field, getattr(kinds, kind))
    schema.add_field(vector, kinds.FLOAT_VECTOR, dim=dimension)
    index = client.prepare_index_params()
    index.add_index(vector, index_type="FLAT", metric_type="IP")
    client.create_collection(name, schema=schema, index_params=index, consistency_level=_STRONG)


def rows_of(
    client: Any, name: str, condition: str, fields: Sequence[str], batch: int = 1000
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a collection that meet a condition, however many."""
    found = client.query_iterator(
        name, batch_size=batch, filter=condition, output_fields=list(fields), consistency_level=_STRONG
    )
    try:
        while rows := found.next():
            yield from rows
    finally:
        found.close()


class MilvusRecords:
    """Bytes by key, in pieces.

    Parameters
    ----------
    client
        A ``MilvusClient``.
    name : str
        The collection, which is made unless it is there.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client, self.name = client, name
        fields = {"key": _LONGEST_KEY, "content": _LONGEST_TEXT}
        # A collection without a vector is none for Milvus.
        make_collection(client, name, fields, "unused", 2)

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Keep bytes under keys, in place of what was there."""
        rows = []
        for key, content in contents.items():
            pieces = [content[begin : begin + _PIECE] for begin in range(0, len(content), _PIECE)] or [b""]
            for number, piece in enumerate(pieces):
                text = f"{len(pieces)}:{base64.b64encode(piece).decode()}"
                rows.append({"key": f"{key}#{number:05d}", "content": text, "unused": [1.0, 0.0]})
        for begin in range(0, len(rows), BATCH):
            self._client.upsert(self.name, rows[begin : begin + BATCH])

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return what is kept under keys, as far as it is."""
        found: dict[str, bytes] = {}
        for begin in range(0, len(keys), BATCH):
            chunk = keys[begin : begin + BATCH]
            first = self._pieces([f"{key}#00000" for key in chunk])
            counts = {
                key: int(first[f"{key}#00000"].partition(":")[0]) for key in chunk if f"{key}#00000" in first
            }
            names = [f"{key}#{number:05d}" for key, count in counts.items() for number in range(1, count)]
            pieces = {**first, **self._pieces(names)}
            for key, count in counts.items():
                texts = [pieces[f"{key}#{number:05d}"].partition(":")[2] for number in range(count)]
                found[key] = b"".join(map(base64.b64decode, texts))
        return found

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin like this, sorted."""
        return sorted(
            row["key"].rpartition("#")[0] for row in self._begun(prefix) if row["key"].endswith("#00000")
        )

    def delete(self, keys: Sequence[str]) -> None:
        """Delete what is kept under keys."""
        for key in keys:
            names = [row["key"] for row in self._begun(f"{key}#")]
            for begin in range(0, len(names), BATCH):
                self._client.delete(self.name, ids=names[begin : begin + BATCH])

    def _begun(self, prefix: str) -> Iterator[dict[str, Any]]:
        # As a range: the operator "like" would take % and _ in a name for a pattern.
        low, high = (
            json.dumps(prefix, ensure_ascii=False),
            json.dumps(prefix + "\U0010ffff", ensure_ascii=False),
        )
        return rows_of(self._client, self.name, f"key >= {low} and key <= {high}", ["key"])

    def _pieces(self, names: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for begin in range(0, len(names), BATCH):
            rows = self._client.get(
                self.name, ids=list(names[begin : begin + BATCH]), output_fields=["content"]
            )
            found.update({row["key"]: row["content"] for row in rows})
        return found
