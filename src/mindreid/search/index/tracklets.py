"""What an index holds: tracklets, the recordings that they are from, the model that embedded them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Optional

import numpy as np

from mindreid.errors import InvalidArgumentError

#: A box of a tracklet: frame from 0, seconds since the recording's begin, pixels of the upright frame.
BOX = np.dtype(
    [
        ("frame", "<i4"),
        ("seconds", "<f8"),
        ("left", "<f4"),
        ("top", "<f4"),
        ("width", "<f4"),
        ("height", "<f4"),
    ]
)
#: How much of a recording's checksum its tracklets' ids begin with.
_ID_LETTERS = 16
_NUMBER_DIGITS = 5


@dataclass(frozen=True)
class IndexedModel:
    """The one model whose embeddings an index holds.

    Attributes
    ----------
    sha256 : str
        Checksum of the exported file.
    path : str
        Where it was last seen, absolute.
    inputs : dict
        How crops are made into its input, as JSON holds it; the same file with other inputs is
        another model.
    dimension : int
        Values of an embedding.
    """

    sha256: str
    path: str
    inputs: dict[str, Any]
    dimension: int

    def embeds_like(self, other: IndexedModel) -> bool:
        """Whether embeddings of both can be compared."""
        return (self.sha256, self.inputs) == (other.sha256, other.inputs)


@dataclass(frozen=True)
class Source:
    """A video or a photo, as it was added.

    Attributes
    ----------
    id : str
        SHA-256 of the file's content.
    kind : str
        "video" or "photo".
    path : str
        Where it was, absolute.
    camera : str
        The camera that recorded it.
    start : datetime or None
        When it begins, UTC; ``None`` of a photo without a time.
    end : datetime or None
        When it ends.
    width, height : int
        Of an upright frame, in pixels.
    frames : int
        Frames that could be read.
    missing : int
        Frames that the file announces and that could not.
    found_by : str or None
        What has found its persons, in words that stay the same; ``None`` where it was not noted, as by
        earlier versions.
    persons : int or None
        How many tracklets were found when it was added, whatever was forgotten since; ``None`` as above.
    """

    id: str
    kind: str
    path: str
    camera: str
    start: Optional[datetime]
    end: Optional[datetime]
    width: int
    height: int
    frames: int = 1
    missing: int = 0
    found_by: Optional[str] = None
    persons: Optional[int] = None


@dataclass(frozen=True)
class Crop:
    """A picture of a tracklet's person.

    Attributes
    ----------
    name : str
        Under which :meth:`mindreid.search.index.Index.read_crop` gives the JPEG's bytes.
    frame : int
        Of the recording, from 0; one of the tracklet's boxes is in it.
    """

    name: str
    frame: int


@dataclass(frozen=True)
class Tracklet:
    """One person, followed through one recording.

    Attributes
    ----------
    id : str
        See :func:`tracklet_id`.
    source : str
        Id of the recording.
    camera : str
        The recording's.
    start, end : datetime or None
        Of its first and last box, UTC; ``None`` of a photo without a time.
    boxes : np.ndarray
        Of :data:`BOX`, ``[frames]``, in the order of time.
    crops : tuple of Crop
        The best first.
    model : str
        SHA-256 of the model.
    embedding : np.ndarray
        float32 ``[D]``, of unit length: the mean over the crops.
    """

    id: str
    source: str
    camera: str
    start: Optional[datetime]
    end: Optional[datetime]
    boxes: np.ndarray = field(repr=False)
    crops: tuple[Crop, ...]
    model: str
    embedding: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Hit:
    """A tracklet that was found, and the cosine of its embedding and the query's, -1 to 1."""

    tracklet: Tracklet
    score: float


@dataclass(frozen=True)
class Filters:
    """Which tracklets are looked at.

    Attributes
    ----------
    cameras : tuple of str
        Those of these cameras; empty: of all.
    after, before : datetime or None
        Those that are seen at this time or later, and at this time or earlier; a tracklet without a
        time is none of them. With a time zone.
    sources : tuple of str
        Those of recordings with these ids; empty: of all.

    Raises
    ------
    InvalidArgumentError
        If a time has no time zone, or ``after`` is later than ``before``.
    """

    cameras: tuple[str, ...] = ()
    after: Optional[datetime] = None
    before: Optional[datetime] = None
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for time in (self.after, self.before):
            if time is not None and time.tzinfo is None:
                raise InvalidArgumentError("a time has no time zone", where=str(time))
        if self.after is not None and self.before is not None and self.after > self.before:
            raise InvalidArgumentError(
                f"nothing is after {self.after.isoformat()} and before {self.before.isoformat()}",
                fix="the time after which is the earlier one",
            )


def tracklet_id(source: str, number: int) -> str:
    """Return the id of a recording's tracklet, by its number from 0.

    Examples
    --------
    >>> tracklet_id("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 7)
    '9f86d081884c7d65-00007'
    """
    return f"{source[:_ID_LETTERS]}-{number:0{_NUMBER_DIGITS}d}"


def recordings_letters(name: str) -> str:
    """Return with what the recording's id begins of which a tracklet may be; empty of what is no id.

    Examples
    --------
    >>> recordings_letters("9f86d081884c7d65-00007"), recordings_letters("anna")
    ('9f86d081884c7d65', '')
    """
    begin, _, number = name.rpartition("-")
    is_id = len(begin) == _ID_LETTERS and len(number) >= _NUMBER_DIGITS and number.isdecimal()
    return begin if is_id else ""


def to_seconds(time: Optional[datetime]) -> Optional[float]:
    """Return a time as seconds since 1970, UTC."""
    return None if time is None else time.timestamp()


def from_seconds(seconds: Optional[float]) -> Optional[datetime]:
    """Return the time, UTC, of seconds since 1970."""
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)


def check_embedding(vector: np.ndarray, dimension: int) -> np.ndarray:
    """Return a vector in float32 and of unit length.

    Raises
    ------
    InvalidArgumentError
        If it has another dimension, no direction, or a value that is no finite number.
    """
    vector = np.asarray(vector, np.float64)
    if vector.shape != (dimension,):
        raise InvalidArgumentError(
            f"an embedding has shape {vector.shape}, the index holds vectors of {dimension} values",
            fix="embed with the index's model",
        )
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length == 0:
        raise InvalidArgumentError("an embedding has no direction: it is zero, infinite, or not a number")
    return np.asarray(vector / length, np.float32)
