"""Can the protocols of a dataset give a figure? Told by its records, before anything is embedded."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from mindreid.data.records import Dataset, Protocol, Record
from mindreid.engine.evaluation.gait_benchmarks import GAIT_BENCHMARKS
from mindreid.errors import InvalidArgumentError
from mindreid.metrics.junk_rules import Labels, PersonIndex, check_labels, junk_mask

_LISTED = 3
#: Why a gallery image of the query's person is junk, by rule.
_JUNK = {
    "standard": "is of the query's {source}",
    "clothes_changing": "is of the query's {source} or outfit",
    "same_clothes": "is of the query's {source} or in another outfit",
}


@dataclass(frozen=True)
class ProtocolFindings:
    """What stands in the way of a figure, and what spoils one.

    Attributes
    ----------
    obstacles : dict
        By protocol: why it cannot give a figure.
    warnings : tuple of str
        What makes a figure say less than it seems to, with counts and some of the images.
    """

    obstacles: dict[str, str]
    warnings: tuple[str, ...]


def check_protocols(dataset: Dataset) -> ProtocolFindings:
    """Look for protocols without an answer, and for images that answer too much or not at all."""
    obstacles: dict[str, str] = {}
    files = _Files()
    found = [*dataset.warnings, *_training_warnings(dataset, files)]
    for protocol in dataset.protocols.values():
        if protocol.rule in GAIT_BENCHMARKS:
            obstacle = _gait_obstacle(protocol)
        else:
            try:
                matches = _Matches.of(protocol, files)
            except InvalidArgumentError as error:
                obstacles[protocol.name] = str(error)
                continue
            obstacle = matches.obstacle(dataset)
            found += matches.warnings(dataset)
        if obstacle is not None:
            obstacles[protocol.name] = obstacle
    return ProtocolFindings(obstacles, tuple(found))


class _Files:
    """Tells by numbers whether records have the same files, whatever links their folders are reached by."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._folders: dict[str, str] = {}

    def numbers(self, records: Iterable[Record]) -> np.ndarray:
        """Return int64 ``[records]``: equal numbers, equal files."""
        real = (tuple(map(self._real, record.paths)) for record in records)
        return np.array([self._numbers.setdefault(paths, len(self._numbers)) for paths in real], np.int64)

    def _real(self, path: str) -> str:
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)


