"""What to do about training files that cannot be read: fail, or take other records for a few of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from mindreid.data.records import Record
from mindreid.errors import DataError

logger = logging.getLogger(__name__)

Sample = TypeVar("Sample")


class StandIns:
    """Reads training records, and for one that cannot be read another one of the same person.

    The stand-in is the person's next record that can be read, so that a batch keeps its persons
    and a resumed run takes the same one. Each unreadable file is reported once.

    Parameters
    ----------
    records : sequence of Record
        The training split.
    share : float
        Greatest share of them that may be unreadable, in [0, 1); 0: the first one is an error.

    Examples
    --------
    >>> records = [Record((name,), pid=pid, camid=0) for name, pid in (("a", 0), ("b", 1), ("c", 0))]
    >>> def read(record):
    ...     if record.path == "a":
    ...         raise DataError("cannot read the image", where=record.path)
    ...     return record.path
    >>> StandIns(records, share=0.5).read(0, read)
    (2, 'c')
    """

    def __init__(self, records: Sequence[Record], share: float) -> None:
        self.records, self.share = records, share
        self.unreadable: set[int] = set()
        self._pids = np.array([record.pid for record in records])
        self._lock = threading.Lock()

    def read(self, index: int, read: Callable[[Record], Sample]) -> tuple[int, Sample]:
        """Read a record or its stand-in; may be called by several threads.

        Returns
        -------
        tuple
            The place of the record that was read, and what ``read`` returned for it.

        Raises
        ------
        DataError
            If more files are unreadable than allowed, or all of this person.
        """
        for candidate in self._candidates(index):
            if candidate in self.unreadable:
                continue
            try:
                return candidate, read(self.records[candidate])
            except DataError as error:
                self._report(candidate, error)
        raise DataError(
            "no file of this person can be read",
            where=self.records[index].path,
            fix="fetch the dataset again or take the person out of it",
        )

    def _candidates(self, index: int) -> Iterator[int]:
        yield index
        own = np.flatnonzero(self._pids == self.records[index].pid)
        yield from own[own > index].tolist()
        yield from own[own < index].tolist()

    def _report(self, index: int, error: DataError) -> None:
        allowed = int(self.share * len(self.records))
        with self._lock:
            if index in self.unreadable:
                return
            if allowed == 0:
                raise error
            self.unreadable.add(index)
            count = len(self.unreadable)
        if count > allowed:
            raise DataError(
                f"{count} training files cannot be read, "
                f"train.unreadable_share = {self.share:g} allows {allowed}",
                where=f"the last one is {error.where}",
                fix="fetch the dataset again, or raise train.unreadable_share",
            ) from error
        logger.warning("left out (%d of at most %d): %s: %s", count, allowed, error.what, error.where)
