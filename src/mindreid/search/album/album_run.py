"""An album brought up to date with a folder of photos.

===================  ==========================================================================
``index.html``       the page: a section for each person, and the strangers
``album.csv``        a line for each person in each photo
``people.csv``       names, and groups that are the same person; for the owner to edit
``groups.json``      which picture is in which group
``album.json``       the folder of photos, and what finds persons in them
``index/``           the pictures with their embeddings, as ``mindreid search`` keeps them
===================  ==========================================================================
"""

from __future__ import annotations

import json
import logging
import os
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from mindreid.atomic import remove_stale_temporaries, write_json
from mindreid.data.formats.regular_files import file_checksum
from mindreid.errors import DataError
from mindreid.search.album.album_page import write_album_page
from mindreid.search.album.album_table import AlbumEntry, write_album_table
from mindreid.search.album.group_assignments import Assignments
from mindreid.search.album.people_table import PEOPLE, root_of, write_people
from mindreid.search.album.person_groups import ALONE, group_persons
from mindreid.search.index import Filters, Index, Tracklet, open_index
from mindreid.search.ingest import AppearanceModel, Detector
from mindreid.search.ingest.photo_addition import add_photos, list_photos

logger = logging.getLogger(__name__)

INDEX, SETTINGS, PAGE, TABLE = "index", "album.json", "index.html", "album.csv"
#: What the index calls whatever took the photos.
_CAMERA = "album"


@dataclass(frozen=True)
class AlbumWishes:
    """What the owner of an album wants changed.

    Attributes
    ----------
    names : tuple
        Pairs of a group, or the id of a picture, and its name.
    merges : tuple
        Pairs of groups or pictures that are the same person.
    apart : tuple of str
        Ids of pictures that are in the wrong group.
    regroup : bool
        Whether groups without a name are made anew.
    """

    names: tuple[tuple[str, str], ...] = ()
    merges: tuple[tuple[str, str], ...] = ()
    apart: tuple[str, ...] = ()
    regroup: bool = False


@dataclass(frozen=True)
class Album:
    """What an album holds.

    Attributes
    ----------
    folder : Path
        Where it is.
    photos, pictures, persons, strangers : int
        Photos that could be read, persons in them, groups, and persons that are in no group.
    """

    folder: Path
    photos: int
    pictures: int
    persons: int
    strangers: int


def make_album(
    photos: Path,
    folder: Path,
    model: AppearanceModel,
    detector: Optional[Detector],
    *,
    found_by: str,
    least_similarity: float,
    wishes: AlbumWishes = AlbumWishes(),
) -> Album:
    """Bring an album up to date with a folder of photos, which is only read.

    A photo is known by its content, wherever it lies: of one that is there already nothing is computed
    again, and what is in a group stays in it. What is no longer in the folder leaves the album.

    Parameters
    ----------
    photos : Path
        A folder, with those below it.
    folder : Path
        The album: new, empty, or of an earlier run. Neither folder is within the other.
    model : AppearanceModel
        Embeds the persons.
    detector : Detector, optional
        Finds persons; without one, every photo shows one person from edge to edge.
    found_by : str
        What the detector is; an album has one.
    least_similarity : float
        See :func:`mindreid.search.album.group_persons`.
    wishes : AlbumWishes
        What the owner wants changed.

    Raises
    ------
    DataError
        If there are no photos, the album's folder holds something else or is another one's, a table that
        its owner edited has something in it that can't be, or another process is at it.
    InvalidArgumentError
        If a wish names a group or picture that is not there.
    """
    paths = _outside(list_photos(photos), folder)
    _claim(photos, folder, found_by)
    index = open_index(folder / INDEX, create=True)
    try:
        with index.exclusive():
            remove_stale_temporaries(folder)
            index.set_model(model.described)
            add_photos(index, paths, _CAMERA, model, detector)
            places = _places(index, paths)
            _drop_missing(index, places)
            return _arrange(index, folder, places, least_similarity, wishes)
    finally:
        index.close()


def _outside(paths: list[Path], folder: Path) -> list[Path]:
    """Leave out an album's own pictures, to which a link among the photos may lead."""
    album = folder.resolve()
    return [path for path in paths if album not in path.resolve().parents]


def _claim(photos: Path, folder: Path, found_by: str) -> None:
    source, album = photos.resolve(), folder.resolve()
    if source == album or source in album.parents or album in source.parents:
        raise DataError(
            "an album is not within the folder of photos, nor they in it",
            where=str(folder),
            fix="pass --output",
        )
    settings = folder / SETTINGS
    # What no UTF-8 file can hold is written as its numbers.
    named = os.fsencode(source).decode("utf-8", "backslashreplace")
    own = {"photos": named, "found_by": found_by}
    if not settings.is_file():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise DataError(
                "this is not an empty folder", where=str(folder), fix="name a new one with --output"
            )
        # Nobody else on this machine has a business with whom it shows.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_json(settings, own)
        return
    try:
        known = json.loads(settings.read_text(encoding="utf-8"))
        before = known["found_by"], known["photos"]
    except (ValueError, KeyError, TypeError):
        raise DataError("this is no album, or it is damaged", where=str(settings)) from None
    if before[0] != found_by:
        raise DataError(
            f"persons in this album were found by {before[0]}, not by {found_by}",
            where=str(folder),
            fix="find them in the same way, or name a new folder with --output",
        )
    if before[1] != named:
        raise DataError(
            f"this is the album of {before[1]}", where=str(folder), fix="name another with --output"
        )


