"""The table of an album: a line for each person in each photo."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mindreid.atomic import atomic_path

_COLUMNS = ("group", "name", "photo", "left", "top", "width", "height", "picture")


@dataclass(frozen=True)
class AlbumEntry:
    """A person in a photo.

    Attributes
    ----------
    picture : str
        The id of the person's picture.
    is_stranger : bool
        Whether nobody else in the album is like it.
    group : int
        The person's group; 0 for none.
    name : str
        What the owner calls the person; may be empty.
    crop : str
        Where the picture is, relative to the album.
    photos : tuple of Path
        The photo, and its copies.
    box : tuple of float
        Left, top, width and height in pixels of the upright photo.
    """

    picture: str
    is_stranger: bool
    group: int
    name: str
    crop: str
    photos: tuple[Path, ...]
    box: tuple[float, float, float, float]


def write_album_table(entries: Sequence[AlbumEntry], path: Path) -> None:
    """Write the table, whole or not at all; strangers have no group."""
    with (
        atomic_path(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for entry in entries:
            group = "" if entry.is_stranger else entry.group
            box = [f"{value:.0f}" for value in entry.box]
            writer.writerows((group, entry.name, photo, *box, entry.picture) for photo in entry.photos)
