"""Three lists of a folder of images: who is trained on, who is searched for, and among what.

Persons are split, never a person's images. A tested person's query is one image, with cameras one of each
camera that has others of the person; all other images are the gallery.
"""

from __future__ import annotations

import csv
import io
import os
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from mindreid.atomic import atomic_path
from mindreid.data.list_labels import NOBODY, Label, parse_label
from mindreid.errors import DataError
from mindreid.preprocess.lists.list_rules import FOLDER, ListRules

SPLITS = ("train", "query", "gallery")
_LISTED = 5
_NO_PERSON = "images whose path does not tell the person"
_NO_CAMERA = "images whose path does not tell the camera"
_NOBODY = "images of nobody (-1)"
_NO_TEXT = "images with a name that a list can't hold"
_ONE_IMAGE = "persons with one image alone, whom no other shows"
_ONE_CAMERA = "persons seen by one camera alone, who can't be searched for"


@dataclass(frozen=True)
class ListedImage:
    """A line of a list: the path as it stands there, and the labels."""

    path: str
    person: str
    camera: Optional[str]


@dataclass(frozen=True)
class PersonLists:
    """What is written, and what is not.

    Attributes
    ----------
    lists : dict
        The lines of "train", "query" and "gallery".
    left_out : dict
        By reason, the images or persons that are in none.
    one_camera : tuple of str
        Persons seen by a single camera: they can't be queries, and are trained on.
    """

    lists: dict[str, tuple[ListedImage, ...]]
    left_out: dict[str, tuple[str, ...]]
    one_camera: tuple[str, ...]

    def describe(self) -> list[str]:
        """Say in a few lines what was listed and what was not."""
        counts = (
            f"{name}.csv {len(lines):,} images of {len({line.person for line in lines}):,} persons"
            for name, lines in self.lists.items()
        )
        told = [", ".join(counts)]
        told += [f"left out, {_counted(reason, names)}" for reason, names in self.left_out.items()]
        if self.one_camera:
            told.append(f"trained on without a draw, {_counted(_ONE_CAMERA, self.one_camera)}")
        return told


def make_lists(images: Sequence[Path], folder: Path, root: Path, rules: ListRules) -> PersonLists:
    """Write ``train.csv``, ``query.csv`` and ``gallery.csv``: all three, or none.

    Parameters
    ----------
    images : sequence of Path
        In ``folder`` and below it.
    folder : Path
        What the images' paths tell counts from here.
    root : Path
        Where the lists go. Images inside it are listed by their path below it, others by their absolute one.
    rules : ListRules
        How persons and cameras are told, and how persons are split.

    Returns
    -------
    PersonLists
        What was written, and what was left out.

    Raises
    ------
    DataError
        If a list is there already, two labels would be read as one, or too few persons remain to be split.
    """
    existing = next((root / f"{name}.csv" for name in SPLITS if (root / f"{name}.csv").exists()), None)
    if existing is not None:
        raise DataError(
            "there is such a list already", where=str(existing), fix="delete it, or name another --root"
        )
    left_out: dict[str, list[str]] = defaultdict(list)
    persons = _by_person(images, folder, root, rules, left_out)
    for person in [person for person, own in persons.items() if len(own) == 1]:
        left_out[_ONE_IMAGE].append(persons.pop(person)[0].person)
    lists, one_camera = _split(persons, folder, rules, left_out)
    with ExitStack() as stack:
        files = {name: stack.enter_context(atomic_path(root / f"{name}.csv")) for name in SPLITS}
        for name, lines in lists.items():
            files[name].write_text(_as_text(lines), encoding="utf-8")
    return PersonLists(lists, {reason: tuple(names) for reason, names in left_out.items()}, one_camera)


def _by_person(
    images: Sequence[Path], folder: Path, root: Path, rules: ListRules, left_out: Mapping[str, list[str]]
) -> dict[Label, list[ListedImage]]:
    """Read the labels that paths tell: each person's images, persons and images sorted."""
    real_folder, real_root = os.path.realpath(folder), os.path.realpath(root)
    persons: dict[Label, list[ListedImage]] = defaultdict(list)
    spelt: dict[tuple[str, Label], str] = {}
    for below in sorted(Path(os.path.relpath(image, folder)).as_posix() for image in images):
        person, camera = rules.person(below), rules.camera(below)
        path = os.path.join(real_folder, below)
        if os.path.commonpath([path, real_root]) == real_root:
            path = os.path.relpath(path, real_root)
        if not _is_text(path):
            left_out[_NO_TEXT].append(ascii(below))
        elif person is None:
            left_out[_NO_PERSON].append(below)
        elif rules.camera_from is not None and camera is None:
            left_out[_NO_CAMERA].append(below)
        elif (label := _label(person, "person", below, spelt)) == NOBODY:
            left_out[_NOBODY].append(below)
        else:
            if camera is not None:
                _label(camera, "camera", below, spelt)
            persons[label].append(ListedImage(path, person, camera))
    # Numbers, then names.
    ordered = sorted(persons, key=lambda label: (isinstance(label, str), label))
    return {label: persons[label] for label in ordered}


