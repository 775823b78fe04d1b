"""MSMT17: fifteen cameras, indoors and outdoors, over four days; V2 is V1 with blurred faces.

Source: L. Wei, S. Zhang, W. Gao, Q. Tian, "Person Transfer GAN to Bridge Domain Gap for Person
Re-Identification", CVPR 2018.

===========  =======  ======
split        persons  images
===========  =======  ======
train        1,041    30,248
train + val  1,041    32,621
query        3,060    11,659
gallery      3,060    82,161
===========  =======  ======

The numbers of persons are quoted from memory; 4,101 in total. Papers usually train on train + val,
some code bases on train alone: compare the number of images before comparing results.

A line of a list is ``PPPP/PPPP_III_CC_….jpg N``: the image, whose third field is the camera
from 1, and the person. The persons of training and of test both count from 0.

Protocol: junk is what has the query's person and camera.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mindreid.atomic import PathLike, write_text
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import LayoutError, check_listed, parse_name, read_lines, require
from mindreid.data.layouts import Layout, Shot
from mindreid.data.records import Dataset, Record, Records, SplitStatistics
from mindreid.errors import DataError
from mindreid.option_checks import check_choice
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
MSMT17_V1/ or MSMT17_V2/
  train/ (V1) or mask_train_v2/ (V2)   PPPP/PPPP_III_CC_….jpg
  test/ (V1) or mask_test_v2/ (V2)     PPPP/PPPP_III_CC_….jpg
  list_train.txt     30,248 lines "PPPP/PPPP_III_CC_….jpg N"
  list_val.txt        2,373 lines
  list_query.txt     11,659 lines
  list_gallery.txt   82,161 lines"""

_PERSONS = ("persons",)
STATISTICS = {
    "train": SplitStatistics(1_041, 30_248, 15, approximate=_PERSONS),
    "query": SplitStatistics(3_060, 11_659, 15, approximate=_PERSONS),
    "gallery": SplitStatistics(3_060, 82_161, 15, approximate=_PERSONS),
}
_TRAIN_AND_VAL = SplitStatistics(1_041, 32_621, 15, approximate=_PERSONS)

_LINE = re.compile(r"(?P<path>\S.*\S)\s+(?P<pid>\d+)")
_NAME = re.compile(r"[^_]+_[^_]+_(?P<camera>0*[1-9]\d*)_")
_IMAGE_FOLDERS = {"V1": ("train", "test"), "V2": ("mask_train_v2", "mask_test_v2")}
_LISTS = {name: f"list_{name}.txt" for name in ("train", "val", "query", "gallery")}


def load(root: PathLike, *, train: Literal["train", "train+val"] = "train+val") -> Dataset:
    """Load MSMT17; the folders tell whether it is V1 or V2.

    Parameters
    ----------
    root : path
        The folder ``MSMT17_V1`` or ``MSMT17_V2``.
    train : {"train+val", "train"}
        What is trained on: both lists, as in most papers, or ``list_train.txt`` alone.

    Returns
    -------
    Dataset
        Without clothes labels; its variant names the version and what is trained on.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, a line or a name is
        malformed, or a listed image is missing.
    """
    check_choice("train", train, ("train", "train+val"))
    root = require(root, TREE, _LISTS.values())
    version = _find_version(root)
    train_folder, test_folder = (root / folder for folder in _IMAGE_FOLDERS[version])
    train_records = _read_list(root / _LISTS["train"], train_folder)
    if train == "train+val":
        train_records += _read_list(root / _LISTS["val"], train_folder)
    return assemble(
        "msmt17",
        root,
        train_records,
        _read_list(root / _LISTS["query"], test_folder),
        _read_list(root / _LISTS["gallery"], test_folder),
        statistics={**STATISTICS, **({"train": _TRAIN_AND_VAL} if train == "train+val" else {})},
        variant=f"{version}, trained on {train}",
    )


def _find_version(root: Path) -> str:
    for version, folders in _IMAGE_FOLDERS.items():
        if all((root / folder).is_dir() for folder in folders):
            return version
    # Name what the version lacks that is there in part.
    version = "V2" if any((root / folder).is_dir() for folder in _IMAGE_FOLDERS["V2"]) else "V1"
    missing = [folder for folder in _IMAGE_FOLDERS[version] if not (root / folder).is_dir()]
    raise LayoutError(root, missing, TREE)


def _read_list(list_file: Path, folder: Path) -> Records:
    records, where_of = [], {}
    for line, where in read_lines(list_file):
        path, record = _parse_line(line, folder, where)
        where_of[path] = where
        records.append(record)
    check_listed(folder, where_of)
    return tuple(records)


def _parse_line(line: str, folder: Path, where: str) -> tuple[str, Record]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise DataError(f"the line {line!r} is not a path and a person's number", where=where)
    path = match["path"]
    camera = parse_name(_NAME, os.path.basename(path), where)["camera"]
    return path, Record((os.path.join(folder, path),), int(match["pid"]), int(camera) - 1)


class MsmtLayout(Layout):
    """Images named and listed as in MSMT17 V1."""

    max_cameras = 99

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        return f"{'train' if shot.split == 'train' else 'test'}/{self._listed_path(shot)}"

    def _listed_path(self, shot: Shot) -> str:
        # Query and gallery share a folder, so the image number keeps them apart.
        image = 1 if shot.split == "gallery" else 0
        person = f"{shot.pid:04d}"
        name = f"{person}_{image:03d}_{self.camera_number(shot):02d}_0303morning_{shot.walk:04d}_{shot.frame}"
        return f"{person}/{name}{self.suffix}"

    def write_lists(self, root: Path, shots: Sequence[Shot]) -> None:
        """Write the four lists; the last training image of a person with several is for val."""
        lists: dict[str, list[str]] = {name: [] for name in _LISTS}
        for shot in shots:
            if shot.split != "train":
                lists[shot.split].append(self._line(shot))
        for lines in self._training_lines(shots).values():
            *for_train, last = lines
            lists["val" if for_train else "train"].append(last)
            lists["train"].extend(for_train)
        for name, lines in lists.items():
            write_text(root / _LISTS[name], "".join(f"{line}\n" for line in lines))

    def _training_lines(self, shots: Sequence[Shot]) -> dict[int, list[str]]:
        lines: dict[int, list[str]] = {}
        for shot in shots:
            if shot.split == "train":
                lines.setdefault(shot.pid, []).append(self._line(shot))
        return lines

    def _line(self, shot: Shot) -> str:
        return f"{self._listed_path(shot)} {shot.pid}"


DATASETS.register("msmt17", DatasetEntry(load, TREE, MsmtLayout()))
