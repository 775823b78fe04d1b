"""How long it can take from one camera to another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, Optional

from mindreid.errors import DataError, InvalidArgumentError
from mindreid.text_files import read_text_file

_LONGEST = 30 * 86_400.0
_ENTRY = '{"cameras": ["hall", "stairs"], "seconds": [2, 40]}'


@dataclass(frozen=True)
class TravelLimits:
    """Least and most seconds between leaving one camera and entering another.

    Attributes
    ----------
    least, most : float
        Of ways that are not listed. Where views overlap, the least is negative.
    gap : float
        Most seconds for which somebody is lost within one camera's view; 0: nobody is.
    ways : mapping
        ``(least, most)`` by a pair of cameras, sorted; ``None``: there is no way between them.
    """

    least: float = 0.0
    most: float = 60.0
    gap: float = 10.0
    ways: Mapping[tuple[str, str], Optional[tuple[float, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for least, most in ((self.least, self.most), (0.0, self.gap), *filter(None, self.ways.values())):
            if not -_LONGEST <= least <= most <= _LONGEST:
                raise InvalidArgumentError(
                    f"a travel time is from {least} to {most} seconds: the first must not exceed the second, "
                    "and neither 30 days"
                )

    def between(self, one: str, other: str) -> Optional[tuple[float, float]]:
        """Return least and most seconds from one camera to another; ``None``: there is no way."""
        if one == other:
            return (0.0, self.gap) if self.gap > 0 else None
        return self.ways.get((min(one, other), max(one, other)), (self.least, self.most))

    @property
    def widest(self) -> tuple[float, float]:
        """The least and the most of all ways."""
        known = [(self.least, self.most), (0.0, self.gap), *filter(None, self.ways.values())]
        return min(least for least, _ in known), max(most for _, most in known)


def read_travel_limits(path: Path, *, least: float, most: float, gap: float) -> TravelLimits:
    """Read limits: a JSON list of ``{"cameras": ["hall", "stairs"], "seconds": [2, 40]}``.

    A way holds in both directions; ``"seconds": null`` says that there is none.

    Parameters
    ----------
    path : Path
        The file.
    least, most, gap : float
        See :class:`TravelLimits`, for what is not listed.

    Raises
    ------
    DataError
        If the file can't be read, is something else, or lists a way twice.
    """
    try:
        content = json.loads(read_text_file(path))
    except ValueError as error:
        raise DataError(f"this is no JSON ({error})", where=str(path)) from None
    if not isinstance(content, list):
        raise DataError("this is no list of ways", where=str(path), fix=f"an entry is {_ENTRY}")
    ways: dict[tuple[str, str], Optional[tuple[float, float]]] = {}
    for number, entry in enumerate(content):
        cameras, seconds = _read_way(entry, f"{path}, entry {number}")
        if cameras in ways:
            raise DataError(f"the way between {cameras[0]} and {cameras[1]} is there twice", where=str(path))
        ways[cameras] = seconds
    return TravelLimits(least, most, gap, ways)


def _read_way(entry: Any, where: str) -> tuple[tuple[str, str], Optional[tuple[float, float]]]:
    refused = DataError(f"this is no way: {str(entry)[:80]}", where=where, fix=f"an entry is {_ENTRY}")
    if not isinstance(entry, dict) or set(entry) != {"cameras", "seconds"}:
        raise refused
    cameras, seconds = entry["cameras"], entry["seconds"]
    is_pair = isinstance(cameras, list) and len(cameras) == 2
    if not is_pair or cameras[0] == cameras[1] or not all(isinstance(n, str) and n for n in cameras):
        raise refused
    pair = min(cameras), max(cameras)
    if seconds is None:
        return pair, None
    if not isinstance(seconds, list) or len(seconds) != 2 or not all(map(_is_number, seconds)):
        raise refused
    if not -_LONGEST <= seconds[0] <= seconds[1] <= _LONGEST:
        raise refused
    return pair, (float(seconds[0]), float(seconds[1]))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
