"""A dataset's folders and file names: what must be there, what is read, and one clear error if not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Optional

from mindreid.atomic import PathLike
from mindreid.data.records import Record, Records
from mindreid.errors import DataError
from mindreid.text_files import read_text_file

#: Note of datasets whose images do not tell which camera took them.
NO_CAMERAS = (
    "There are no camera labels: nothing is junk, and an image from right after the query is a match."
)


class LayoutError(DataError):
    """A dataset's folder is missing, or is not laid out as its loader expects.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    missing : sequence of str
        What is not there, relative to ``root``, in the order of the tree.
    tree : str
        The expected tree.
    """

    def __init__(self, root: Path, missing: Sequence[str], tree: str) -> None:
        self.missing = tuple(missing)
        if root.is_dir():
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            what, where = f"the dataset is not laid out as expected, missing{more}", root / missing[0]
        elif root.is_file():
            what, where = "this is a file, not the folder of a dataset; if it is an archive, unpack it", root
        else:
            what, where = "the dataset's folder is not there", root
        super().__init__(what, where=str(where), fix=f"{_nested(root, missing)}expected is\n{tree}")


class NoImagesError(DataError):
    """A folder that can be listed holds no image."""


def _nested(root: Path, missing: Sequence[str]) -> str:
    """Return a hint if one folder of ``root`` has what ``root`` itself lacks."""
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        if folder.is_dir() and all((folder / path).exists() for path in missing):
            return f"pass {folder}; "
    return ""


def require(root: PathLike, tree: str, paths: Iterable[str] = ()) -> Path:
    """Return ``root`` as a path if it is a folder that has all ``paths``.

    Parameters
    ----------
    root : path
        The dataset's folder; ``~`` is expanded.
    tree : str
        The expected tree, for the message.
    paths : iterable of str
        Files and folders that must exist, relative to ``root``.

    Raises
    ------
    LayoutError
        If something is missing; it holds the whole list and names the first.
    DataError
        If that can't be told, for want of permission.
    """
    try:
        folder = Path(os.path.expanduser(root))
        missing = [path for path in paths if not (folder / path).exists()]
        if missing or not folder.is_dir():
            raise LayoutError(folder, missing, tree)
    except OSError as error:
        raise DataError(
            f"cannot look into the dataset's folder ({error.strerror})", where=str(root)
        ) from None
    return folder


def list_images(folder: Path, suffixes: Sequence[str] = (".jpg",)) -> list[str]:
    """List the names of a folder's image files, sorted.

    Released archives carry other things too (``Thumbs.db``, the ``._*`` files of some unpackers),
    so only the endings in ``suffixes`` count, in upper or lower case, and hidden files never do.

    Raises
    ------
    NoImagesError
        If the folder holds no image.
    DataError
        If it cannot be listed, or holds a link to an image that is not there.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if _is_image(entry, tuple(suffixes)))
    except OSError as error:
        raise DataError(f"cannot list the folder ({error.strerror})", where=str(folder)) from None
    if not names:
        raise NoImagesError(f"the folder holds no {' or '.join(suffixes)} image", where=str(folder))
    return names


def list_frames(folder: Path, suffixes: Sequence[str] = (".jpg",)) -> list[str]:
    """List the names of the frames of one sequence, in time: by the numbers in their names.

    Numbers need no leading zeros: ``9.jpg`` comes before ``10.jpg``. What names have beside numbers
    counts first where it differs. The rest is as for :func:`list_images`.

    Raises
    ------
    NoImagesError, DataError
        See :func:`list_images`.
    """
    return sorted(list_images(folder, suffixes), key=_parts)


def _parts(name: str) -> list[tuple[int, str]]:
    """Return the texts and numbers that a name is made of, comparable between names."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _is_image(entry: os.DirEntry[str], suffixes: tuple[str, ...]) -> bool:
    if entry.name.startswith(".") or not entry.name.lower().endswith(suffixes):
        return False
    if entry.is_symlink() and not os.path.exists(entry.path):
        raise DataError(
            "the symbolic link leads nowhere", where=entry.path, fix="fetch the file that it stands for"
        )
    return entry.is_file()


def list_persons(folder: Path) -> list[tuple[int, Path]]:
    """List a folder's sub-folders that are named by a person's number, in ascending order.

    Files and hidden folders do not count.

    Raises
    ------
    DataError
        If the folder cannot be listed, a sub-folder is named otherwise, or two by the same number.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    except OSError as error:
        raise DataError(f"cannot list the folder ({error.strerror})", where=str(folder)) from None
    wrong = next((name for name in names if not name.isdecimal()), None)
    if wrong is not None:
        raise DataError(
            f"the folder {wrong!r} is not named by a person's number",
            where=str(folder / wrong),
            fix="move it elsewhere",
        )
    return sorted((number, folder / name) for name, number in number_persons(names, folder).items())