def _places(index: Index, paths: list[Path]) -> dict[str, list[Path]]:
    """Return the paths of every photo in the index by its checksum."""
    known = {source.id for source in index.sources()}
    places: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        with suppress(OSError):  # those that can't be read have been told of
            digest = file_checksum(path)
            if digest in known:
                places[digest].append(path)
    return places


def _drop_missing(index: Index, places: Mapping[str, list[Path]]) -> None:
    gone = [source.id for source in index.sources() if source.id not in places]
    pictures = [t.id for source in gone for t in index.tracklets(Filters(sources=(source,)))]
    index.delete(pictures)
    for source in gone:
        index.delete_source(source)
    if gone:
        logger.info("%d photos are not in the folder any more, and leave the album", len(gone))


def _arrange(
    index: Index,
    folder: Path,
    places: Mapping[str, list[Path]],
    least_similarity: float,
    wishes: AlbumWishes,
) -> Album:
    pictures = list(index.tracklets())
    assignments = Assignments.read(folder, {picture.id: picture.source for picture in pictures})
    _grant(assignments, wishes)
    _group(assignments, pictures, least_similarity)
    assignments.drop_empty()
    entries = _entries(assignments, pictures, places)
    photos_of: dict[int, set[str]] = defaultdict(set)
    for picture, group in assignments.groups.items():
        photos_of[group].add(assignments.photos[picture])
    # First what new groups are, then what they are called.
    assignments.write(folder)
    write_people(folder / PEOPLE, assignments.people, {group: len(held) for group, held in photos_of.items()})
    write_album_table(entries, folder / TABLE)
    write_album_page(entries, folder / PAGE, photos=len(places))
    persons = {entry.group for entry in entries if not entry.is_stranger}
    strangers = sum(entry.is_stranger for entry in entries)
    return Album(folder, len(places), len(pictures), len(persons), strangers)


def _grant(assignments: Assignments, wishes: AlbumWishes) -> None:
    for picture in wishes.apart:
        assignments.set_apart(picture)
    for one, other in wishes.merges:
        assignments.merge(one, other)
    for who, name in wishes.names:
        assignments.call(who, name)
    if wishes.regroup:
        assignments.forget_unnamed()


def _group(assignments: Assignments, pictures: list[Tracklet], least_similarity: float) -> None:
    if not pictures:
        return
    names = [picture.id for picture in pictures]
    found = group_persons(
        np.stack([picture.embedding for picture in pictures]),
        [picture.source for picture in pictures],
        [assignments.groups[name] for name in names],
        least_similarity,
        assignments.next_group,
        {group: root_of(assignments.people, group) for group in assignments.people},
    )
    new = [(name, group) for name, group in zip(names, found) if assignments.groups[name] == ALONE]
    assignments.take([name for name, _ in new], [group for _, group in new])


def _entries(
    assignments: Assignments, pictures: list[Tracklet], places: Mapping[str, list[Path]]
) -> list[AlbumEntry]:
    """Return the pictures with who they show, group by group."""
    roots = assignments.roots()
    photos_of: dict[int, set[str]] = defaultdict(set)
    for picture in pictures:
        photos_of[roots[picture.id]].add(picture.source)
    entries = []
    for picture in pictures:
        group = roots[picture.id]
        name = assignments.people[group].name if group != ALONE else ""
        left, top, width, height = (
            float(picture.boxes[0][side]) for side in ("left", "top", "width", "height")
        )
        entries.append(
            AlbumEntry(
                picture=picture.id,
                # A group of one that has no name is one of the strangers.
                is_stranger=group == ALONE or (not name and len(photos_of[group]) == 1),
                group=group,
                name=name,
                crop=f"{INDEX}/crops/{picture.crops[0].name}",
                photos=tuple(places[picture.source]),
                box=(left, top, width, height),
            )
        )
    return sorted(
        entries, key=lambda entry: (entry.is_stranger, entry.group, str(entry.photos[0]), entry.picture)
    )


def detector_name(detector: Optional[Path], *, whole: bool) -> str:
    """Return what finds persons, in words and numbers that stay the same."""
    if whole:
        return "nothing: every photo shows one person"
    if detector is None:
        return "OpenCV's people detector"
    return f"the detector {file_checksum(detector)[:16]}"
