"""What every kind of index does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Optional, Protocol

import numpy as np

from mindreid.search.index.tracklets import Crop, Filters, Hit, IndexedModel, Source, Tracklet


@dataclass(frozen=True)
class Deleted:
    """What a deletion has taken out of an index, and what is to be found nowhere in it any more.

    Attributes
    ----------
    ids : tuple of str
        Of the tracklets.
    needles : tuple of bytes
        The ids, the vectors, and a piece of each crop, as they stood in files.
    crops : int
        How many pictures went with them.
    """

    ids: tuple[str, ...]
    needles: tuple[bytes, ...]
    crops: int


class Addition(Protocol):
    """One recording on its way into an index."""

    def put(self, tracklet: Tracklet, crops: Sequence[bytes]) -> None:
        """Add a tracklet, and the JPEG of each of its ``crops``."""

    def finish(self, source: Source) -> None:
        """Make the recording and its tracklets part of the index: all of it at once."""


class Index(Protocol):
    """Tracklets, and who looked for whom.

    Readers may look at an index while another process adds to it. All that change it raise a
    ``DataError`` while another process does so.

    Attributes
    ----------
    location : str
        As users name it.
    """

    location: str

    def close(self) -> None:
        """Let go of files and connections."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other processes from changing the index while the block runs."""

    def model(self) -> Optional[IndexedModel]:
        """Return the model that everything here is embedded by; ``None`` of an empty index."""

    def set_model(self, model: IndexedModel) -> None:
        """Say which model embeds what will be added.

        Raises
        ------
        DataError
            If the index holds embeddings of another one.
        """

    def source(self, source_id: str) -> Optional[Source]:
        """Return a recording by its id; ``None`` if it was not added."""

    def sources(self) -> list[Source]:
        """Return all recordings, by camera and time."""

    def adding(self, source_id: str) -> AbstractContextManager[Addition]:
        """Open the way in for one recording; unless it is finished, nothing of it stays.

        Raises
        ------
        DataError
            If the recording is there already.
        """

    def search(self, vector: np.ndarray, filters: Filters = Filters(), top: int = 10) -> list[Hit]:
        """Return the ``top`` tracklets whose embeddings are nearest to ``vector``, ``[D]``: exact.

        The best comes first, and of equal ones that whose id is first in the alphabet.
        """

    def count(self, filters: Filters = Filters()) -> int:
        """Return how many tracklets pass."""

    def tracklet(self, tracklet_id: str) -> Tracklet:
        """Return a tracklet.

        Raises
        ------
        DataError
            If there is none of this id.
        """

    def tracklets(self, filters: Filters = Filters()) -> Iterator[Tracklet]:
        """Yield the tracklets that pass, by the order of their ids."""

    def read_crop(self, crop: Crop) -> bytes:
        """Return a crop's JPEG."""

    def replace_embeddings(self, model: IndexedModel, rows: Iterable[tuple[str, np.ndarray]]) -> None:
        """Give all tracklets the embeddings of another model, by their ids: all of them at once."""

    def delete(self, ids: Sequence[str]) -> Deleted:
        """Remove tracklets with all that was kept of them; unknown ids are passed over."""

    def delete_source(self, source_id: str) -> None:
        """Forget that a recording without tracklets was ever added."""

    def retention(self) -> dict[str, float]:
        """Return the days that tracklets are kept, by camera."""

    def set_retention(self, camera: str, days: Optional[float]) -> None:
        """Keep a camera's tracklets for so many days; ``None``: without a limit."""

    def remaining(self, needles: Sequence[bytes]) -> tuple[list[str], int, int]:
        """Look for pieces of what was deleted, everywhere in the index.

        Returns
        -------
        tuple
            Where something was found, how many files or rows were searched, and how many bytes.
        """

    def append_log(self, action: str, details: Mapping[str, Any]) -> None:
        """Add a line to the log: who does what, when, and why."""

    def log(self) -> list[dict[str, Any]]:
        """Return the log, the oldest line first."""

    def verify_log(self) -> tuple[int, str]:
        """Check that no line of the log was changed, taken out or put in.

        Returns
        -------
        tuple
            How many lines there are, and the SHA-256 of the last one.

        Raises
        ------
        DataError
            If one was.
        """
