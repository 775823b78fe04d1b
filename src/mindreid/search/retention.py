"""How long a camera's tracklets are kept."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Optional

from mindreid.search.index.index_protocol import Index

#: A hundred years; more is no time that a calendar can tell.
MOST_DAYS = 36_500


def kept_since(days: float, now: Optional[datetime] = None) -> datetime:
    """Return the time, UTC, before which nothing is kept that is kept for so many days, at most 36,500."""
    return (now or datetime.now(timezone.utc)) - timedelta(days=min(days, MOST_DAYS))


def oldest_kept(index: Index, camera: str) -> Optional[datetime]:
    """Return the time, UTC, before which nothing of a camera is kept; ``None``: all is."""
    days = index.retention().get(camera)
    return None if days is None else kept_since(days)
