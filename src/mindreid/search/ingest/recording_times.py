"""Times at which something may have been recorded."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Optional

from mindreid.errors import InvalidArgumentError

#: Programs and cameras that don't know the time write the beginning of some epoch: 1904, 1970.
_EARLIEST = datetime(1980, 1, 1, tzinfo=timezone.utc)
#: The year of the oldest photo there is, for those that were scanned.
_FIRST_PHOTO = datetime(1826, 1, 1, tzinfo=timezone.utc)
#: When this was written: a clock that stands before it is wrong, and no reason to refuse a time.
_WRITTEN = datetime(2026, 11, 28, tzinfo=timezone.utc)
#: Time zones that are mistaken for each other lie so far apart at most.
_AHEAD = timedelta(days=1)


def is_possible(time: datetime, now: Optional[datetime] = None, *, earliest: datetime = _EARLIEST) -> bool:
    """Whether something may have been recorded then: since 1980, and at most a day ahead of now.

    Parameters
    ----------
    time : datetime
        With a time zone.
    now : datetime, optional
        By default what the clock says.
    earliest : datetime
        Another begin than that of 1980.

    Examples
    --------
    >>> is_possible(datetime(2126, 11, 1, tzinfo=timezone.utc))
    False
    """
    clock = datetime.now(timezone.utc) if now is None else now
    return earliest <= time <= max(clock, _WRITTEN) + _AHEAD


def check_start(start: Optional[datetime], *, is_photo: bool = False) -> None:
    """See that a user has not mistyped when a recording begins.

    Parameters
    ----------
    start : datetime or None
        With a time zone; ``None``: nobody has said it.
    is_photo : bool
        Whether it is of photos, which may have been scanned.

    Raises
    ------
    InvalidArgumentError
        If nothing can have been recorded then.
    """
    earliest = _FIRST_PHOTO if is_photo else _EARLIEST
    if start is not None and not is_possible(start, earliest=earliest):
        raise InvalidArgumentError(
            f"nothing can have been recorded at {start.isoformat()}",
            where="--start",
            fix=f"pass a time since {earliest.year} that has come already",
        )
