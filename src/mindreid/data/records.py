"""What a dataset is made of: records, protocols and statistics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Optional

import numpy as np


@dataclass(frozen=True)
class Record:
    """One image, or one tracklet of several images, of one person.

    Attributes
    ----------
    paths : tuple of str
        The image files: one for an image, the frames in order for a tracklet. A gait sequence is
        one file that holds all frames (:mod:`mindreid.data.formats.pickles`).
    pid : int
        Person id. In a training split 0..N-1, elsewhere the released number.
    camid : int
        Camera, from 0.
    clothes_id : int, optional
        Outfit id, unique over all persons of the split; ``None`` where there are no labels.
    view : int, optional
        Viewpoint class, ``None`` if unknown.
    tracklet : int, optional
        Number of the tracklet the image was cut from, ``None`` if unknown.
    condition : str, optional
        What a gait dataset calls the state of the walker: "U0_D0_BG" in CCPG, "nm-01" in CASIA-B.
    camera : str, optional
        What a gait dataset calls the camera or its angle, of which ``camid`` is the number: "01"
        in CCPG, "090" in CASIA-B.
    keypoints : ndarray, optional
        float32 ``[26, 3]``, x and y in pixels and confidence, in the order of
        :data:`mindreid.data.keypoints.KEYPOINT_NAMES`; ``None`` if unknown. Records are compared
        without it.
    silhouette : str, optional
        The file of the image's silhouette (:mod:`mindreid.data.silhouette_files`), ``None`` if unknown.
    """

    paths: tuple[str, ...]
    pid: int
    camid: int
    clothes_id: Optional[int] = None
    view: Optional[int] = None
    tracklet: Optional[int] = None
    condition: Optional[str] = None
    camera: Optional[str] = None
    keypoints: Optional[np.ndarray] = field(default=None, compare=False, repr=False)
    silhouette: Optional[str] = field(default=None, compare=False, repr=False)

    @property
    def path(self) -> str:
        """The first (for an image: the only) file."""
        return self.paths[0]


Records = tuple[Record, ...]


@dataclass(frozen=True)
class SplitStatistics:
    """How many persons, records, cameras and outfits a split has; ``None`` where it is not known.

    ``approximate`` names the counts that are unverified: a difference from them is
    worth a word, but proves nothing.
    """

    persons: Optional[int] = None
    records: Optional[int] = None
    cameras: Optional[int] = None
    clothes: Optional[int] = None
    approximate: tuple[str, ...] = ()

    @classmethod
    def of(cls, records: Sequence[Record]) -> SplitStatistics:
        """Count ``records``."""
        clothes = {record.clothes_id for record in records} - {None}
        return cls(
            persons=len({record.pid for record in records}),
            records=len(records),
            cameras=len({record.camid for record in records}),
            clothes=len(clothes) or None,
        )


@dataclass(frozen=True)
class Protocol:
    """A named way to evaluate: which query against which gallery, and what is junk.

    Attributes
    ----------
    name : str
        Printed beside every result.
    rule : str
        Junk rule, one of :data:`mindreid.metrics.PROTOCOLS`: "standard", "clothes_changing",
        "same_clothes" or "all"; or the name of a gait benchmark, which makes its own lists of all
        test sequences: "ccpg", "casia_b_single_view", "casia_b_cross_view".
    query, gallery : tuple of Record
        The two lists.
    query_pool : tuple of Record
        For multiple query: a query's embedding is the mean of the normalised embeddings of the
        pool's images with its pid and camera. Empty for single query.
    trials : tuple of tuple of Record
        Galleries drawn from ``gallery``: each is ranked for itself, and the result is their mean
        with its standard deviation. Empty if ``gallery`` itself is ranked.
    source : str
        Which label of a record the junk rule takes for its camera: "camid" or "tracklet".
    """

    name: str
    rule: str
    query: Records
    gallery: Records
    query_pool: Records = ()
    trials: tuple[Records, ...] = ()
    source: Literal["camid", "tracklet"] = "camid"

    @property
    def junk(self) -> str:
        """The junk rule in words, printed beside every result."""
        return self.rule if self.source == "camid" else f"{self.rule}, by {self.source}"


@dataclass(frozen=True)
class Dataset:
    """Training, query and gallery records with the protocols that evaluate them.

    Attributes
    ----------
    name, variant : str
        Registered name, and what distinguishes this delivery of it ("detected", "train+val");
        both are printed with every result.
    statistics : dict
        Official counts by split name ("train", "query", "gallery").
    protocols : dict
        Protocols by name; the first is the default one.
    mirrored_views : dict
        The view that an image shows once it is mirrored, of every view that mirroring changes.
    warnings : tuple of str
        What the loader saw that makes figures say less than they seem to.
    """

    name: str
    root: Path
    train: Records
    query: Records
    gallery: Records
    protocols: dict[str, Protocol]
    statistics: dict[str, SplitStatistics] = field(default_factory=dict)
    variant: str = ""
    mirrored_views: dict[int, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def num_train_pids(self) -> int:
        """Number of persons in the training split, the class count of identity classifiers."""
        return len({record.pid for record in self.train})

    @property
    def num_train_clothes(self) -> int:
        """Number of labelled outfits in the training split, 0 without clothes labels."""
        return SplitStatistics.of(self.train).clothes or 0

    def split(self, name: str) -> Records:
        """Return the records of split "train", "query" or "gallery"."""
        return {"train": self.train, "query": self.query, "gallery": self.gallery}[name]


def numbering(values: Iterable[Any]) -> dict[Any, int]:
    """Give the distinct ``values`` the numbers 0..N-1 in ascending order; ``None`` gets none.

    Examples
    --------
    >>> numbering([(7, "coat"), (3, "coat"), None, (7, "coat")])
    {(3, 'coat'): 0, (7, 'coat'): 1}
    """
    return {value: number for number, value in enumerate(sorted(set(values) - {None}))}


def relabel(records: Sequence[Record]) -> Records:
    """Renumber pids, and clothes ids where there are any, 0..N-1 in ascending order of the old ids."""
    pids = numbering(record.pid for record in records)
    clothes = numbering(record.clothes_id for record in records)
    return tuple(
        replace(record, pid=pids[record.pid], clothes_id=clothes.get(record.clothes_id)) for record in records
    )


def with_outfits(records: Sequence[Record], outfits: Sequence[Any]) -> Records:
    """Give each record the clothes id of its pair (pid, outfit), so that no two persons share one.

    Parameters
    ----------
    records : sequence of Record
        Everything that shares one vocabulary of clothes ids: the training split, or query and
        gallery together.
    outfits : sequence
        What the dataset calls the outfit of each record, all strings or all integers; may start
        anew with every person. ``None`` where it is not labelled.

    Returns
    -------
    tuple of Record
        With clothes ids 0..N-1 in ascending order of (pid, outfit).
    """
    pairs = [None if outfit is None else (record.pid, outfit) for record, outfit in zip(records, outfits)]
    numbers = numbering(pairs)
    return tuple(replace(record, clothes_id=numbers.get(pair)) for record, pair in zip(records, pairs))


def with_shared_outfits(*parts: tuple[Sequence[Record], Sequence[Any]]) -> tuple[Records, ...]:
    """Do as :func:`with_outfits` for several lists that share one vocabulary: query and gallery.

    Parameters
    ----------
    *parts : tuple
        Records and what the dataset calls their outfits.
    """
    records = [record for part, _ in parts for record in part]
    labelled = iter(with_outfits(records, [outfit for _, outfits in parts for outfit in outfits]))
    return tuple(tuple(islice(labelled, len(part))) for part, _ in parts)
