"""The rows of an index in SQLite: their tables, and how they become tracklets and back."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from mindreid.errors import DataError
from mindreid.search.index.tracklets import BOX, Crop, Filters, Source, Tracklet, from_seconds, to_seconds

FORMAT = 1
#: Vectors are numbered by ``row``, without gaps. What is in ``doomed`` is deleted before anything else
#: is done: what a killed process has begun to add, or has not ended to delete.
_TABLES = """
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (id TEXT PRIMARY KEY, kind TEXT, path TEXT, camera TEXT, start REAL, "end" REAL,
    width INTEGER, height INTEGER, frames INTEGER, missing INTEGER) WITHOUT ROWID;
CREATE TABLE tracklets (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL,
    camera TEXT NOT NULL, start REAL, "end" REAL, crops TEXT NOT NULL);
CREATE INDEX tracklets_by_source ON tracklets (source);
CREATE INDEX tracklets_by_camera ON tracklets (camera, start, "end");
CREATE TABLE boxes (id TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE retention (camera TEXT PRIMARY KEY, days REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE doomed (path TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_SOURCE_COLUMNS = 'id, kind, path, camera, start, "end", width, height, frames, missing'
#: What has found a recording's persons, and how many; indexes of earlier versions have no such facts.
_FOUND = "found/"
_TRACKLET_COLUMNS = 't.row, t.id, t.source, t.camera, t.start, t."end", t.crops, b.data'
#: SQLite takes a limited number of values in a statement.
CHUNK = 500
_BUSY_SECONDS = 30


class SqliteRows:
    """A connection to the database of an index, for one thread at a time.

    Parameters
    ----------
    path : Path
        The file.
    create : bool
        Whether a new one is made where none is.

    Raises
    ------
    DataError
        If it is no index, or of another version.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self.guard = threading.RLock()
        with self.errors():
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            # What is deleted is overwritten with zeros; a journal beside the database ends with each change.
            for setting in ("secure_delete = ON", "journal_mode = DELETE", "synchronous = FULL"):
                self.run(f"PRAGMA {setting}")
            self.run("PRAGMA temp_store = MEMORY")
            if create:
                self._make_tables()
            self._check_format()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn errors of SQLite into one of ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise DataError(
                f"the index's database can't be read or written ({error})", where=str(self.path)
            ) from None

    def run(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with self.guard, self.errors():
            return self._connection.execute(statement, values).fetchall()

    def run_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for many rows of values."""
        with self.guard, self.errors():
            self._connection.executemany(statement, rows)

    @contextmanager
    def transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        """Do what is in the block wholly or not at all; "DEFERRED": see one state in all of it."""
        with self.guard:
            self.run(f"BEGIN {kind}")
            try:
                yield
                self.run("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self.run("ROLLBACK")
                raise

    def fact(self, key: str) -> Optional[str]:
        """Return what is noted under a key."""
        rows = self.run("SELECT value FROM facts WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def set_fact(self, key: str, value: str) -> None:
        """Note something under a key."""
        self.run("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))

    def next_row(self) -> int:
        """Return how many tracklets there are, which is the row of the next one."""
        return int(self.run("SELECT COALESCE(MAX(row), -1) + 1 FROM tracklets")[0][0])

    def sources(self, source_id: Optional[str] = None) -> list[Source]:
        """Return one recording or all of them, by camera and time."""
        where, values = ("", ()) if source_id is None else (" WHERE id = ?", (source_id,))
        order = "ORDER BY camera, start, path"
        found = f"(SELECT value FROM facts WHERE key = '{_FOUND}' || id)"  # noqa: S608
        rows = self.run(f"SELECT {_SOURCE_COLUMNS}, {found} FROM sources{where} {order}", values)  # noqa: S608
        return [
            Source(
                row[0],
                row[1],
                os.fsdecode(row[2]),
                row[3],
                from_seconds(row[4]),
                from_seconds(row[5]),
                *row[6:10],
                *(json.loads(row[10]) if row[10] else ()),
            )
            for row in rows
        ]

    def insert_source(self, source: Source) -> None:
        """Add a recording."""
        values = (
            source.id, source.kind, _stored_path(source.path), source.camera, to_seconds(source.start),
            to_seconds(source.end), source.width, source.height, source.frames, source.missing,
        )  # fmt: skip
        self.run(f"INSERT INTO sources ({_SOURCE_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)", values)  # noqa: S608
        if source.found_by is not None:
            self.set_fact(_FOUND + source.id, json.dumps([source.found_by, source.persons]))

    def delete_source(self, source_id: str) -> None:
        """Delete a recording."""
        self.run("DELETE FROM sources WHERE id = ?", (source_id,))
        self.run("DELETE FROM facts WHERE key = ?", (_FOUND + source_id,))

    def insert_tracklets(self, first_row: int, tracklets: Sequence[Tracklet]) -> None:
        """Add tracklets whose vectors begin at a row."""
        rows = [
            (
                first_row + number, tracklet.id, tracklet.source, tracklet.camera, to_seconds(tracklet.start),
                to_seconds(tracklet.end), json.dumps([[crop.name, crop.frame] for crop in tracklet.crops]),
            )
            for number, tracklet in enumerate(tracklets)
        ]  # fmt: skip
        self.run_many("INSERT INTO tracklets VALUES (?,?,?,?,?,?,?)", rows)
        boxes = [(tracklet.id, np.asarray(tracklet.boxes, BOX).tobytes()) for tracklet in tracklets]
        self.run_many("INSERT INTO boxes VALUES (?,?)", boxes)

    def tracklets(self, column: str, values: Sequence[Any]) -> list[tuple[int, Tracklet]]:
        """Return ``(row, tracklet)`` of those whose ``column``, "row" or "id", is listed.

        The model and the embedding are left out, for they are elsewhere.
        """
        found = []
        for begin in range(0, len(values), CHUNK):
            chunk = values[begin : begin + CHUNK]
            marks = ",".join("?" * len(chunk))
            found += self.run(
                f"SELECT {_TRACKLET_COLUMNS} FROM tracklets t JOIN boxes b USING (id) "  # noqa: S608
                f"WHERE t.{column} IN ({marks})",
                chunk,
            )
        return [(row[0], _tracklet_of(row)) for row in found]

    def ids(self, filters: Filters) -> list[str]:
        """Return the ids of the tracklets that pass, sorted."""
        where, values = _conditions(filters)
        return [row[0] for row in self.run(f"SELECT id FROM tracklets{where} ORDER BY id", values)]  # noqa: S608

    def row_numbers(self, filters: Filters) -> np.ndarray:
        """Return the rows of the tracklets that pass: int64."""
        where, values = _conditions(filters)
        found = self.run(f"SELECT row FROM tracklets{where}", values)  # noqa: S608
        return np.fromiter((row[0] for row in found), np.int64, len(found))

    def count(self, filters: Filters) -> int:
        """Return how many tracklets pass."""
        where, values = _conditions(filters)
        return int(self.run(f"SELECT COUNT(*) FROM tracklets{where}", values)[0][0])  # noqa: S608

    def remove_tracklets(self, rows: Sequence[int], ids: Sequence[str]) -> None:
        """Delete tracklets and close the gaps in the numbering of those behind them."""
        self.run_many("DELETE FROM tracklets WHERE row = ?", [(row,) for row in rows])
        self.run_many("DELETE FROM boxes WHERE id = ?", [(tracklet,) for tracklet in ids])
        behind = self.run("SELECT row FROM tracklets WHERE row > ? ORDER BY row", (min(rows),))
        moved = [(min(rows) + number, row[0]) for number, row in enumerate(behind)]
        self.run_many("UPDATE tracklets SET row = ? WHERE row = ?", moved)

    def _make_tables(self) -> None:
        with self.transaction():
            if not self.run("SELECT name FROM sqlite_master WHERE name = 'facts'"):
                for statement in filter(str.strip, _TABLES.split(";")):
                    self.run(statement)
                self.set_fact("format", str(FORMAT))

    def _check_format(self) -> None:
        if not self.run("SELECT name FROM sqlite_master WHERE name = 'facts'"):
            raise DataError("this is no index", where=str(self.path.parent), fix="see `mindreid search add`")
        if self.fact("format") != str(FORMAT):
            raise DataError(
                f"this index has format {self.fact('format')}, not {FORMAT}", where=str(self.path.parent)
            )


def _stored_path(path: str) -> Union[str, bytes]:
    """Return a path as SQLite takes it: a name whose bytes are no UTF-8 is no text for it."""
    content = os.fsencode(path)
    return path if content == path.encode("utf-8", "replace") else content


def _tracklet_of(row: Sequence[Any]) -> Tracklet:
    return Tracklet(
        id=row[1],
        source=row[2],
        camera=row[3],
        start=from_seconds(row[4]),
        end=from_seconds(row[5]),
        boxes=np.frombuffer(row[7], BOX),
        crops=tuple(Crop(name, frame) for name, frame in json.loads(row[6])),
        model="",
        embedding=np.zeros(0, np.float32),
    )


def _conditions(filters: Filters) -> tuple[str, list[Any]]:
    terms, values = [], list[Any]()
    for column, listed in (("camera", filters.cameras), ("source", filters.sources)):
        if listed:
            terms.append(f"{column} IN ({','.join('?' * len(listed))})")
            values += listed
    if filters.after is not None:
        terms.append('"end" >= ?')
        values.append(to_seconds(filters.after))
    if filters.before is not None:
        terms.append("start <= ?")
        values.append(to_seconds(filters.before))
    return (" WHERE " + " AND ".join(terms) if terms else ""), values
