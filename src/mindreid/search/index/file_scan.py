"""Looking for bytes in every file of a folder: the proof that something is not there any more."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path

import numpy as np

#: What of a needle is compared first, and in how large pieces a file is looked through.
_HEAD, _PIECE = 8, 2**24
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
    """Many byte strings, looked for at once: their first 8 bytes as integers in a table."""

    def __init__(self, needles: Sequence[bytes]) -> None:
        self._by_head: dict[int, list[bytes]] = {}
        for needle in needles:
            if len(needle) < SHORTEST:
                raise ValueError(f"a needle of {len(needle)} bytes would be found by chance")
            self._by_head.setdefault(int.from_bytes(needle[:_HEAD], "little"), []).append(needle)
        self._heads = np.array(sorted(self._by_head), np.uint64)
        self._table = np.zeros(_TABLE, bool)
        self._table[_places(self._heads)] = True

    def is_in(self, path: Path) -> bool:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(self._is_in_piece(content, begin) for begin in range(0, len(content), _PIECE))

    def _is_in_piece(self, content: mmap.mmap, begin: int) -> bool:
        # Heads that begin in this piece may end in the next one.
        piece = np.frombuffer(content[begin : begin + _PIECE + _HEAD - 1], np.uint8)
        for shift in range(_HEAD):
            aligned = piece[shift : shift + (len(piece) - shift) // _HEAD * _HEAD]
            values = np.frombuffer(aligned.tobytes(), "<u8")
            candidates = np.flatnonzero(self._table[_places(values)])
            for place in candidates[np.isin(values[candidates], self._heads)]:
                at = begin + shift + _HEAD * int(place)
                needles = self._by_head[int(values[place])]
                if any(content[at : at + len(needle)] == needle for needle in needles):
                    return True
        return False


def _places(values: np.ndarray) -> np.ndarray:
    # Multiplied, since floats of small vectors share their high bits and text its low ones.
    return ((values * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(42)).astype(np.int64)
