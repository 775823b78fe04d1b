"""VC-Clothes: rendered persons (a video game's) before four cameras, in two or three outfits.

Source: F. Wan, Y. Wu, X. Qian, Y. Chen, Y. Fu, "When Person Re-identification Meets Changing
Clothes", CVPR Workshops 2020.

========  =======  ======  =======
split     persons  images  cameras
========  =======  ======  =======
train     256      9,449   4
query     256      1,020   4
gallery   256      8,591   4
========  =======  ======  =======

The images of each split are quoted from memory; together they are the 19,060 of the release.

File names are ``{pid}-{camera}-{outfit}-{index}.jpg``, camera from 1; the outfits of every person
are counted anew.

Protocols: *standard* takes all cameras, *same_clothes* cameras 2 and 3 alone, before which nobody
changes, and *clothes_changing* cameras 3 and 4 alone, between which everybody does. In each of them
junk is what has the query's person and camera.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import partial
from pathlib import Path

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble, restricted_protocol, standard_protocol
from mindreid.data.dataset_files import match_images, require
from mindreid.data.layouts import Layout, Shot, pair_number
from mindreid.data.records import (
    Dataset,
    Protocol,
    Record,
    Records,
    SplitStatistics,
    with_outfits,
    with_shared_outfits,
)
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
VC-Clothes/
  train/    {pid}-{camera}-{outfit}-{index}.jpg   9,449 images
  query/    {pid}-{camera}-{outfit}-{index}.jpg   1,020 images
  gallery/  {pid}-{camera}-{outfit}-{index}.jpg   8,591 images"""

_IMAGES = ("records",)
STATISTICS = {
    "train": SplitStatistics(256, 9_449, 4, approximate=_IMAGES),
    "query": SplitStatistics(256, 1_020, 4, approximate=_IMAGES),
    "gallery": SplitStatistics(256, 8_591, 4, approximate=_IMAGES),
}

_NAME = re.compile(r"(?P<pid>\d+)-(?P<camera>0*[1-4])-(?P<outfit>\d+)-(\d+)\.jpg", re.IGNORECASE)
_FOLDERS = ("train", "query", "gallery")
#: Cameras, from 0, of the protocols that do not take all of them.
_CAMERAS = {"clothes_changing": (2, 3), "same_clothes": (1, 2)}


def load(root: PathLike) -> Dataset:
    """Load VC-Clothes.

    Parameters
    ----------
    root : path
        The folder ``VC-Clothes``.

    Returns
    -------
    Dataset
        With clothes labels, from the file names.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, or a name is malformed.
    """
    root = require(root, TREE, _FOLDERS)
    train, query, gallery = (_read_folder(root / folder) for folder in _FOLDERS)
    query_records, gallery_records = with_shared_outfits(query, gallery)
    return assemble(
        "vc_clothes",
        root,
        with_outfits(*train),
        query_records,
        gallery_records,
        protocols=_protocols(query_records, gallery_records),
        statistics=STATISTICS,
    )


def _read_folder(folder: Path) -> tuple[list[Record], list[int]]:
    images = match_images(folder, _NAME)
    records = [Record((path,), int(name["pid"]), int(name["camera"]) - 1) for path, name in images]
    return records, [int(name["outfit"]) for _, name in images]


def _protocols(query: Records, gallery: Records) -> list[Protocol]:
    protocols = [standard_protocol(query, gallery)]
    for name, cameras in _CAMERAS.items():
        keep = partial(_is_taken_by, cameras)
        protocols += restricted_protocol(name, "standard", query, gallery, keep)
    return protocols


def _is_taken_by(cameras: Collection[int], record: Record) -> bool:
    return record.camid in cameras


class VcClothesLayout(Layout):
    """Images named as in VC-Clothes: one outfit before cameras 1 to 3, another before camera 4."""

    min_cameras = max_cameras = 4
    min_outfits = max_outfits = usual_outfits = 2

    def is_worn(self, outfit: int, camid: int) -> bool:  # noqa: D102 - inherited
        return (outfit == 1) == (camid == max(_CAMERAS["clothes_changing"]))

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        number = pair_number(shot.sequence, shot.frame)
        name = f"{shot.pid:04d}-{self.camera_number(shot)}-{shot.outfit + 1:02d}-{number}{self.suffix}"
        return f"{shot.split}/{name}"


DATASETS.register("vc_clothes", DatasetEntry(load, TREE, VcClothesLayout()))
