"""What a file of weights is, by its first bytes: its ending may say something else."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

TORCH, SAFETENSORS = "a PyTorch checkpoint", "a safetensors file"
_HEAD = 64
#: First bytes, and what begins with them. PyTorch writes zip archives, and pickles before version 1.6.
_BEGINNINGS = (
    (b"PK\x03\x04", TORCH),
    (b"\x80\x02", TORCH),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"%PDF", "a PDF document"),
)
_WEB_PAGE = (b"<!doctype", b"<html", b"<?xml")


def file_kind(path: Path) -> Optional[str]:
    """Tell what a file is, as part of a sentence; ``None`` if its beginning is none of the known ones.

    Examples
    --------
    >>> file_kind(Path(__file__)) is None
    True
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    if not head:
        return "empty"
    if head.lstrip().lower().startswith(_WEB_PAGE):
        return "a web page, not the file that it leads to"
    # A header of JSON follows its length, 8 bytes.
    if head[8:9] == b"{" and head[6:8] == b"\0\0":
        return SAFETENSORS
    return next((kind for beginning, kind in _BEGINNINGS if head.startswith(beginning)), None)
