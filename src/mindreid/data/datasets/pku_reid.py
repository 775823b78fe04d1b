"""PKU-Reid: everybody seen from eight sides before each of two cameras.

Source: L. Ma, H. Liu, L. Hu, C. Wang, Q. Sun, "Orientation Driven Bag of Appearances for Person
Re-identification", arXiv 2016.

=========  =======  ======  =======
split      persons  images  cameras
=========  =======  ======  =======
all        114      1,824   2
train      57       912     2
query      57       456     1
gallery    57       456     1
=========  =======  ======  =======

Images are ``{person}/CC_O.png``: camera 01 or 02, and orientation 1..8, each 45 degrees from the
next; 1 walks to the image's right, 3 away from the camera, 5 to the left, 7 towards it. Records have
their view: the orientation, from 0; :func:`orientation_angle` is its angle. Training persons are
half of those that are there, drawn by the option ``split``: the published lists are not. Nobody
changes clothes: with ``one_outfit`` a person is an outfit, for methods that learn from clothes labels.

Protocols: queries are all images of camera 1, nothing is junk, since the gallery is camera 2's.

- *multi_shot* ranks all eight orientations;
- *single_shot* ranks one random image of each person, in ten trials whose results are averaged.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Optional

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import LayoutError, list_persons, match_images, require
from mindreid.data.layouts import Layout, Shot
from mindreid.data.mirrored_views import mirrored_bins
from mindreid.data.person_draws import draw_single_shots, draw_training_persons
from mindreid.data.records import Dataset, Protocol, Record, Records, SplitStatistics, with_outfits
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
PKU-Reid/
  {person}/CC_O.png   1,824 images of 114 persons: camera 01 or 02, orientation 1..8"""

STATISTICS = {
    "train": SplitStatistics(57, 912, 2),
    "query": SplitStatistics(57, 456, 1),
    "gallery": SplitStatistics(57, 456, 1),
}

ORIENTATIONS = 8

_NAME = re.compile(r"0?(?P<camera>[12])_(?P<orientation>[1-8])\.png", re.IGNORECASE)
_TRIALS, _TRIALS_SEED = 10, 0


def orientation_angle(view: int) -> float:
    """Return the view angle of an orientation in degrees, in (-180, 180].

    Parameters
    ----------
    view : int
        A record's view, 0..7.

    Examples
    --------
    >>> [orientation_angle(view) for view in range(8)]
    [90.0, 135.0, 180.0, -135.0, -90.0, -45.0, 0.0, 45.0]
    """
    angle = 90.0 + view * 360.0 / ORIENTATIONS
    return angle - 360.0 if angle > 180.0 else angle


def load(
    root: PathLike, *, train_persons: Optional[int] = None, split: int = 0, one_outfit: bool = False
) -> Dataset:
    """Load PKU-Reid.

    Parameters
    ----------
    root : path
        The folder of the persons' folders.
    train_persons : int, optional
        How many persons are trained on; by default half of those that are there, rounded down, 57
        of 114.
    split : int
        Number of the random split, from 0.
    one_outfit : bool
        Give everybody a clothes id of their own, the same in all images.

    Returns
    -------
    Dataset
        Without clothes labels unless ``one_outfit``; every record has its view.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, or a name is malformed.
    InvalidArgumentError
        If ``train_persons`` leaves nobody to train or to test on, or ``split`` is negative.
    """
    root = require(root, TREE)
    records = tuple(record for pid, folder in list_persons(root) for record in _read_person(pid, folder))
    if not records:
        raise LayoutError(root, ["001/01_1.png"], TREE)
    if one_outfit:
        records = with_outfits(records, [0] * len(records))
    trained = draw_training_persons((record.pid for record in records), train_persons, split)
    train = tuple(record for record in records if record.pid in trained)
    query, gallery = (
        tuple(record for record in records if record.pid not in trained and record.camid == camid)
        for camid in (0, 1)
    )
    trials = draw_single_shots(gallery, _TRIALS, _TRIALS_SEED)
    dataset = assemble(
        "pku_reid",
        root,
        train,
        query,
        gallery,
        protocols=[
            Protocol("multi_shot", "all", query, gallery),
            Protocol("single_shot", "all", query, gallery, trials=trials),
        ],
        statistics=STATISTICS if train_persons in (None, 57) else {},
        variant=f"{len(trained)} persons for training, split {split}",
    )
    angles = ((orientation_angle(view), view) for view in range(ORIENTATIONS))
    return replace(dataset, mirrored_views=mirrored_bins(angles))


def _read_person(pid: int, folder: Path) -> Records:
    return tuple(
        Record((path,), pid, int(name["camera"]) - 1, view=int(name["orientation"]) - 1)
        for path, name in match_images(folder, _NAME, (".png",))
    )


class PkuReidLayout(Layout):
    """Images named as in PKU-Reid; a frame's number stands in the place of the orientation."""

    suffix = ".png"
    max_cameras = 2
    max_outfits = 1
    max_frames = ORIENTATIONS

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        return f"{shot.pid:03d}/{self.camera_number(shot):02d}_{shot.frame + 1}{self.suffix}"


DATASETS.register("pku_reid", DatasetEntry(load, TREE, PkuReidLayout()))
