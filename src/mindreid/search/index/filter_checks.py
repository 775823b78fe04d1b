"""Filters that can only be mistakes: cameras that an index does not have."""

from __future__ import annotations

from collections.abc import Sequence

from mindreid.errors import InvalidArgumentError
from mindreid.search.index.index_protocol import Index
from mindreid.zoo import nearest

#: Cameras that an error names.
_NAMED = 12


def cameras_of(index: Index) -> list[str]:
    """Return the cameras whose recordings an index has, sorted."""
    return sorted({source.camera for source in index.sources()})


def named_cameras(cameras: Sequence[str]) -> str:
    """Return cameras for users, the first dozen of many.

    Examples
    --------
    >>> named_cameras(["gate", "hall"])
    'gate, hall'
    """
    more = len(cameras) - _NAMED
    return ", ".join(cameras[:_NAMED]) + (f" and {more} more" if more > 0 else "") or "none yet"


def check_cameras(index: Index, cameras: Sequence[str]) -> None:
    """See that an index has recordings of cameras.

    A camera that is misspelt has no tracklets, which looks like somebody who was not there.

    Raises
    ------
    InvalidArgumentError
        If it has none of one of them.
    """
    known = cameras_of(index) if cameras else []
    for camera in cameras:
        if camera not in known:
            hint = nearest(camera, known)
            raise InvalidArgumentError(
                f"there is no camera {camera!r}{hint}; the index has {named_cameras(known)}",
                where=index.location,
            )