@dataclass(frozen=True)
class _Matches:
    """What the queries of a protocol have in the gallery; bool arrays, one value a query.

    Attributes
    ----------
    person : np.ndarray
        Some image of the query's person.
    valid : np.ndarray
        One that is not junk.
    other_file : np.ndarray
        One that is not junk and another file than the query.
    same_file : np.ndarray
        The query itself, and it is not junk.
    junk_file : np.ndarray
        The query itself, and it is junk.
    one_source : bool
        Whether all images are of one camera.
    """

    protocol: Protocol
    person: np.ndarray
    valid: np.ndarray
    other_file: np.ndarray
    same_file: np.ndarray
    junk_file: np.ndarray
    one_source: bool

    @classmethod
    def of(cls, protocol: Protocol, files: _Files) -> _Matches:
        query, gallery = (_labels(side, protocol) for side in ("query", "gallery"))
        pairs = PersonIndex(gallery.pids).same_person(query.pids)
        junk = junk_mask(query, gallery, pairs, protocol.rule)
        same = files.numbers(protocol.query)[pairs.rows] == files.numbers(protocol.gallery)[pairs.columns]

        def having(which: np.ndarray) -> np.ndarray:
            return np.bincount(pairs.rows[which], minlength=len(query)) > 0

        sources = {*query.camids.tolist(), *gallery.camids.tolist()}
        return cls(
            protocol,
            person=having(np.ones(len(junk), bool)),
            valid=having(~junk),
            other_file=having(~junk & ~same),
            same_file=having(~junk & same),
            junk_file=having(junk & same),
            one_source=len(sources) == 1,
        )

    def obstacle(self, dataset: Dataset) -> Optional[str]:
        """Say why no query has an answer; ``None`` if one has."""
        if self.other_file.any():
            return None
        only = f"there is only one {self._source}, and " if self.one_source else ""
        reasons = [*self._unanswered(dataset)]
        itself = self.valid & ~self.other_file
        if itself.any():
            names = _names(dataset, self.protocol.query, itself)
            reasons.append(f"{itself.sum():,} whose only match is the very same file ({names})")
        return f"{only}none of {len(self.person):,} queries has a match: {'; '.join(reasons)}"

    def warnings(self, dataset: Dataset) -> list[str]:
        """Say which queries count nowhere, and which find themselves."""
        if not self.other_file.any():
            return []
        found = []
        if not self.valid.all():
            reasons = "; ".join(self._unanswered(dataset))
            found.append(f"{(~self.valid).sum():,} of {len(self.valid):,} queries count nowhere: {reasons}")
        if self.same_file.any():
            names = _names(dataset, self.protocol.query, self.same_file)
            found.append(
                f"{self.same_file.sum():,} of {len(self.valid):,} queries find the very same file in the "
                f"gallery, which makes figures too good ({names})"
            )
        return [f"{self.protocol.name}: {line}" for line in found]

    @property
    def _source(self) -> str:
        return "camera" if self.protocol.source == "camid" else self.protocol.source

    def _unanswered(self, dataset: Dataset) -> Iterable[str]:
        groups = (
            (~self.person, "whose person is not in the gallery"),
            (self.person & ~self.valid, f"of whose person each gallery image {self._junk_reason()}"),
            (self.junk_file & ~self.valid, "of these are in the gallery as the very same file"),
        )
        for which, reason in groups:
            if which.any():
                yield f"{which.sum():,} {reason} ({_names(dataset, self.protocol.query, which)})"

    def _junk_reason(self) -> str:
        return _JUNK.get(self.protocol.rule, "is junk").format(source=self._source)


def _labels(side: str, protocol: Protocol) -> Labels:
    records: Sequence[Record] = getattr(protocol, side)
    pids, sources, clothes = (
        [getattr(record, name) for record in records] for name in ("pid", protocol.source, "clothes_id")
    )
    return check_labels(side, len(records), pids, sources, clothes, protocol.rule)


def _gait_obstacle(protocol: Protocol) -> Optional[str]:
    """Say why a gait benchmark, which chooses its lists by itself, can't give all its figures."""
    same = np.ones((len(protocol.query), 1), np.float32)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            rows = GAIT_BENCHMARKS[protocol.rule](protocol.query, same, "euclidean")
    except InvalidArgumentError as error:
        return str(error)
    without = [name for name, row in rows.items() if np.isnan(row.rank1)]
    return f"there are no two views to compare for {', '.join(without)}" if without else None


def _training_warnings(dataset: Dataset, files: _Files) -> Iterable[str]:
    pids = np.array([record.pid for record in dataset.train])
    single = np.bincount(pids)[pids] == 1
    if single.any():
        yield (
            f"{single.sum():,} of {dataset.num_train_pids:,} persons to train on have one image alone "
            f"({_names(dataset, dataset.train, single)})"
        )
    if dataset.num_train_pids == 1:
        yield "there is one person alone to train on, whom nothing can be told apart from"
    leaked = np.isin(files.numbers(dataset.train), files.numbers((*dataset.query, *dataset.gallery)))
    if leaked.any():
        yield (
            f"{leaked.sum():,} of {len(leaked):,} images to train on are tested on, too, which makes figures "
            f"too good ({_names(dataset, dataset.train, leaked)})"
        )


def _names(dataset: Dataset, records: Sequence[Record], which: np.ndarray) -> str:
    chosen = np.flatnonzero(which)
    names = [os.path.relpath(records[index].path, dataset.root) for index in chosen[:_LISTED]]
    more = len(chosen) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")
