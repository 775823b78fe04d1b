"""Celeb-reID and Celeb-reID-light: celebrities in street snapshots, in changing clothes.

Source: Y. Huang, J. Xu, Q. Wu, Y. Zhong, P. Zhang, Z. Zhang, "Beyond Scalar Neuron: Adopting
Vector-Neuron Capsules for Long-Term Person Re-Identification", TCSVT 2020; the light set: Y. Huang,
Q. Wu, J. Xu, Y. Zhong, "Celebrities-ReID: A Benchmark for Clothes Variation in Long-Term Person
Re-Identification", IJCNN 2019.

========  ==================  =====================
split     persons and images  persons and images of
          of Celeb-reID       Celeb-reID-light
========  ==================  =====================
train     632, 20,208         490, 9,021
query     420, 2,972          100, 887
gallery   420, 11,006         100, 934
========  ==================  =====================

File names are ``{pid}_{image}_….jpg``; training and test both count persons from 1. There are
neither camera nor clothes labels.

Protocol: nothing is junk, the whole gallery is ranked. The references differ in details: the
authors take the first digit of the image number for a camera and interpolate the average precision,
FIRe takes the place of an image in the listing; each makes some tenths of a point.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import NO_CAMERAS, match_images, require
from mindreid.data.layouts import Layout, Shot, pair_number
from mindreid.data.records import Dataset, Protocol, Record, Records, SplitStatistics
from mindreid.zoo import DATASETS, DatasetEntry

_TREE = """\
{root}/
  train/    {{pid}}_{{image}}_….jpg   {train:>6,} images
  query/    {{pid}}_{{image}}_….jpg   {query:>6,} images
  gallery/  {{pid}}_{{image}}_….jpg   {gallery:>6,} images"""

STATISTICS = {
    "celeb_reid": {
        "train": SplitStatistics(632, 20_208),
        "query": SplitStatistics(420, 2_972),
        "gallery": SplitStatistics(420, 11_006),
    },
    "celeb_reid_light": {
        "train": SplitStatistics(490, 9_021),
        "query": SplitStatistics(100, 887),
        "gallery": SplitStatistics(100, 934),
    },
}

_NAME = re.compile(r"(?P<pid>\d+)_(\d+)")
_FOLDERS = ("train", "query", "gallery")


def load(name: str, root: PathLike) -> Dataset:
    """Load Celeb-reID or Celeb-reID-light.

    Parameters
    ----------
    name : {"celeb_reid", "celeb_reid_light"}
        Which of the two.
    root : path
        The folder ``Celeb-reID`` or ``Celeb-reID-light``.

    Returns
    -------
    Dataset
        Without clothes labels; every record has camera 0.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, or a name is malformed.
    """
    root = require(root, _tree(name), _FOLDERS)
    train, query, gallery = (_read_folder(root / folder) for folder in _FOLDERS)
    protocols = [Protocol("standard", "all", query, gallery)]
    return assemble(name, root, train, query, gallery, protocols=protocols, statistics=STATISTICS[name])


def _read_folder(folder: Path) -> Records:
    return tuple(Record((path,), int(name["pid"]), 0) for path, name in match_images(folder, _NAME))


def _tree(name: str) -> str:
    root = "Celeb-reID-light" if name.endswith("light") else "Celeb-reID"
    return _TREE.format(root=root, **{split: s.records for split, s in STATISTICS[name].items()})


class CelebLayout(Layout):
    """Images named as in Celeb-reID; everybody comes in several outfits, which the names don't tell."""

    usual_outfits = 2

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        place = pair_number(self.camera_number(shot), shot.walk)
        return f"{shot.split}/{shot.pid}_{pair_number(place, shot.frame)}_0{self.suffix}"


for _name in STATISTICS:
    DATASETS.register(
        _name, DatasetEntry(partial(load, _name), _tree(_name), CelebLayout(), notes=(NO_CAMERAS,))
    )