def number_persons(names: Iterable[str], folder: Path) -> dict[str, int]:
    """Return the numbers that the names of persons' folders in ``folder`` are.

    Raises
    ------
    DataError
        If two are the same number, as ``1`` and ``001``.
    """
    by_number: dict[int, str] = {}
    for name in names:
        other = by_number.setdefault(int(name), name)
        if other != name:
            raise DataError(
                f"the folders {other!r} and {name!r} are of the same person's number",
                where=str(folder),
                fix="put them together, or rename one if they are two persons",
            )
    return {name: number for number, name in by_number.items()}


def parse_name(pattern: re.Pattern[str], name: str, where: str) -> re.Match[str]:
    """Match the base name of an image against the dataset's grammar.

    Raises
    ------
    DataError
        If it does not match, naming ``where``.
    """
    match = pattern.match(name)
    if match is None:
        raise DataError(
            f"the file name {name!r} does not follow the grammar of the dataset",
            where=where,
            fix=f"move the file elsewhere or name it by {pattern.pattern}",
        )
    return match


def match_images(
    folder: Path, pattern: re.Pattern[str], suffixes: Sequence[str] = (".jpg",)
) -> list[tuple[str, re.Match[str]]]:
    """Match the base names of a folder's images against the dataset's grammar.

    Parameters
    ----------
    folder : Path
        Its sub-folders are not entered.
    pattern : re.Pattern
        Matched at the start of the base name.
    suffixes : sequence of str
        Endings of image files.

    Returns
    -------
    list of tuple
        Path and match of each image, sorted by name.

    Raises
    ------
    DataError
        If there is no image, or a name does not match.
    """
    paths = ((name, os.path.join(folder, name)) for name in list_images(folder, suffixes))
    return [(path, parse_name(pattern, name, path)) for name, path in paths]


def read_folder(folder: Path, pattern: re.Pattern[str], suffixes: Sequence[str] = (".jpg",)) -> Records:
    """Read a folder of images whose names tell person and camera.

    Parameters
    ----------
    folder : Path
        Its sub-folders are not entered.
    pattern : re.Pattern
        Matched at the start of the base name; has the groups ``pid`` and ``camera``, the latter
        counted from 1.
    suffixes : sequence of str
        Endings of image files.

    Returns
    -------
    tuple of Record
        Sorted by name. Junk, with a negative pid, is left out: it never enters a ranking.

    Raises
    ------
    DataError
        If there is no image, or a name does not match.
    """
    return tuple(
        Record((path,), int(match["pid"]), int(match["camera"]) - 1)
        for path, match in match_images(folder, pattern, suffixes)
        if int(match["pid"]) >= 0
    )


def read_lines(path: Path) -> list[tuple[str, str]]:
    """Return a list file's lines that are not blank, stripped, each with its place ``file:number``.

    Raises
    ------
    DataError
        If it cannot be read as text.
    """
    lines = enumerate(read_text_file(path).split("\n"), 1)
    return [(line.strip(), f"{path}:{number}") for number, line in lines if line.strip()]


def check_listed(root: Path, where_of: Mapping[str, str]) -> None:
    """Check that all listed files are below ``root``.

    Parameters
    ----------
    root : Path
        The folder that the paths are relative to.
    where_of : mapping
        From each path to its place in the list.

    Raises
    ------
    DataError
        If one is not there, naming its place.
    """
    files = ListedFiles(root)
    absent = next((path for path in where_of if path not in files), None)
    if absent is not None:
        raise DataError(f"the listed image {absent!r} is not in {root}", where=where_of[absent])


class ListedFiles:
    """Tells which listed files there are.

    Every folder is listed once instead of every file being looked up, which takes minutes for
    100,000 files on a network drive.

    Parameters
    ----------
    root : path
        The folder that relative paths count from.
    """

    def __init__(self, root: PathLike) -> None:
        self._root = root
        self._listed: dict[str, frozenset[str]] = {}

    def __contains__(self, path: str) -> bool:
        folder, name = os.path.split(os.path.join(self._root, path))
        return name in self._names(folder)

    def similar(self, path: str) -> Optional[str]:
        """Return a file's path that differs from ``path`` in its name's upper and lower case alone."""
        folder, name = os.path.split(path)
        names = self._names(os.path.join(self._root, folder))
        found = next((other for other in sorted(names) if other.casefold() == name.casefold()), None)
        return None if found is None else os.path.join(folder, found)

    def _names(self, folder: str) -> frozenset[str]:
        if folder not in self._listed:
            try:
                with os.scandir(folder or os.curdir) as entries:
                    self._listed[folder] = frozenset(entry.name for entry in entries if entry.is_file())
            except (OSError, ValueError):  # no folder, or one with a null byte in its name
                self._listed[folder] = frozenset()
        return self._listed[folder]
