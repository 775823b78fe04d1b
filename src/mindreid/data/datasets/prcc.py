"""PRCC: three indoor cameras; the clothes are the same before A and B and others before C.

Source: Q. Yang, A. Wu, W.-S. Zheng, "Person Re-identification by Contour Sketch under Moderate
Clothing Change", TPAMI 2021.

==================  =======  ======  ========================
split               persons  images  role
==================  =======  ======  ========================
train               150      17,896
val                 150      5,002   not used; train's persons
test, camera A      71       3,384   gallery
test, camera B      71       3,873   query, same clothes
test, camera C      71       3,543   query, other clothes
==================  =======  ======  ========================

Training images are ``{pid}/{A|B|C}_….jpg``, test images ``{A|B|C}/{pid}/….jpg``. Everybody has
two outfits: the one before A and B, and the one before C.

Two kinds of protocols are in circulation, whose mAP cannot be compared. A query's camera is never
the gallery's, so that nothing is junk in either of them.

- *clothes_changing_multi_shot* and *same_clothes_multi_shot* rank all images of camera A, for the
  queries of C and of B. CAL and FIRe report these.
- *clothes_changing_single_shot* and *same_clothes_single_shot* rank one random image of each
  person before A, in ten trials whose results are averaged, as in the paper. The draws are ours:
  the published ones depend on the order in which a file system lists files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import list_images, list_persons, match_images, require
from mindreid.data.layouts import Layout, Shot, pair_number
from mindreid.data.person_draws import draw_single_shots
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
prcc/
  rgb/
    train/{pid}/{A|B|C}_….jpg   17,896 images
    test/A/{pid}/….jpg           3,384 images, gallery
    test/B/{pid}/….jpg           3,873 images, queries in the same clothes
    test/C/{pid}/….jpg           3,543 images, queries in other clothes"""

STATISTICS = {
    "train": SplitStatistics(150, 17_896, 3, 300),
    "query": SplitStatistics(71, 7_416, 2, 142),
    "gallery": SplitStatistics(71, 3_384, 1, 71),
}

_CAMERAS = "ABC"
_NAME = re.compile(f"(?P<camera>[{_CAMERAS}])_")
_CHANGED = _CAMERAS.index("C")
_TRIALS = 10
_TRIALS_SEED = 0


def load(root: PathLike) -> Dataset:
    """Load PRCC.

    Parameters
    ----------
    root : path
        The folder ``prcc``.

    Returns
    -------
    Dataset
        With clothes labels, two for each person. ``query`` holds cameras B and C.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, or a name is malformed.
    """
    root = require(root, TREE, ("rgb/train", *(f"rgb/test/{camera}" for camera in _CAMERAS)))
    train = _read_training(root / "rgb/train")
    before = [_read_test_camera(root / "rgb/test" / camera, camera) for camera in _CAMERAS]
    gallery, same, changed = with_shared_outfits(*((records, _outfits(records)) for records in before))
    return assemble(
        "prcc",
        root,
        with_outfits(train, _outfits(train)),
        same + changed,
        gallery,
        protocols=_protocols(same, changed, gallery),
        statistics=STATISTICS,
    )


def _read_training(folder: Path) -> list[Record]:
    return [
        Record((path,), pid, _CAMERAS.index(name["camera"]))
        for pid, person in list_persons(folder)
        for path, name in match_images(person, _NAME)
    ]


def _read_test_camera(folder: Path, camera: str) -> list[Record]:
    return [
        Record((str(person / name),), pid, _CAMERAS.index(camera))
        for pid, person in list_persons(folder)
        for name in list_images(person)
    ]


def _outfits(records: Sequence[Record]) -> list[int]:
    return [int(record.camid == _CHANGED) for record in records]


def _protocols(same: Records, changed: Records, gallery: Records) -> list[Protocol]:
    trials = draw_single_shots(gallery, _TRIALS, _TRIALS_SEED)
    queries = {"clothes_changing": changed, "same_clothes": same}
    return [
        *(Protocol(f"{name}_multi_shot", "all", query, gallery) for name, query in queries.items()),
        *(
            Protocol(f"{name}_single_shot", "all", query, gallery, trials=trials)
            for name, query in queries.items()
        ),
    ]


class PrccLayout(Layout):
    """Images named as in PRCC: one outfit before A and B, another before C; queries before B and C."""

    min_cameras = max_cameras = len(_CAMERAS)
    min_outfits = max_outfits = usual_outfits = 2

    def is_worn(self, outfit: int, camid: int) -> bool:  # noqa: D102 - inherited
        return (outfit == 1) == (camid == _CHANGED)

    def test_split(self, camid: int, chosen: bool) -> str:  # noqa: D102 - inherited
        return "gallery" if camid == 0 else "query"

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        camera = _CAMERAS[self.camera_number(shot) - 1]
        person, number = f"{shot.pid:03d}", pair_number(shot.sequence, shot.frame)
        if shot.split == "train":
            return f"rgb/train/{person}/{camera}_cropped_rgb{number:03d}{self.suffix}"
        return f"rgb/test/{camera}/{person}/cropped_rgb{number:03d}{self.suffix}"


DATASETS.register("prcc", DatasetEntry(load, TREE, PrccLayout()))
