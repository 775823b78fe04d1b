"""Recordings that are in an index already, and are not to be there a second time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Optional

from mindreid.errors import DataError
from mindreid.search.index.tracklets import Source


def check_same(
    known: Source, camera: str, start: Optional[datetime], path: Path, found_by: Optional[str] = None
) -> None:
    """See that a recording is added again as it was added before.

    Parameters
    ----------
    known : Source
        As it is in the index.
    camera : str
        What recorded it, as is said now.
    start : datetime or None
        When, if it is said.
    path : Path
        Where it is now.
    found_by : str, optional
        What finds persons now; only a recording in which it can find nobody else is the same.

    Raises
    ------
    DataError
        If it is in the index with another camera or time, or its persons were found by something else.
    """
    fix = forget_first(known)
    if known.camera != camera or (start is not None and known.start != start):
        time = "without a time" if known.start is None else f"from {known.start}"
        raise DataError(
            f"this {known.kind} is in the index already, of camera {known.camera!r} and {time}",
            where=str(path),
            fix=fix,
        )
    if _differs(known, found_by) and not is_looked_at_again(known, found_by):
        raise DataError(
            f"this {known.kind} is in the index already, with persons found by {known.found_by}, not by "
            f"{found_by}",
            where=str(path),
            fix=f"{fix}; whoever was forgotten of it would be there again",
        )


def is_looked_at_again(known: Source, found_by: Optional[str]) -> bool:
    """Whether nobody was found in a recording, and something else looks now."""
    return known.persons == 0 and _differs(known, found_by)


def forget_first(known: Source) -> str:
    """Return what a user does before adding a recording in another way."""
    return f"forget that one first: `mindreid search forget INDEX --recording {known.id[:12]}`"


def _differs(known: Source, found_by: Optional[str]) -> bool:
    # Nobody can compare with what was not noted.
    return None not in (known.found_by, found_by) and known.found_by != found_by
