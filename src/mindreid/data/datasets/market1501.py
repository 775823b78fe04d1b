"""Market-1501: six cameras before a supermarket, detected boxes, hand-drawn queries.

Source: L. Zheng, L. Shen, L. Tian, S. Wang, J. Wang, Q. Tian, "Scalable Person Re-identification:
A Benchmark", ICCV 2015.

========  =======  ======  =======
split     persons  images  cameras
========  =======  ======  =======
train     751      12,936  6
query     750      3,368   6
gallery   750 + 1  15,913  6
========  =======  ======  =======

File names are ``PPPP_cCsS_FFFFFF_BB.jpg``: person, camera from 1, sequence, frame, box (00 is drawn
by hand). Of the 19,732 files of ``bounding_box_test``, 3,819 have the person -1: half-hit boxes
that are junk and leave the ranking. The 2,798 of person 0 are distractors: they stay in the
gallery and can only hurt. Leaving them out raises scores and is a common error.

Protocols: *standard* is the paper's single query, junk is what has the query's person and
camera. *multiple_query* ranks once per query too, but with the mean of the normalised embeddings
of all ``gt_bbox`` images of the query's person and camera; it is there if that folder is.
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import replace
from pathlib import Path

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble, standard_protocol
from mindreid.data.dataset_files import list_images, read_folder, require
from mindreid.data.layouts import Layout, Shot
from mindreid.data.records import Dataset, Protocol, Record, Records, SplitStatistics
from mindreid.zoo import DATASETS, DatasetEntry

logger = logging.getLogger(__name__)

TREE = """\
Market-1501-v15.09.15/
  bounding_box_train/  PPPP_cCsS_FFFFFF_BB.jpg   12,936 images
  bounding_box_test/   PPPP_cCsS_FFFFFF_BB.jpg   19,732 images, gallery with distractors and junk
  query/               PPPP_cCsS_FFFFFF_BB.jpg    3,368 images
  gt_bbox/             PPPP_cCsS_FFFFFF_BB.jpg   25,259 images, optional: multiple query
  images/              *.jpg                     500,000 images, optional: distractors_500k"""

STATISTICS = {
    "train": SplitStatistics(751, 12_936, 6),
    "query": SplitStatistics(750, 3_368, 6),
    "gallery": SplitStatistics(751, 15_913, 6),
}

_NAME = re.compile(r"(?P<pid>-?\d+)_c(?P<camera>[1-9])s(\d+)_(\d+)_(\d+)\.jpg", re.IGNORECASE)
_FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
_HAND_DRAWN = "gt_bbox"
_DISTRACTORS = "images"


def load(root: PathLike, *, distractors_500k: bool = False) -> Dataset:
    """Load Market-1501.

    Parameters
    ----------
    root : path
        The folder ``Market-1501-v15.09.15``.
    distractors_500k : bool
        Add the images of ``images/`` to the gallery, as distractors.

    Returns
    -------
    Dataset
        Without clothes labels.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, or a name is malformed.
    """
    needed = [*_FOLDERS.values(), *([_DISTRACTORS] if distractors_500k else [])]
    root = require(root, TREE, needed)
    train, query, gallery = (read_folder(root / folder, _NAME) for folder in _FOLDERS.values())
    statistics = dict(STATISTICS)
    if distractors_500k:
        gallery += _read_distractors(root / _DISTRACTORS)
        statistics["gallery"] = replace(STATISTICS["gallery"], records=None)
    protocols = [standard_protocol(query, gallery)]
    if pool := _read_query_pool(root / _HAND_DRAWN, query):
        protocols.append(Protocol("multiple_query", "standard", query, gallery, pool))
    return assemble(
        "market1501",
        root,
        train,
        query,
        gallery,
        protocols=protocols,
        statistics=statistics,
        variant="with 500k distractors" if distractors_500k else "",
    )


def _read_distractors(folder: Path) -> Records:
    # A distractor is nobody, so that its camera, and with it its name, never matters.
    return tuple(Record((os.path.join(folder, name),), 0, 0) for name in list_images(folder))


def _read_query_pool(folder: Path, query: Records) -> Records:
    """Hand-drawn boxes with the person and camera of a query; none if one query would have none."""
    if not folder.is_dir():
        return ()
    wanted = {(record.pid, record.camid) for record in query}
    pool = tuple(record for record in read_folder(folder, _NAME) if (record.pid, record.camid) in wanted)
    without = wanted - {(record.pid, record.camid) for record in pool}
    if without:
        pid, camid = min(without)
        logger.warning(
            "no multiple-query protocol: %s has no image of person %d in camera %d (and of %d more queries)",
            folder,
            pid,
            camid + 1,
            len(without) - 1,
        )
        return ()
    return pool


class MarketLayout(Layout):
    """Images named as in Market-1501; test images are copied to ``gt_bbox`` for multiple query."""

    max_cameras = 9

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        return f"{_FOLDERS[shot.split]}/{self._name(shot)}"

    def extra_paths(self, shot: Shot) -> tuple[str, ...]:  # noqa: D102 - inherited
        return () if shot.split == "train" else (f"{_HAND_DRAWN}/{self._name(shot)}",)

    def _name(self, shot: Shot) -> str:
        # In the release, queries are hand-drawn boxes (00) and the gallery's are detected ones, so
        # that a query and a gallery image of the same frame stay apart in gt_bbox.
        box = 0 if shot.split == "query" else 1
        return (
            f"{shot.pid:04d}_c{self.camera_number(shot)}s{shot.walk + 1}_{shot.frame:06d}_{box:02d}"
            f"{self.suffix}"
        )


DATASETS.register("market1501", DatasetEntry(load, TREE, MarketLayout()))
