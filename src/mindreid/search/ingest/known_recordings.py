"""Recordings that are in an index already, and are not to be there a second time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Optional

from mindreid.errors import DataError
from mindreid.search.index.tracklets import Source


def check_same(known: Source, camera: str, start: Optional[datetime], path: Path) -> None:
    """See that a recording is added again as it was added before.

    Raises
    ------
    DataError
        If it is in the index with another camera or time.
    """
    if known.camera != camera or (start is not None and known.start != start):
        time = "without a time" if known.start is None else f"from {known.start}"
        raise DataError(
            f"this {known.kind} is in the index already, of camera {known.camera!r} and {time}",
            where=str(path),
            fix=f"forget that one first: `mindreid search forget INDEX --recording {known.id[:12]}`",
        )
