"""Where a user finds a crop: as a file, if the index is a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from mindreid.search.index.index_protocol import Index
from mindreid.search.index.sqlite_index import CROPS, SqliteIndex
from mindreid.search.index.tracklets import Tracklet


def best_picture(index: Index, tracklet: Tracklet) -> Optional[Path]:
    """Return the path of a tracklet's best crop; ``None`` in a database, which holds no files."""
    if not isinstance(index, SqliteIndex) or not tracklet.crops:
        return None
    return index.folder / CROPS / tracklet.crops[0].name
