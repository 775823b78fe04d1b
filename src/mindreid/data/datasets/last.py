"""LaST: persons of films and series, over wide ranges of place and time.

Source: X. Shu, X. Wang, X. Zang, S. Zhang, Y. Chen, G. Li, Q. Tian, "Large-Scale Spatio-Temporal Person
Re-Identification: Algorithms and Benchmark", TCSVT 2022.

========  =========  =======
split     persons    images
========  =========  =======
train     5,000      71,248
query     5,805      10,176
gallery   5,806 + 1  125,353
========  =========  =======

File names are ``{pid}_{image}_{video}_{frame}_{box}_{clothes}.jpg``. Clothes are labelled in the training
split alone (000 is no label), cameras nowhere. The person 000000 of the gallery stands for 20,275
images of people whom nobody asks for: distractors, which stay in the ranking. The
validation split is not used.

Protocol: nothing is junk, the whole gallery is ranked. 10,176 × 125,353 distances would take 5 GB;
they are never all held at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import NO_CAMERAS, list_persons, match_images, require
from mindreid.data.layouts import Layout, Shot, pair_number
from mindreid.data.records import Dataset, Protocol, Record, Records, SplitStatistics, with_outfits
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
last/
  train/{pid}/          {pid}_{image}_{video}_{frame}_{box}_{clothes}.jpg    71,248 images
  test/query/           {pid}_{image}_{video}_{frame}_{box}_{clothes}.jpg    10,176 images
  test/gallery/{pid}/   {pid}_{image}_{video}_{frame}_{box}_{clothes}.jpg   125,353 images"""

STATISTICS = {
    "train": SplitStatistics(5_000, 71_248),
    "query": SplitStatistics(5_805, 10_176),
    # The authors' loader notes 5,806 persons and counts 000000 as one; the paper's total needs 5,807.
    "gallery": SplitStatistics(5_807, 125_353, approximate=("persons",)),
}

_NAME = re.compile(r"(?P<pid>\d+)_\d+_\d+_\d+_\d+_(?P<clothes>\d+)\.jpg", re.IGNORECASE)
_UNLABELLED = 0


def load(root: PathLike) -> Dataset:
    """Load LaST.

    Parameters
    ----------
    root : path
        The folder ``last``.

    Returns
    -------
    Dataset
        With clothes labels in the training split; every record has camera 0.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, or a name is malformed.
    """
    root = require(root, TREE, ("train", "test/query", "test/gallery"))
    train, outfits = _read(_person_folders(root / "train"))
    query, _ = _read([root / "test/query"])
    gallery, _ = _read(_person_folders(root / "test/gallery"))
    return assemble(
        "last",
        root,
        with_outfits(train, outfits),
        query,
        gallery,
        protocols=[Protocol("standard", "all", query, gallery)],
        statistics=STATISTICS,
    )


def _person_folders(folder: Path) -> list[Path]:
    return [person for _, person in list_persons(folder)]


def _read(folders: Sequence[Path]) -> tuple[Records, list[Optional[int]]]:
    """Read flat folders of images; persons are told by the names alone."""
    images = [image for folder in folders for image in match_images(folder, _NAME)]
    records = tuple(Record((path,), int(name["pid"]), 0) for path, name in images)
    clothes = (int(name["clothes"]) for _, name in images)
    return records, [None if label == _UNLABELLED else label for label in clothes]


class LastLayout(Layout):
    """Images named as in LaST, clothes labelled in the training split alone; a walk is a video."""

    usual_outfits = 2

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        person, video = f"{shot.pid:06d}", pair_number(self.camera_number(shot), shot.walk)
        clothes = shot.outfit + 1 if shot.split == "train" else _UNLABELLED
        name = f"{person}_001_{video:05d}_{shot.frame:04d}_01_{clothes:03d}{self.suffix}"
        folders = {"train": f"train/{person}", "query": "test/query", "gallery": f"test/gallery/{person}"}
        return f"{folders[shot.split]}/{name}"


DATASETS.register("last", DatasetEntry(load, TREE, LastLayout(), notes=(NO_CAMERAS,)))
