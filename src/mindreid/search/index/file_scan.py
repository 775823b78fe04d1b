"""Looking for bytes in every file of a folder: the proof that something is not there any more."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path

import numpy as np

#: Bytes of an integer, and of a piece in which a file is looked through.
_WORD, _PIECE = 8, 2**24
#: Where the telling part of a needle begins at the latest.
_LATEST = 4096
#: Shortest needle; less would be found by chance.
SHORTEST = 16
#: What a JPEG's picture begins with, and how long that is for three colours.
_SCAN, _SCAN_HEADER = b"\xff\xda", 14
#: Places in the table that rules most bytes out at once.
_TABLE = 2**22


def scan_folder(folder: Path, needles: Sequence[bytes]) -> tuple[list[str], int, int]:
    """Look for byte strings in all files below a folder, whatever they are.

    Parameters
    ----------
    folder : Path
        With its subfolders; hidden files too.
    needles : sequence of bytes
        Each at least 16 bytes long.

    Returns
    -------
    tuple
        The files in which one of them is, how many files there are, and their bytes.
    """
    found, count, size = [], 0, 0
    search = _NeedleSearch(needles)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            count, size = count + 1, size + path.stat().st_size
            if path.stat().st_size and search.is_in(path):
                found.append(str(path))
    return found, count, size


def picture_needle(jpeg: bytes) -> bytes:
    """Return the part of a JPEG file that is its own: what follows the tables, which others share."""
    scan = jpeg.rfind(_SCAN)
    content = jpeg[scan + _SCAN_HEADER :] if scan >= 0 else jpeg
    return content if len(content) >= SHORTEST else jpeg.rjust(SHORTEST)


class _NeedleSearch:
    """Many byte strings, looked for at once.

    Of every 15 bytes of a file, 8 stand at a multiple of 8. So a file is read as integers once, and of each
    needle eight are looked for: those that begin at one of 8 following bytes.
    """

    def __init__(self, needles: Sequence[bytes]) -> None:
        #: By integer: where in which needle it stands.
        self._places: dict[int, list[tuple[int, bytes]]] = {}
        for needle in needles:
            if len(needle) < SHORTEST:
                raise ValueError(f"a needle of {len(needle)} bytes would be found by chance")
            begin = _telling_part(needle)
            for offset in range(begin, begin + _WORD):
                word = int.from_bytes(needle[offset : offset + _WORD], "little")
                self._places.setdefault(word, []).append((offset, needle))
        self._words = np.array(sorted(self._places), np.uint64)
        self._table = np.zeros(_TABLE, bool)
        self._table[_entries(self._words)] = True

    def is_in(self, path: Path) -> bool:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(self._is_in_piece(content, begin) for begin in range(0, len(content), _PIECE))

    def _is_in_piece(self, content: mmap.mmap, begin: int) -> bool:
        piece = content[begin : begin + _PIECE]
        words = np.frombuffer(piece, "<u8", len(piece) // _WORD)
        candidates = np.flatnonzero(self._table[_entries(words)])
        for number in candidates[np.isin(words[candidates], self._words)]:
            at = begin + _WORD * int(number)
            for offset, needle in self._places[int(words[number])]:
                if offset <= at and content[at - offset : at - offset + len(needle)] == needle:
                    return True
        return False


def _telling_part(needle: bytes) -> int:
    """Return where 15 bytes of a needle begin that are not to be found everywhere, as zeros are."""
    last = min(len(needle) - 2 * _WORD + 1, _LATEST)
    for begin in range(last + 1):
        words = (needle[begin + offset : begin + offset + _WORD] for offset in range(_WORD))
        if all(len(set(word)) >= _WORD // 2 for word in words):
            return begin
    return 0


def _entries(words: np.ndarray) -> np.ndarray:
    # Multiplied, since floats of small vectors share their high bits and text its low ones.
    return ((words * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(42)).astype(np.int64)
