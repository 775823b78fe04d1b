"""What a report calls a record: its person, camera, outfit."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Optional

from mindreid.data.records import Record


def camera_of(record: Record) -> str:
    """Name a record's camera: as its dataset does, or by its number, from 1.

    Examples
    --------
    >>> camera_of(Record(("a.jpg",), pid=4, camid=0)), camera_of(Record(("a.pkl",), 4, 3, camera="090"))
    ('1', '090')
    """
    return record.camera if record.camera is not None else str(record.camid + 1)


def view_of(record: Record) -> Optional[str]:
    """Name a record's viewpoint: its class, or the angle in degrees that its camera is called after.

    Examples
    --------
    >>> view_of(Record(("a.jpg",), 4, 0, view=2)), view_of(Record(("a.pkl",), 4, 3, camera="090"))
    ('2', '090')
    """
    if record.view is not None:
        return str(record.view)
    return record.camera if record.camera and re.fullmatch(r"\d{3}", record.camera) else None


def describe(record: Record) -> str:
    """Say who is seen where, in what.

    Examples
    --------
    >>> describe(Record(("a.jpg",), pid=4, camid=0, clothes_id=7))
    'person 4, camera 1, outfit 7'
    """
    parts = [f"person {record.pid}", f"camera {camera_of(record)}"]
    if record.condition is not None:
        parts.append(record.condition)
    elif record.clothes_id is not None:
        parts.append(f"outfit {record.clothes_id}")
    return ", ".join(parts)


#: By what records can be coloured, and how one is asked for it.
_COLOURINGS: dict[str, Callable[[Record], object]] = {
    "person": lambda record: record.pid,
    "clothes": lambda record: record.clothes_id if record.condition is None else record.condition,
    "camera": camera_of,
}


def colourings_of(records: Sequence[Record]) -> dict[str, list[str]]:
    """Return the labels that records can be coloured by: "person", "camera", and "clothes" if all have some.

    Examples
    --------
    >>> colourings_of([Record(("a.jpg",), pid=4, camid=0)])
    {'person': ['4'], 'camera': ['1']}
    """
    labels = {name: [label(record) for record in records] for name, label in _COLOURINGS.items()}
    return {name: list(map(str, own)) for name, own in labels.items() if None not in own}