def _label(text: str, what: str, where: str, spelt: dict[tuple[str, Label], str]) -> Label:
    """Read a label as the loader will; refuse what it would refuse, and two that it would take for one."""
    rename = f"rename it, or tell the {what} by --{what}-from"
    try:
        label = parse_label(text, what, where)
    except DataError as error:
        raise DataError(error.what, where=error.where, fix=rename) from None
    if isinstance(label, int) and label < 0 and (what, label) != ("person", NOBODY):
        raise DataError(f"a {what} is a name or a number from 0, not {text!r}", where=where, fix=rename)
    other = spelt.setdefault((what, label), text)
    if other != text:
        raise DataError(f"{other!r} and {text!r} would be one {what}", where=where, fix=rename)
    return label


def _is_text(path: str) -> bool:
    """Tell whether a list of lines in UTF-8 can hold a path."""
    return not any(letter in path for letter in "\n\r\0") and path == path.encode("utf-8", "replace").decode()


def _split(
    persons: Mapping[Label, list[ListedImage]],
    folder: Path,
    rules: ListRules,
    left_out: Mapping[str, list[str]],
) -> tuple[dict[str, tuple[ListedImage, ...]], tuple[str, ...]]:
    """Draw who is trained on and which images are queries; also return who is seen by one camera alone."""
    cameras = {label: {image.camera for image in own} for label, own in persons.items()}
    fixed = [label for label in persons if rules.camera_from is not None and len(cameras[label]) == 1]
    free = [label for label in persons if label not in set(fixed)]
    if not free or len(persons) < 2:
        raise _too_few(folder, rules, left_out, _names(persons, fixed))
    generator = random.Random(rules.seed)  # noqa: S311 - no secret
    wanted = max(1, round(rules.train_share * len(persons)))
    # Somebody is left to be searched for.
    drawn = min(max(wanted - len(fixed), 0), len(free) - 1)
    trained = {*fixed, *generator.sample(free, drawn)}
    lists: dict[str, list[ListedImage]] = {name: [] for name in SPLITS}
    for label, own in persons.items():
        queries = set() if label in trained else _draw_queries(own, generator)
        for image in own:
            lists["train" if label in trained else "query" if image in queries else "gallery"].append(image)
    return {name: tuple(own) for name, own in lists.items()}, tuple(_names(persons, fixed))


def _draw_queries(own: Sequence[ListedImage], generator: random.Random) -> set[ListedImage]:
    """Draw a person's queries; each has an image in the gallery, of another camera if there are any."""
    by_camera: dict[Optional[str], list[ListedImage]] = defaultdict(list)
    for image in own:
        by_camera[image.camera].append(image)
    queries = {generator.choice(images) for images in by_camera.values() if len(images) > 1}
    return queries or {generator.choice(own)}


def _names(persons: Mapping[Label, list[ListedImage]], labels: Sequence[Label]) -> list[str]:
    return [persons[label][0].person for label in labels]


def _too_few(
    folder: Path, rules: ListRules, left_out: Mapping[str, list[str]], one_camera: list[str]
) -> DataError:
    reasons = [_counted(reason, names) for reason, names in left_out.items()]
    if one_camera:
        reasons.append(_counted(_ONE_CAMERA, one_camera))
    why = f" ({'; '.join(reasons)})" if reasons else ""
    fix = "have at least two images, of two cameras if there are any, of at least two persons"
    if left_out.get(_NO_PERSON):
        told = "put each person's images into a folder of their own"
        fix = f"{told}, or pass --person-from REGEX" if rules.person_from == FOLDER else "see --person-from"
    return DataError(
        f"too few persons to train on some and search for others{why}", where=str(folder), fix=fix
    )


def _counted(reason: str, names: Sequence[str]) -> str:
    return f"{reason}: {len(names):,} ({_shortened(names)})"


def _shortened(names: Sequence[str]) -> str:
    return ", ".join([*names[:_LISTED], *(["…"] if len(names) > _LISTED else [])])


def _as_text(lines: Sequence[ListedImage]) -> str:
    has_cameras = any(line.camera is not None for line in lines)
    columns = ("path", "pid", "camid") if has_cameras else ("path", "pid")
    cells = [(line.path, line.person, line.camera)[: len(columns)] for line in lines]
    # Spaces at a cell's begin count within quotes alone.
    odd = any(cell and cell != cell.strip() for row in cells for cell in row)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL)
    writer.writerows([columns, *cells])
    return text.getvalue()
