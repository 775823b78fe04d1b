"""``people.csv``: who the groups of an album are, for its owner to edit.

==========  =======================================================================================
``group``   the group's number, which never changes and is never given to another one
``name``    whatever its owner calls it
``same_as`` the number of a group that is the same person; empty for most
``photos``  how many photos it is in; written for information alone
==========  =======================================================================================
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mindreid.atomic import write_text
from mindreid.errors import DataError
from mindreid.text_files import read_text_file

PEOPLE = "people.csv"
_COLUMNS = ("group", "name", "same_as", "photos")
_NEEDED = _COLUMNS[:3]


@dataclass(frozen=True)
class Person:
    """What the owner says of a group.

    Attributes
    ----------
    name : str
        Empty: none yet.
    same_as : int
        The group that is the same person; 0: none.
    """

    name: str = ""
    same_as: int = 0

    @property
    def is_blank(self) -> bool:
        """Whether nothing was said."""
        return not self.name and not self.same_as


def read_people(path: Path) -> dict[int, Person]:
    """Read the table, by group; empty if there is none yet.

    Commas or semicolons separate, as spreadsheets do.

    Raises
    ------
    DataError
        If it can't be read, a column is missing, a number is none, a group is there twice, or groups
        are the same as each other in a circle.
    """
    if not path.is_file():
        return {}
    text = read_text_file(path)
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise DataError(
            f"the column {missing[0]!r} is missing",
            where=f"{path}, line 1",
            fix=f"columns are {', '.join(_COLUMNS)}",
        )
    people: dict[int, Person] = {}
    try:
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            group = _number(row["group"], "group", where)
            if group in people or group == 0:
                raise DataError(f"group {group} is there twice, or 0", where=where)
            people[group] = Person(
                (row["name"] or "").strip(), _number(row["same_as"] or "0", "same_as", where)
            )
    except csv.Error as error:
        raise DataError(f"this is no table ({error})", where=f"{path}, line {reader.line_num}") from None
    for group in people:
        root_of(people, group, str(path))
    return people


def write_people(path: Path, people: Mapping[int, Person], photos: Mapping[int, int]) -> None:
    """Write the table, whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    people : mapping
        By group.
    photos : mapping
        Number of photos by group.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for group, person in sorted(people.items()):
        writer.writerow((group, person.name, person.same_as or "", photos.get(group, 0)))
    write_text(path, stream.getvalue())


def root_of(people: Mapping[int, Person], group: int, where: str = PEOPLE) -> int:
    """Return the group that a group is the same as in the end: itself, for most.

    Raises
    ------
    DataError
        If it leads in a circle, or to a group that is not there.
    """
    passed = [group]
    while people.get(passed[-1], Person()).same_as:
        following = people[passed[-1]].same_as
        if following in passed:
            raise DataError(f"groups {_listed(passed)} are the same as each other in a circle", where=where)
        if following not in people:
            raise DataError(f"group {passed[-1]} is the same as {following}, which is not there", where=where)
        passed.append(following)
    return passed[-1]


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _number(text: str, column: str, where: str) -> int:
    text = (text or "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise DataError(f"{column} is {text[:20]!r}, which is no number of a group", where=where)
    return int(text)
