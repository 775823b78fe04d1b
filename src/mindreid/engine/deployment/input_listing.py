"""Which files an exported file is run on: those in a folder and below it, or those that a list names."""

from __future__ import annotations

import logging
import os
import re
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from mindreid.data.formats.images import IMAGE_SUFFIXES
from mindreid.data.formats.regular_files import why_unreadable
from mindreid.errors import DataError
from mindreid.text_files import read_text_file

logger = logging.getLogger(__name__)

#: Endings of the files that hold one input, by the recipe's kind of input.
SUFFIXES = {"image": IMAGE_SUFFIXES, "posed_image": IMAGE_SUFFIXES, "silhouettes": (".pkl",)}
#: Endings of files with pictures in them that nothing here decodes.
_TO_CONVERT = (
    ".heic", ".heif", ".avif", ".pdf", ".svg", ".psd", ".jp2", ".jxl", ".dng", ".cr2", ".cr3", ".nef", ".arw",
)  # fmt: skip
_NAMED = 5
#: Why something in a folder is left out, of one and of several.
_HIDDEN = ("hidden file or folder", "hidden files or folders")
_LISTED = ("link to what is there already", "links to what is there already")
_BROKEN = ("link that leads nowhere", "links that lead nowhere")
_OTHER_PICTURE = ("file to be saved as JPEG or PNG first", "files to be saved as JPEG or PNG first")
_OTHER_KIND = ("file that is no {kind}", "files that are no {kind}s")
_NAMES = {"image": "image", "posed_image": "image", "silhouettes": "sequence"}


@dataclass(frozen=True)
class Unreadable:
    """A file or folder that can't be read, and why."""

    path: Path
    reason: str


def list_inputs(
    source: Path, kind: str = "image", unreadable: Optional[list[Unreadable]] = None
) -> list[Path]:
    """List the inputs in a folder and below it, or those that a text file names.

    Of a folder, symbolic links are followed; what is reached twice is listed once, under its own name
    if that is inside the folder. Hidden files and folders (``.DS_Store``, ``._a.jpg``) and those of
    other kinds are left out, which is logged with their names.

    Parameters
    ----------
    source : Path
        A folder, one input, or a list: a text file with one path per line, relative to the list's own
        folder. Empty lines and those that begin with ``#`` are passed over; a path may be in quotes.
    kind : {"image", "posed_image", "silhouettes"}
        What the network takes.
    unreadable : list of Unreadable, optional
        Takes what can't be read. Without it, that is an error.

    Returns
    -------
    list of Path
        Of a folder sorted by path, of a list in its order.

    Raises
    ------
    DataError
        If there is no such folder or file, something in it can't be read, or it holds no input.
    """
    suffixes = SUFFIXES[kind]
    if source.is_dir():
        found = _in_folder(source, kind, unreadable)
    elif source.suffix.lower() in suffixes and why_unreadable(source) is None:
        found = [source]
    elif source.is_file():
        found = _in_list(source, unreadable)
    else:
        raise DataError("there is no such folder or list", where=str(source))
    if not found:
        raise DataError(f"no {kind} file ({', '.join(suffixes)}) is there", where=str(source))
    return found


def _in_folder(root: Path, kind: str, unreadable: Optional[list[Unreadable]]) -> list[Path]:
    walk = _Walk(SUFFIXES[kind])
    walk.walk(root)
    for failure in walk.unreadable:
        _report(failure, str(failure.path), unreadable)
    for (one, several), paths in walk.left_out.items():
        names = _shortened(sorted(os.path.relpath(path, root) for path in paths))
        what = (one if len(paths) == 1 else several).format(kind=_NAMES[kind])
        logger.warning("left out %d %s: %s", len(paths), what, ", ".join(names))
    return sorted(walk.found.values())


