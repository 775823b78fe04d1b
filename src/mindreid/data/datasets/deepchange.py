"""DeepChange: seventeen outdoor cameras over twelve months; an outfit is a person on one day.

Source: P. Xu, X. Zhu, "DeepChange: A Long-Term Person Re-Identification Benchmark with Clothes
Change", ICCV 2023.

========  =======  ======
split     persons  images
========  =======  ======
train     450      75,083
query     521      17,527
gallery   521      62,956
========  =======  ======

These numbers, and the 150 persons and 22,841 images of the validation split, which is not used, are
quoted from memory; together they are the 1,121 persons and 178,407 images of the release.

A line of a list is ``{file name},{tracklet}``; a file name is
``P{pid}_C{camera}_{day}_{hour}_…_….jpg``. Nobody has labelled the outfits: as in CAL, what a person
wears on one day is taken for one outfit.

Protocol: junk is what has the query's person and *tracklet*. Another tracklet of the same camera
counts as a match.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from mindreid.atomic import PathLike, write_text
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import check_listed, parse_name, read_lines, require
from mindreid.data.layouts import Layout, Shot, pair_number
from mindreid.data.records import (
    Dataset,
    Protocol,
    Record,
    SplitStatistics,
    with_outfits,
    with_shared_outfits,
)
from mindreid.errors import DataError
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
DeepChangeDataset/
  train-set/          P{pid}_C{camera}_{day}_{hour}_…_….jpg   75,083 images
  test-set-query/     P{pid}_C{camera}_{day}_{hour}_…_….jpg   17,527 images
  test-set-gallery/   P{pid}_C{camera}_{day}_{hour}_…_….jpg   62,956 images
  train-set-bbox.txt          a line "{file name},{tracklet}" for each image
  test-set-query-bbox.txt     the same
  test-set-gallery-bbox.txt   the same"""

_QUOTED = ("persons", "records")
STATISTICS = {
    "train": SplitStatistics(450, 75_083, approximate=_QUOTED),
    "query": SplitStatistics(521, 17_527, approximate=_QUOTED),
    "gallery": SplitStatistics(521, 62_956, approximate=_QUOTED),
}

_LINE = re.compile(r"(?P<name>[^,]*[^,\s])\s*,\s*(?P<tracklet>\d+)")
_NAME = re.compile(r"P(?P<pid>\d+)_C(?P<camera>\d+)_(?P<day>[^_]+)_[^_]+_[^_]+_")
_FOLDERS = {"train": "train-set", "query": "test-set-query", "gallery": "test-set-gallery"}
_FIRST_DAY = date(2020, 6, 1)


def load(root: PathLike) -> Dataset:
    """Load DeepChange.

    Parameters
    ----------
    root : path
        The folder ``DeepChangeDataset``.

    Returns
    -------
    Dataset
        With clothes labels by day and tracklets; camera numbers are as released.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, a line or a name is
        malformed, or a listed image is missing.
    """
    folders = _FOLDERS.values()
    root = require(root, TREE, [*folders, *map(_list_name, folders)])
    train, query, gallery = (_read_split(root, folder) for folder in folders)
    query_records, gallery_records = with_shared_outfits(query, gallery)
    return assemble(
        "deepchange",
        root,
        with_outfits(*train),
        query_records,
        gallery_records,
        protocols=[Protocol("standard", "standard", query_records, gallery_records, source="tracklet")],
        statistics=STATISTICS,
    )


def _list_name(folder: str) -> str:
    return f"{folder}-bbox.txt"


def _read_split(root: Path, folder: str) -> tuple[list[Record], list[str]]:
    records, days, where_of = [], [], {}
    for line, where in read_lines(root / _list_name(folder)):
        match = _LINE.fullmatch(line)
        if match is None:
            raise DataError(f"the line {line!r} is not a file name, a comma and a tracklet", where=where)
        name = parse_name(_NAME, match["name"], where)
        path = str(root / folder / match["name"])
        records.append(
            Record((path,), int(name["pid"]), int(name["camera"]), tracklet=int(match["tracklet"]))
        )
        days.append(name["day"])
        where_of[match["name"]] = where
    check_listed(root / folder, where_of)
    return records, days


class DeepChangeLayout(Layout):
    """Images named and listed as in DeepChange: another outfit every day, a tracklet a walk."""

    max_cameras = 17
    usual_outfits = 2

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        return f"{_FOLDERS[shot.split]}/{self._name(shot)}"

    def _name(self, shot: Shot) -> str:
        # Numbers of cameras are read as they stand.
        camera = self.camera_number(shot) - 1
        day = _FIRST_DAY + timedelta(days=shot.outfit)
        return f"P{shot.pid:04d}_C{camera:02d}_{day:%Y%m%d}_08_{shot.sequence}_{shot.frame:05d}{self.suffix}"

    def write_lists(self, root: Path, shots: Sequence[Shot]) -> None:
        """Write a list beside each of the three folders."""
        for split, folder in _FOLDERS.items():
            lines = (
                f"{self._name(shot)},{pair_number(shot.camid, shot.walk)}\n"
                for shot in shots
                if shot.split == split
            )
            write_text(root / _list_name(folder), "".join(lines))


DATASETS.register("deepchange", DatasetEntry(load, TREE, DeepChangeLayout()))
