"""CUHK03, new protocol: ten cameras in five pairs, boxes drawn by hand (labeled) and detected.

Source: W. Li, R. Zhao, T. Xiao, X. Wang, "DeepReID: Deep Filter Pairing Neural Network for Person
Re-identification", CVPR 2014; protocol: Z. Zhong, L. Zheng, D. Cao, S. Li, "Re-ranking Person
Re-identification with k-reciprocal Encoding", CVPR 2017.

========  =======  ===============  ==============
split     persons  images detected  images labeled
========  =======  ===============  ==============
train     767      7,365            7,368
query     700      1,400            1,400
gallery   700      5,332            5,328
========  =======  ===============  ==============

Labeled and detected boxes give different results, and code bases differ in which one they take
for granted; the summary table names the one that is loaded.

It comes in two forms; what is there decides which one is read:

- CUHK03-NP: folders of images named ``PPPP_cC_….png``, person and camera 1 or 2;
- the first release: ``cuhk-03.mat`` and a configuration of the protocol. Its images are extracted
  once, to ``images_detected/`` or ``images_labeled/``.

Protocol: junk is what has the query's person and camera. Not the single-gallery-shot average over 20
splits of the first paper.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Optional

from mindreid.atomic import PathLike
from mindreid.data.cuhk03_release import extract_images
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import LayoutError, read_folder, require
from mindreid.data.formats.matlab import read_variables
from mindreid.data.layouts import Layout, Shot
from mindreid.data.records import Dataset, Record, Records, SplitStatistics
from mindreid.errors import DataError
from mindreid.option_checks import check_choice
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
cuhk03-np/
  detected/ and/or labeled/
    bounding_box_train/  PPPP_cC_….png   7,365 images (labeled: 7,368)
    bounding_box_test/   PPPP_cC_….png   5,332 images (labeled: 5,328)
    query/               PPPP_cC_….png   1,400 images
or
cuhk03/
  cuhk03_release/cuhk-03.mat
  cuhk03_new_protocol_config_detected.mat and/or cuhk03_new_protocol_config_labeled.mat
  images_detected/ and/or images_labeled/   made from the above"""

STATISTICS = {
    "detected": {
        "train": SplitStatistics(767, 7_365, 2),
        "query": SplitStatistics(700, 1_400, 2),
        "gallery": SplitStatistics(700, 5_332, 2),
    },
    "labeled": {
        "train": SplitStatistics(767, 7_368, 2),
        "query": SplitStatistics(700, 1_400, 2),
        "gallery": SplitStatistics(700, 5_328, 2),
    },
}

Splits = tuple[Records, Records, Records]

_VARIANTS = ("detected", "labeled")
_NAME = re.compile(r"(?P<pid>\d+)_c(?P<camera>[1-9])")
_SUFFIXES = (".png", ".jpg")
_FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
_RELEASE = ("cuhk03_release/cuhk-03.mat", "cuhk-03.mat")


def load(root: PathLike, *, variant: Literal["detected", "labeled"] = "detected") -> Dataset:
    """Load CUHK03; the content of ``root`` tells in which form it comes.

    Parameters
    ----------
    root : path
        The folder that holds ``detected`` and ``labeled``, or ``cuhk03_release``.
    variant : {"detected", "labeled"}
        The boxes.

    Returns
    -------
    Dataset
        Without clothes labels; its variant names the boxes and the form.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, a name is malformed, or
        the images cannot be extracted.
    """
    check_choice("variant", variant, _VARIANTS)
    root = require(root, TREE)
    config = _find(root, _config_paths(variant))
    if (root / variant).is_dir():
        form, splits = "CUHK03-NP", _read_folders(root, variant)
    elif config is not None:
        form, splits = "first release", _read_release(root, variant, config)
    else:
        raise _nothing_found(root, variant)
    return assemble("cuhk03", root, *splits, statistics=STATISTICS[variant], variant=f"{variant}, {form}")


def _config_paths(variant: str) -> tuple[str, str]:
    name = f"cuhk03_new_protocol_config_{variant}.mat"
    return name, f"cuhk03_release/{name}"


def _find(root: Path, paths: Sequence[str]) -> Optional[Path]:
    return next((root / path for path in paths if (root / path).is_file()), None)


def _nothing_found(root: Path, variant: str) -> DataError:
    other = next(name for name in _VARIANTS if name != variant)
    if (root / other).is_dir() or _find(root, _config_paths(other)):
        return DataError(
            f"there are only {other} boxes, not the {variant} ones that were asked for",
            where=str(root),
            fix=f"set variant={other}",
        )
    if _find(root, _RELEASE):
        return LayoutError(root, _config_paths(variant)[:1], TREE)
    return LayoutError(root, [f"{variant}/{folder}" for folder in _FOLDERS.values()], TREE)


def _read_folders(root: Path, variant: str) -> Splits:
    require(root, TREE, [f"{variant}/{folder}" for folder in _FOLDERS.values()])
    train, query, gallery = (
        read_folder(root / variant / folder, _NAME, _SUFFIXES) for folder in _FOLDERS.values()
    )
    return train, query, gallery


def _read_release(root: Path, variant: str, config_file: Path) -> Splits:
    config = read_variables(
        config_file,
        strings=("filelist",),
        integers=("labels", "camId", "train_idx", "query_idx", "gallery_idx"),
    )
    names, pids, cameras = config["filelist"], config["labels"], config["camId"]
    folder = root / f"images_{variant}"
    extract_images(lambda: _find_release(root), variant, names, folder)
    if not len(names) == len(pids) == len(cameras):
        raise DataError("filelist, labels and camId have different lengths", where=str(config_file))
    records = [
        Record((str(folder / name),), pid, camera - 1) for name, pid, camera in zip(names, pids, cameras)
    ]
    train, query, gallery = (
        _pick(records, config[key], key, config_file) for key in ("train_idx", "query_idx", "gallery_idx")
    )
    return train, query, gallery


def _find_release(root: Path) -> Path:
    release = _find(root, _RELEASE)
    if release is None:
        raise LayoutError(root, _RELEASE[:1], TREE)
    return release


def _pick(records: Sequence[Record], numbers: Sequence[int], key: str, config_file: Path) -> Records:
    if not all(1 <= number <= len(records) for number in numbers):
        raise DataError(f"{key} points outside the list of {len(records)} files", where=str(config_file))
    return tuple(records[number - 1] for number in numbers)


class Cuhk03Layout(Layout):
    """Images named as in CUHK03-NP; an image stands for its detected and for its labeled box."""

    suffix = ".png"
    max_cameras = 2

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        return self._path(shot, "detected")

    def extra_paths(self, shot: Shot) -> tuple[str, ...]:  # noqa: D102 - inherited
        return (self._path(shot, "labeled"),)

    def _path(self, shot: Shot, variant: str) -> str:
        name = f"{shot.pid:04d}_c{self.camera_number(shot)}_{shot.walk:03d}_{shot.frame:04d}{self.suffix}"
        return f"{variant}/{_FOLDERS[shot.split]}/{name}"


DATASETS.register("cuhk03", DatasetEntry(load, TREE, Cuhk03Layout()))