class _Walk:
    """Walks folders and what symbolic links lead to, and enters each only once.

    Everything that is reached without links comes before the first link is followed, so that a file
    goes by its own name and not by the link's.
    """

    def __init__(self, suffixes: tuple[str, ...]) -> None:
        self.suffixes = suffixes
        self.found: dict[str, Path] = {}
        self.left_out: dict[tuple[str, str], list[Path]] = defaultdict(list)
        self.unreadable: list[Unreadable] = []
        self._entered: set[str] = set()
        self._links: list[Path] = []

    def walk(self, root: Path) -> None:
        self._enter(root, os.path.realpath(root))
        while self._links:
            links, self._links = sorted(self._links), []
            for link in links:
                self._follow(link)

    def _enter(self, folder: Path, real: str) -> None:
        pending = deque([(folder, real)])
        while pending:
            folder, real = pending.popleft()
            if real in self._entered:
                continue
            self._entered.add(real)
            try:
                with os.scandir(folder) as entries:
                    pending.extend(filter(None, [self._sort_in(folder, real, entry) for entry in entries]))
            except OSError as error:
                self.unreadable.append(Unreadable(folder, error.strerror or str(error)))

    def _sort_in(self, folder: Path, real: str, entry: os.DirEntry[str]) -> Optional[tuple[Path, str]]:
        """Return the entry if it is a folder to be entered."""
        path = folder / entry.name
        if entry.name.startswith("."):
            self.left_out[_HIDDEN].append(path)
        elif entry.is_symlink():
            self._links.append(path)
        elif entry.is_dir(follow_symlinks=False):
            return path, os.path.join(real, entry.name)
        else:
            self._add(path, os.path.join(real, entry.name), entry.is_file(follow_symlinks=False))
        return None

    def _follow(self, link: Path) -> None:
        real = os.path.realpath(link)
        if real in self._entered or real in self.found:
            self.left_out[_LISTED].append(link)
        elif os.path.isdir(real):
            self._enter(link, real)
        elif os.path.lexists(real) and not os.path.islink(real):
            self._add(link, real, os.path.isfile(real))
        else:
            self.left_out[_BROKEN].append(link)

    def _add(self, path: Path, real: str, is_regular: bool) -> None:
        suffix = path.suffix.lower()
        if is_regular and suffix in self.suffixes:
            self.found[real] = path
        elif suffix in _TO_CONVERT and self.suffixes is IMAGE_SUFFIXES:
            self.left_out[_OTHER_PICTURE].append(path)
        else:
            self.left_out[_OTHER_KIND].append(path)


def _in_list(source: Path, unreadable: Optional[list[Unreadable]]) -> list[Path]:
    found = []
    # Not splitlines: it also splits at characters that names may have.
    for number, line in enumerate(_list_text(source).split("\n"), start=1):
        path = _listed_path(line, source.parent)
        if path is None:
            continue
        reason = why_unreadable(path)
        if reason is None:
            found.append(path)
            continue
        if re.match(r"[A-Za-z]:[\\/]", line.strip(" \"'")):
            reason += "; the path is one of Windows"
        _report(Unreadable(path, reason), f"{path}, line {number} of {source}", unreadable)
    return found


def _list_text(source: Path) -> str:
    try:
        return read_text_file(source)
    except DataError:
        # Names are bytes: a list that `find` or `ls` wrote is right if all that it names is there.
        content = source.read_bytes() if source.stat().st_size < 2**28 else b"\0"
        if b"\0" in content:
            raise
        text = content.decode("utf-8", "surrogateescape")
        for line in text.splitlines():
            path = _listed_path(line, source.parent)
            if path is not None and why_unreadable(path) is not None:
                raise
        return text


def _listed_path(line: str, folder: Path) -> Optional[Path]:
    """Return what a line names: what is there comes before what the line may mean."""
    # The list's bytes, whatever encoding the system has for names.
    line = os.fsdecode(line.rstrip("\r").encode("utf-8", "surrogateescape"))
    stripped = line.strip()
    if not stripped:
        return None
    plain = stripped[1:-1] if len(stripped) > 2 and stripped[0] == stripped[-1] in "\"'" else stripped
    for text in (line, stripped, plain, plain.replace("\\", "/")):
        if os.path.lexists(folder / text):
            return folder / text
    return None if stripped.startswith("#") else folder / plain


def _report(failure: Unreadable, where: str, unreadable: Optional[list[Unreadable]]) -> None:
    if unreadable is None:
        raise DataError(
            f"cannot be read ({failure.reason})",
            where=where,
            fix="mend it, take it out, or pass --skip-unreadable",
        )
    unreadable.append(failure)


def _shortened(names: list[str]) -> list[str]:
    return [printable(name) for name in names[:_NAMED]] + ["…"] * (len(names) > _NAMED)


def printable(text: str) -> str:
    """Return ``text`` in one line, with escapes for what a terminal can't show."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
