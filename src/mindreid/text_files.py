"""Text that users bring: lists and annotations in whatever encoding their program saved."""

from __future__ import annotations

import codecs
from pathlib import Path

from mindreid.atomic import PathLike
from mindreid.errors import DataError

#: Byte order marks and what they announce; UTF-32's begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
#: Bytes; far above any list or annotation, and well below what a mistaken video would take in memory.
_LARGEST = 1 << 28


def read_text_file(path: PathLike) -> str:
    """Read a text file that a user wrote.

    UTF-8 with or without a byte order mark, and UTF-16 or UTF-32 with one. Anything else is refused
    instead of guessed: a wrong guess changes names without a word.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    str
        Without the mark; every line ends with a line feed alone, whatever ended it in the file.

    Raises
    ------
    DataError
        If the file is missing, can't be read, is no text, has another encoding, or is larger than
        256 MiB.
    """
    content = _read_bytes(Path(path))
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _refused(content, encoding, error.start, str(path)) from None
    if "\0" in text:
        raise DataError(
            "this is no text, or UTF-16 without a byte order mark", where=str(path), fix="save it as UTF-8"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(f"can't read the file ({reason})", where=str(path)) from None
    if len(content) > _LARGEST:
        raise DataError(f"more than {_LARGEST >> 20} MiB are no list or annotation", where=str(path))
    return content


def _refused(content: bytes, encoding: str, at: int, path: str) -> DataError:
    if encoding == "utf-8" and b"\0" not in content:
        line = 1 + content.count(b"\n", 0, at)
        return DataError(
            f"this is no UTF-8 text, byte 0x{content[at]:02X} is perhaps Latin-1 or Windows-1252",
            where=f"{path}:{line}",
            fix="save it as UTF-8",
        )
    announced = {"utf-16": "damaged UTF-16", "utf-32": "damaged UTF-32", "utf-8-sig": "damaged UTF-8"}
    what = announced.get(encoding, "no text")
    return DataError(f"this is {what}", where=path, fix="save it as UTF-8")
