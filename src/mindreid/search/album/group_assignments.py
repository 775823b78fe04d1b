"""Which picture is in which group, as an album keeps it, and what its owner wishes to change."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mindreid.atomic import write_json
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.search.album.people_table import PEOPLE, Person, read_people, root_of
from mindreid.search.album.person_groups import ALONE

GROUPS = "groups.json"
_FORMAT = 1


@dataclass
class Assignments:
    """Groups of pictures, and who they are.

    Attributes
    ----------
    groups : dict
        Group by the id of a picture, as it was put there; 0 for none.
    people : dict
        What the owner says, by group; every group has an entry.
    next_group : int
        A number that no group has had.
    photos : dict
        Photo by the id of a picture.
    absent : dict
        Groups of pictures whose photos are not there now, should they come back.
    """

    groups: dict[str, int] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    next_group: int = 1
    photos: dict[str, str] = field(default_factory=dict)
    absent: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, photos: Mapping[str, str]) -> Assignments:
        """Read what is kept in an album's folder of the pictures in ``photos``.

        Raises
        ------
        DataError
            If a file is damaged, or its owner's table has something in it that can't be.
        """
        path = folder / GROUPS
        groups, following = {}, 1
        if path.is_file():
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
                if content["format"] != _FORMAT:
                    raise DataError(
                        f"this album has format {content['format']}, not {_FORMAT}", where=str(path)
                    )
                groups = {str(name): int(group) for name, group in content["groups"].items()}
                following = int(content["next_group"])
            except (ValueError, KeyError, TypeError, AttributeError):
                raise DataError(
                    "what the album knows of its groups is damaged",
                    where=str(path),
                    fix="delete the file, which keeps the names of groups but not who is in them",
                ) from None
        people = read_people(folder / PEOPLE)
        unknown = [group for group in people if group >= following]
        if unknown and path.is_file():
            raise DataError(f"there never was a group {unknown[0]}", where=str(folder / PEOPLE))
        following = max([following, *(group + 1 for group in people)])
        for group in set(groups.values()) - {ALONE} - set(people):
            people[group] = Person()
        own = {name: groups.get(name, ALONE) for name in photos}
        absent = {name: group for name, group in groups.items() if group != ALONE and name not in own}
        found = cls(own, people, following, dict(photos), absent)
        found.check(str(folder / PEOPLE))
        return found

    def write(self, folder: Path) -> None:
        """Keep the groups; the people have a table of their own."""
        groups = dict(sorted({**self.absent, **self.groups}.items()))
        content = {"format": _FORMAT, "next_group": self.next_group, "groups": groups}
        write_json(folder / GROUPS, content)

    def roots(self) -> dict[str, int]:
        """Return the group of every picture, those that are the same person under one number."""
        return {
            name: ALONE if group == ALONE else root_of(self.people, group)
            for name, group in self.groups.items()
        }

    def check(self, where: str) -> None:
        """See that no two pictures of a group are from one photo.

        Raises
        ------
        DataError
            If two are.
        """
        seen: dict[tuple[int, str], str] = {}
        for name, group in self.roots().items():
            key = group, self.photos[name]
            if group != ALONE and key in seen:
                raise DataError(
                    f"two persons in one photo would be the same one, group {group}: {seen[key]} and {name}",
                    where=where,
                    fix="take back what makes them the same",
                )
            seen[key] = name

    def call(self, who: str, name: str) -> None:
        """Give a group, or a picture that then is a group of its own, a name."""
        group = root_of(self.people, self._group(who))
        self.people[group] = replace(self.people[group], name=name.strip())

    def merge(self, one: str, other: str) -> None:
        """Say that two are the same person; the first keeps its number, and its name if it has one."""
        first, second = (root_of(self.people, self._group(who)) for who in (one, other))
        if first == second:
            return
        name = self.people[first].name or self.people[second].name
        self.people[first] = replace(self.people[first], name=name)
        self.people[second] = Person(self.people[second].name, first)
        self.check(f"--merge {one} {other}")

    def set_apart(self, picture: str) -> None:
        """Take a picture out of its group, into one of its own; it never comes back by itself."""
        if picture not in self.groups:
            raise _nobody(picture)
        self._new_group(picture)

    def forget_unnamed(self) -> None:
        """Dissolve the groups of which their owner said nothing."""
        roots = self.roots()
        said = {root_of(self.people, group) for group, person in self.people.items() if not person.is_blank}
        self.groups = {name: group if roots[name] in said else ALONE for name, group in self.groups.items()}
        self.absent = {
            name: group for name, group in self.absent.items() if root_of(self.people, group) in said
        }
        self.drop_empty()

    def take(self, names: Sequence[str], groups: Sequence[int]) -> None:
        """Put pictures into groups, some of them new."""
        self.groups.update(zip(names, groups))
        for group in set(groups) - {ALONE} - set(self.people):
            self.people[group] = Person()
        self.next_group = max([self.next_group, *(group + 1 for group in groups)])

    def drop_empty(self) -> None:
        """Take out the groups that have no picture, unless their owner said something of them."""
        kept = {*self.groups.values(), *self.absent.values()} | {
            person.same_as for person in self.people.values()
        }
        self.people = {
            group: person for group, person in self.people.items() if group in kept or not person.is_blank
        }

    def _group(self, who: str) -> int:
        """Return the group that a user names by its number or by a picture's id; it is made if need be."""
        if who.isdigit() and int(who) in self.people:
            return int(who)
        if who not in self.groups:
            raise _nobody(who)
        return self.groups[who] or self._new_group(who)

    def _new_group(self, picture: str) -> int:
        group = self.next_group
        self.groups[picture], self.people[group] = group, Person()
        self.next_group += 1
        return group


def _nobody(who: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        "the album has no such group or picture", where=who, fix="see the numbers on its page or in album.csv"
    )
