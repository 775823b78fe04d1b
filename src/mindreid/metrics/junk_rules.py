"""Junk rules: which gallery items of a query's person are matches and which are junk.

Junk is taken out of a query's ranking before anything is counted. Only items of the query's own
person can be junk; everybody else, distractors included, stays in the ranking.

================== ===================== ==========================================
protocol           matches: same pid and junk: same pid and
================== ===================== ==========================================
"standard"         other camera          same camera
"clothes_changing" other camera, outfit  same camera or same outfit
"same_clothes"     other camera, same    same camera or other outfit
                   outfit
"all"              nothing more          nothing
================== ===================== ==========================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from mindreid.errors import InvalidArgumentError

JunkRule = Callable[["Labels", "Labels", "Pairs"], np.ndarray]


@dataclass(frozen=True)
class Labels:
    """Labels of the queries or of the gallery, each ``[N]``; empty where the protocol has no use for them.

    Attributes
    ----------
    pids : np.ndarray
        Person ids.
    camids : np.ndarray
        Cameras (or tracklets, where a dataset's rule says so).
    clothes : np.ndarray
        Outfit ids.
    """

    pids: np.ndarray
    camids: np.ndarray
    clothes: np.ndarray

    def __len__(self) -> int:
        return len(self.pids)

    def __getitem__(self, rows: slice) -> Labels:
        return Labels(self.pids[rows], self.camids[rows], self.clothes[rows])


@dataclass(frozen=True)
class Pairs:
    """Query-gallery pairs, ascending by query, then by gallery item.

    Attributes
    ----------
    rows, columns : np.ndarray
        Query and gallery index of each pair, int64 ``[pairs]``.
    """

    rows: np.ndarray
    columns: np.ndarray

    def __getitem__(self, mask: np.ndarray) -> Pairs:
        return Pairs(self.rows[mask], self.columns[mask])


class PersonIndex:
    """Finds the gallery items of a person without comparing every query with every item.

    Parameters
    ----------
    gallery_pids : np.ndarray
        ``[G]``.
    """

    def __init__(self, gallery_pids: np.ndarray) -> None:
        # A stable sort keeps gallery order within a person, on which Pairs' order rests.
        self._columns = np.argsort(gallery_pids, kind="stable")
        self._pids = gallery_pids[self._columns]

    def same_person(self, query_pids: np.ndarray) -> Pairs:
        """Return all pairs of a query and a gallery item of the same person."""
        starts = np.searchsorted(self._pids, query_pids, side="left")
        counts = np.searchsorted(self._pids, query_pids, side="right") - starts
        rows = np.repeat(np.arange(len(query_pids)), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return Pairs(rows, self._columns[starts[rows] + within])


def _same_camera(query: Labels, gallery: Labels, pairs: Pairs) -> np.ndarray:
    return _equal(query.camids, gallery.camids, pairs)


def _same_camera_or_outfit(query: Labels, gallery: Labels, pairs: Pairs) -> np.ndarray:
    return _same_camera(query, gallery, pairs) | _equal(query.clothes, gallery.clothes, pairs)


def _same_camera_or_other_outfit(query: Labels, gallery: Labels, pairs: Pairs) -> np.ndarray:
    return _same_camera(query, gallery, pairs) | ~_equal(query.clothes, gallery.clothes, pairs)


def _nothing(query: Labels, gallery: Labels, pairs: Pairs) -> np.ndarray:  # noqa: ARG001 - a JunkRule
    return np.zeros(len(pairs.rows), bool)


def _equal(query: np.ndarray, gallery: np.ndarray, pairs: Pairs) -> np.ndarray:
    return query[pairs.rows] == gallery[pairs.columns]


_JUNK_RULES: dict[str, JunkRule] = {
    "standard": _same_camera,
    "clothes_changing": _same_camera_or_outfit,
    "same_clothes": _same_camera_or_other_outfit,
    "all": _nothing,
}
_NEED_CLOTHES = ("clothes_changing", "same_clothes")

JUNK_RULES = tuple(_JUNK_RULES)


def junk_mask(query: Labels, gallery: Labels, pairs: Pairs, protocol: str) -> np.ndarray:
    """Return which of the same-person ``pairs`` are junk, bool ``[pairs]``."""
    return _JUNK_RULES[protocol](query, gallery, pairs)


def check_labels(
    side: str,
    count: int,
    pids: ArrayLike,
    camids: Optional[ArrayLike],
    clothes: Optional[ArrayLike],
    protocol: str,
) -> Labels:
    """Return the labels that ``protocol`` needs of one side, validated.

    Parameters
    ----------
    side : {"query", "gallery"}
        For messages.
    count : int
        How many labels of each kind there must be.
    pids, camids, clothes : array_like
        ``[count]`` each, integers or strings. What the protocol has no use for is not looked at.
    protocol : str
        One of :data:`JUNK_RULES`.

    Raises
    ------
    InvalidArgumentError
        If the protocol is unknown, or labels it needs are missing or of another length or type.
    """
    if protocol not in JUNK_RULES:
        raise InvalidArgumentError(
            f"unknown protocol {protocol!r}", fix=f"choose from {', '.join(JUNK_RULES)}"
        )

    def checked(kind: str, values: Optional[ArrayLike], needed: bool) -> np.ndarray:
        return _check_label(f"{side}_{kind}", values, count, protocol) if needed else np.empty(0, np.int64)

    return Labels(
        pids=checked("pids", pids, True),
        camids=checked("camids", camids, protocol != "all"),
        clothes=checked("clothes", clothes, protocol in _NEED_CLOTHES),
    )


def check_same_kind(query: Labels, gallery: Labels) -> None:
    """Raise InvalidArgumentError if labels are integers on one side and strings on the other."""
    for kind in ("pids", "camids", "clothes"):
        mine, theirs = (getattr(side, kind).dtype for side in (query, gallery))
        if (mine.kind == "U") != (theirs.kind == "U"):
            raise InvalidArgumentError(
                f"query_{kind} are {mine} and gallery_{kind} {theirs}", fix="pass both as integers or strings"
            )


def _check_label(name: str, values: Optional[ArrayLike], count: int, protocol: str) -> np.ndarray:
    labels = np.asarray(values)
    if labels.dtype.kind == "O" and None in labels.ravel().tolist():
        raise InvalidArgumentError(
            f"protocol {protocol!r} needs {name}, which are missing",
            fix="pass a label for every item, or choose a protocol that does without",
        )
    if labels.shape != (count,):
        raise InvalidArgumentError(f"expected {count} labels, one per item, got shape {labels.shape}", name)
    if labels.dtype.kind not in "iuU":
        raise InvalidArgumentError(f"labels must be integers or strings, got dtype {labels.dtype}", name)
    if labels.dtype == np.uint64:
        # Together with signed integers it would become double precision, which mixes up large ones.
        if labels.max(initial=0) > np.iinfo(np.int64).max:
            raise InvalidArgumentError("labels must be less than 2**63", name)
        return labels.astype(np.int64)
    return labels
