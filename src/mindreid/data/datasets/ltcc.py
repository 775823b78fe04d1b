"""LTCC: persons who come back in other clothes before twelve indoor cameras over two months.

Source: X. Qian, W. Wang, L. Zhang, F. Zhu, Y. Fu, T. Xiang, Y.-G. Jiang, X. Xue, "Long-Term
Cloth-Changing Person Re-identification", ACCV 2020.

========  =======  ======  =======
split     persons  images  cameras
========  =======  ======  =======
train     77       9,576   12
query     75       493     12
gallery   75       7,050   12
========  =======  ======  =======

The numbers of persons are quoted from memory; 152 in total. Some papers print 17,138 images in
total, the parts make 17,119.

File names are ``{pid}_{outfit}_c{camera}_….png``, camera from 1; the outfits of every person are
counted anew. The gallery is the folder ``test``, which some copies call ``gallery``.

Protocols, all with the same lists: *standard* (junk is what has the query's person and camera),
*clothes_changing* (so is what has the query's person and outfit) and *same_clothes* (so is what has
the query's person in another outfit). Queries without a match count nowhere, such as those of
persons who never change under *clothes_changing*. *clothes_changing_persons* has the junk
rule of *clothes_changing*, but only the persons of ``info/cloth-change_id_test.txt`` in query and
gallery, and is there if that file is: a different number, which some papers (SiCL) report
under the same name.
"""

from __future__ import annotations

import re
from pathlib import Path

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble, clothes_protocols, restricted_protocol
from mindreid.data.dataset_files import match_images, read_lines, require
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
from mindreid.errors import DataError
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
LTCC_ReID/
  train/               {pid}_{outfit}_c{camera}_….png   9,576 images
  query/               {pid}_{outfit}_c{camera}_….png     493 images
  test/ (or gallery/)  {pid}_{outfit}_c{camera}_….png   7,050 images
  info/cloth-change_id_test.txt   one person per line, optional: clothes_changing_persons"""

_PERSONS = ("persons",)
STATISTICS = {
    "train": SplitStatistics(77, 9_576, 12, approximate=_PERSONS),
    "query": SplitStatistics(75, 493, 12, approximate=_PERSONS),
    "gallery": SplitStatistics(75, 7_050, 12, approximate=_PERSONS),
}

_NAME = re.compile(r"(?P<pid>\d+)_(?P<outfit>\d+)_c(?P<camera>0*[1-9]\d*)_")
_SUFFIXES = (".png", ".jpg")
_FOLDERS = {"train": "train", "query": "query", "gallery": "test"}
_GALLERY_ELSEWHERE = "gallery"
_CHANGING_PERSONS = "info/cloth-change_id_test.txt"


def load(root: PathLike) -> Dataset:
    """Load LTCC.

    Parameters
    ----------
    root : path
        The folder ``LTCC_ReID``.

    Returns
    -------
    Dataset
        With clothes labels, from the file names.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, or a name is malformed.
    """
    root = require(root, TREE)
    folders = dict(_FOLDERS)
    if not (root / folders["gallery"]).is_dir() and (root / _GALLERY_ELSEWHERE).is_dir():
        folders["gallery"] = _GALLERY_ELSEWHERE
    require(root, TREE, folders.values())
    train, query, gallery = (_read_folder(root / folder) for folder in folders.values())
    query_records, gallery_records = with_shared_outfits(query, gallery)
    return assemble(
        "ltcc",
        root,
        with_outfits(*train),
        query_records,
        gallery_records,
        protocols=[
            *clothes_protocols(query_records, gallery_records),
            *_changing_persons(root / _CHANGING_PERSONS, query_records, gallery_records),
        ],
        statistics=STATISTICS,
    )


def _read_folder(folder: Path) -> tuple[list[Record], list[int]]:
    images = match_images(folder, _NAME, _SUFFIXES)
    records = [Record((path,), int(name["pid"]), int(name["camera"]) - 1) for path, name in images]
    return records, [int(name["outfit"]) for _, name in images]


def _changing_persons(list_file: Path, query: Records, gallery: Records) -> list[Protocol]:
    """Return the protocol among the listed persons; none without the list or without such a query."""
    if not list_file.is_file():
        return []
    words = [(word, where) for line, where in read_lines(list_file) for word in line.split()]
    for word, where in words:
        if not word.isdecimal():
            raise DataError(f"{word!r} is not a person's number", where=where)
    persons = {int(word) for word, _ in words}
    return restricted_protocol(
        "clothes_changing_persons", "clothes_changing", query, gallery, lambda record: record.pid in persons
    )


class LtccLayout(Layout):
    """Images named as in LTCC; everybody has several outfits."""

    suffix = ".png"
    min_outfits = 2
    usual_outfits = 3

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        number = pair_number(shot.sequence, shot.frame)
        name = f"{shot.pid:03d}_{shot.outfit + 1}_c{self.camera_number(shot)}_{number:06d}{self.suffix}"
        return f"{_FOLDERS[shot.split]}/{name}"


DATASETS.register("ltcc", DatasetEntry(load, TREE, LtccLayout()))
