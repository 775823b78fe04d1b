"""CUHK01 ("campus"): two cameras that do not overlap, two images of everybody in each, cut by hand.

Source: W. Li, R. Zhao, X. Wang, "Human Reidentification with Transferred Metric Learning", ACCV 2012.
The authors give it for research and ask to respect the privacy of the students in it.

=====================  =======  ======  =======
split                  persons  images  cameras
=====================  =======  ======  =======
all                    971      3,884   2
train (485 persons)    485      1,940   2
query, gallery         486      972     1
train (871 persons)    871      3,484   2
query, gallery         100      200     1
=====================  =======  ======  =======

File names are ``IIIIKKK.png``: person and image, of which 001 and 002 are camera A's, 003 and 004
camera B's. Two sizes of random splits are published: 485 persons for training and 486 for testing,
and 871 and 100. The lists were not; ours are drawn by the option ``split``, and figures should be
means over several of them.

Protocols: queries are all images of camera A, nothing is junk, since the gallery is camera B's.

- *single_shot* ranks one random image of each person, in ten trials whose results are averaged;
- *multi_shot* ranks both.
"""

from __future__ import annotations

import re
from typing import Optional

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import match_images, require
from mindreid.data.layouts import Layout, Shot
from mindreid.data.person_draws import draw_single_shots, draw_training_persons
from mindreid.data.records import Dataset, Protocol, Record, Records, SplitStatistics
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
CUHK01/
  campus/IIIIKKK.png   3,884 images: person, image (001, 002: camera A; 003, 004: camera B)"""

#: Official counts by the number of training persons.
STATISTICS = {
    485: {
        "train": SplitStatistics(485, 1_940, 2),
        "query": SplitStatistics(486, 972, 1),
        "gallery": SplitStatistics(486, 972, 1),
    },
    871: {
        "train": SplitStatistics(871, 3_484, 2),
        "query": SplitStatistics(100, 200, 1),
        "gallery": SplitStatistics(100, 200, 1),
    },
}

_FOLDER = "campus"
_NAME = re.compile(r"(?P<pid>\d{4})00(?P<image>[1-4])\.png", re.IGNORECASE)
_IMAGES_PER_CAMERA = 2
_TRIALS, _TRIALS_SEED = 10, 0


def load(root: PathLike, *, train_persons: Optional[int] = None, split: int = 0) -> Dataset:
    """Load CUHK01.

    Parameters
    ----------
    root : path
        The folder that holds ``campus``.
    train_persons : int, optional
        How many persons are trained on: 485 or 871 as published. By default half of those that are
        there, rounded down, which is 485 of 971.
    split : int
        Number of the random split, from 0.

    Returns
    -------
    Dataset
        Without clothes labels; camera A is 0, camera B 1.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, or a name is malformed.
    InvalidArgumentError
        If ``train_persons`` leaves nobody to train or to test on, or ``split`` is negative.
    """
    root = require(root, TREE, [_FOLDER])
    records = tuple(
        Record((path,), int(name["pid"]), (int(name["image"]) - 1) // _IMAGES_PER_CAMERA)
        for path, name in match_images(root / _FOLDER, _NAME, (".png",))
    )
    trained = draw_training_persons((record.pid for record in records), train_persons, split)
    train = tuple(record for record in records if record.pid in trained)
    query, gallery = (
        tuple(record for record in records if record.pid not in trained and record.camid == camid)
        for camid in (0, 1)
    )
    return assemble(
        "cuhk01",
        root,
        train,
        query,
        gallery,
        protocols=_protocols(query, gallery),
        statistics=STATISTICS.get(485 if train_persons is None else train_persons, {}),
        variant=f"{len(trained)} persons for training, split {split}",
    )


def _protocols(query: Records, gallery: Records) -> list[Protocol]:
    trials = draw_single_shots(gallery, _TRIALS, _TRIALS_SEED)
    return [
        Protocol("single_shot", "all", query, gallery, trials=trials),
        Protocol("multi_shot", "all", query, gallery),
    ]


class Cuhk01Layout(Layout):
    """Images named as in CUHK01, which has no room for more; the loader draws the splits."""

    suffix = ".png"
    max_cameras = 2
    max_outfits = 1
    max_frames = _IMAGES_PER_CAMERA

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        image = (self.camera_number(shot) - 1) * _IMAGES_PER_CAMERA + shot.frame + 1
        return f"{_FOLDER}/{shot.pid:04d}{image:03d}{self.suffix}"


DATASETS.register("cuhk01", DatasetEntry(load, TREE, Cuhk01Layout()))
