"""The page of an album: a section for each person; it works from the disk and fetches nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from mindreid.atomic import atomic_path
from mindreid.pages.markup import Markup, element, join, note
from mindreid.pages.page_frame import Section, assemble, tiles
from mindreid.search.album.album_table import AlbumEntry

_STYLE = """
.samples img { height: 150px; width: auto; }
.samples a { display: block; }
.samples figcaption { max-width: 150px; overflow-wrap: anywhere; color: var(--soft); }
"""


def write_album_page(entries: Sequence[AlbumEntry], path: Path, *, photos: int) -> None:
    """Write the page, whole or not at all.

    Parameters
    ----------
    entries : sequence of AlbumEntry
        Pictures, those of a group together.
    path : Path
        The page; crops and photos are linked to from there.
    photos : int
        How many photos the album has.
    """
    persons = [e for e in entries if not e.is_stranger]
    strangers = [e for e in entries if e.is_stranger]
    groups = [(group, list(held)) for group, held in groupby(persons, key=lambda entry: entry.group)]
    # Those with names first, then those who are in most photos.
    groups.sort(key=lambda item: (not item[1][0].name, item[1][0].name.casefold(), -len(item[1]), item[0]))
    sections = [_person(group, held, path.parent) for group, held in groups]
    if strangers:
        sections.append(_strangers(strangers, path.parent))
    sections.append(_how_to_change())
    figures = tiles(
        ("photos", f"{photos:,}", ""),
        ("persons", f"{len(groups):,}", f"in {len(persons):,} pictures"),
        ("strangers", f"{len(strangers):,}", "like nobody else here"),
    )
    text = assemble("Album", figures, sections, style=_STYLE)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _person(group: int, entries: Sequence[AlbumEntry], folder: Path) -> Section:
    title = entries[0].name or f"Person {group}"
    count = len({entry.photos for entry in entries})
    text = note(f"group {group} · {count} photo{'s' * (count != 1)}")
    return Section(f"group-{group}", title, join([text, _pictures(entries, title, folder)]))


def _strangers(entries: Sequence[AlbumEntry], folder: Path) -> Section:
    return Section("strangers", "Strangers", _pictures(entries, "a stranger", folder))


def _pictures(entries: Sequence[AlbumEntry], who: str, folder: Path) -> Markup:
    return element("div", *(_picture(entry, who, folder) for entry in entries), class_="samples")


def _picture(entry: AlbumEntry, who: str, folder: Path) -> Markup:
    photo = entry.photos[0]
    image = element("img", src=quote(entry.crop), alt=f"{who} in {photo.name}", loading="lazy")
    copies = f" and {len(entry.photos) - 1} more" if len(entry.photos) > 1 else ""
    return element(
        "figure",
        element("a", image, href=_link(photo, folder)),
        element("figcaption", f"{photo.name}{copies}", element("br"), element("code", entry.picture)),
    )


def _link(photo: Path, folder: Path) -> str:
    """Return a relative link; what is on another disk still is below the same root."""
    return quote(os.fsencode(os.path.relpath(photo.resolve(), folder.resolve())))


def _how_to_change() -> Section:
    rows = (
        ("mindreid album PHOTOS --name 3=Anna", "give group 3 a name"),
        ("mindreid album PHOTOS --merge 3 7", "groups 3 and 7 are the same person"),
        ("mindreid album PHOTOS --merge 3 PICTURE", "that picture shows the person of group 3, too"),
        ("mindreid album PHOTOS --apart PICTURE", "that picture shows somebody else"),
    )
    items = (element("li", element("code", command), f": {what}") for command, what in rows)
    text = note(
        "Or edit people.csv in this folder, and run the command again. PICTURE is what stands below it."
    )
    return Section("change", "How to change it", join([element("ul", *items), text]))
