"""Forgetting persons, and proving that nothing of them is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from mindreid.errors import DataError
from mindreid.search.index.index_protocol import Deleted, Index
from mindreid.search.index.tracklets import Filters
from mindreid.search.retention import kept_since

#: Files that an error names.
_NAMED = 5


@dataclass(frozen=True)
class Forgotten:
    """What was deleted, and where it was looked for afterwards.

    Attributes
    ----------
    deleted : Deleted
        Tracklets and crops.
    files, size : int
        Files of the index (of a database: rows) that were looked through, and their bytes.
    """

    deleted: Deleted
    files: int
    size: int


def forget(index: Index, ids: Sequence[str], log: Mapping[str, Any]) -> Forgotten:
    """Delete tracklets, and look through all of the index for what was deleted.

    Their ids, their vectors and a piece of every crop are looked for, byte by byte, in every file. The log
    gets a line without the ids.

    Parameters
    ----------
    index : Index
        The index.
    ids : sequence of str
        Of the tracklets.
    log : mapping
        What the log is told: why, and by which rule.

    Raises
    ------
    DataError
        If something is still there.
    """
    with index.exclusive():
        deleted = index.delete(ids)
        index.append_log("forget", {"tracklets": len(deleted.ids), "crops": deleted.crops, **log})
        found, files, size = index.remaining(deleted.needles)
    if found:
        raise DataError(
            f"something of what was deleted is still in {len(found)} files: {', '.join(found[:_NAMED])}",
            where=index.location,
            fix="forget the tracklets of these crops, too, which hold the same pictures; delete files that "
            "are no part of the index",
        )
    return Forgotten(deleted, files, size)


def expired_tracklets(index: Index, now: Optional[datetime] = None) -> list[str]:
    """Return the ids of the tracklets that are older than their cameras' are kept."""
    ids: list[str] = []
    for camera, days in index.retention().items():
        limit = kept_since(days, now)
        begun = index.tracklets(Filters(cameras=(camera,), before=limit))
        ids += [tracklet.id for tracklet in begun if tracklet.end is not None and tracklet.end < limit]
    return ids


def forget_expired(index: Index) -> Optional[Forgotten]:
    """Delete what is older than it may be kept; ``None``: nothing was."""
    ids = expired_tracklets(index)
    return forget(index, ids, {"rule": "retention"}) if ids else None
