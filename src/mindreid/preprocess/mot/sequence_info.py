"""``seqinfo.ini`` of a MOTChallenge sequence."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from mindreid.errors import DataError
from mindreid.text_files import read_text_file

FILE_NAME = "seqinfo.ini"
_SECTION = "Sequence"
_FIX = "mend or remove it"


@dataclass(frozen=True)
class SequenceInfo:
    """What a sequence says of itself; ``None`` where it does not.

    Attributes
    ----------
    path : Path
        The file.
    suffix : str, optional
        Of the frames' files, such as ``.jpg``.
    length : int, optional
        Number of frames.
    frame_rate : float, optional
        Frames per second.
    height, width : int, optional
        Pixels of a frame.
    """

    path: Path
    suffix: Optional[str] = None
    length: Optional[int] = None
    frame_rate: Optional[float] = None
    height: Optional[int] = None
    width: Optional[int] = None

    def check_size(self, height: int, width: int, frames: Path) -> None:
        """Raise a DataError unless frames of this size are those that were annotated."""
        if self.height not in (None, height) or self.width not in (None, width):
            raise DataError(
                f"the frames are {width} × {height}, but {self.path} says {self.width} × {self.height}",
                where=str(frames),
                fix="pass the frames in the size that was annotated",
            )


def read_sequence_info(source: Path) -> Optional[SequenceInfo]:
    """Read the ``seqinfo.ini`` beside a video or a folder of frames; ``None`` if there is none.

    Raises
    ------
    DataError
        If it is damaged.
    """
    path = source.parent / FILE_NAME
    if not path.is_file():
        return None
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read_text_file(path))
        section = parser[_SECTION]
    except (configparser.Error, KeyError):
        raise DataError(f"there is no section [{_SECTION}]", where=str(path), fix=_FIX) from None
    suffix = section.get("imExt", "").strip().lower()
    return SequenceInfo(
        path,
        suffix=suffix or None,
        length=_count(section, "seqLength", path),
        frame_rate=_positive(section, "frameRate", path),
        height=_count(section, "imHeight", path),
        width=_count(section, "imWidth", path),
    )


def _count(section: configparser.SectionProxy, key: str, path: Path) -> Optional[int]:
    value = _positive(section, key, path)
    if value is not None and not value.is_integer():
        raise DataError(f"{key} is {value}, no whole number", where=str(path), fix=_FIX)
    return None if value is None else int(value)


def _positive(section: configparser.SectionProxy, key: str, path: Path) -> Optional[float]:
    text = section.get(key)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise DataError(f"{key} is {text!r}, not a number above 0", where=str(path), fix=_FIX)
    return value
