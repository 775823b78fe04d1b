"""CCVID: videos of walkers in changing clothes, in three sessions.

Source: X. Gu, H. Chang, B. Ma, S. Bai, S. Shan, X. Chen, "Clothes-Changing Person Re-identification
with RGB Modality Only", CVPR 2022; the videos are FVG's (Z. Zhang et al., CVPR 2019). Faces must be
blurred in figures.

=======  =======  =========  =======
split    persons  tracklets  outfits
=======  =======  =========  =======
train    75       948        159
query    151      834        321 in query and
gallery  151      1,074      gallery together
=======  =======  =========  =======

A line of a list names a tracklet's folder, the person and the clothes, with tabs between:
``session1/001_01``, ``001``, ``u0_l0_s0_c0_a0`` (upper, lower, shoes, carrying, accessories, each
counted anew for every person). The folder's second number is the camera, 1 to 12; in session 3
they are other ones, 13 to 24.

Protocols, all with the same lists: *standard* (junk is what has the query's person and camera),
*clothes_changing* (so is what has the query's person and outfit) and *same_clothes* (so is what has
the query's person in another outfit).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from mindreid.atomic import PathLike, write_text
from mindreid.data.dataset_assembly import assemble, clothes_protocols
from mindreid.data.dataset_files import list_frames, read_lines, require
from mindreid.data.layouts import Layout, Shot
from mindreid.data.records import Dataset, Record, SplitStatistics, with_outfits, with_shared_outfits
from mindreid.errors import DataError
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
CCVID/
  session1/{pid}_{camera}/00001.jpg …   1,764 tracklets
  session2/{pid}_{camera}/00001.jpg …     948 tracklets
  session3/{pid}_{camera}/00001.jpg …     144 tracklets
  train.txt     948 lines "session1/001_01	001	u0_l0_s0_c0_a0"
  query.txt     834 lines
  gallery.txt  1,074 lines"""

STATISTICS = {
    "train": SplitStatistics(75, 948, clothes=159),
    "query": SplitStatistics(151, 834),
    "gallery": SplitStatistics(151, 1_074),
}

_FOLDER = re.compile(r"session(?P<session>[1-9])/(?P<pid>\d+)_(?P<camera>0*[1-9]\d*)")
_LISTS = {split: f"{split}.txt" for split in ("train", "query", "gallery")}
_CAMERAS = 12
_LATE_SESSION = 3


def load(root: PathLike) -> Dataset:
    """Load CCVID.

    Parameters
    ----------
    root : path
        The folder ``CCVID``.

    Returns
    -------
    Dataset
        Every record is a tracklet, its paths are the frames in order; with clothes labels.

    Raises
    ------
    DataError
        If the folder is missing or laid out differently, a split is empty, a line is malformed, or
        a listed tracklet is missing or has no frames.
    """
    root = require(root, TREE, _LISTS.values())
    train, query, gallery = (_read_list(root, name) for name in _LISTS.values())
    query_records, gallery_records = with_shared_outfits(query, gallery)
    return assemble(
        "ccvid",
        root,
        with_outfits(*train),
        query_records,
        gallery_records,
        protocols=clothes_protocols(query_records, gallery_records),
        statistics=STATISTICS,
    )


def _read_list(root: Path, name: str) -> tuple[list[Record], list[str]]:
    lines = read_lines(root / name)
    tracklets = [_parse_line(root, line, where) for line, where in lines]
    return [record for record, _ in tracklets], [clothes for _, clothes in tracklets]


def _parse_line(root: Path, line: str, where: str) -> tuple[Record, str]:
    fields = line.split()
    folder = _FOLDER.fullmatch(fields[0])
    if len(fields) != 3 or folder is None or not fields[1].isdecimal():
        raise DataError(
            f"the line {line!r} is not a tracklet's folder, a person's number and clothes", where=where
        )
    camid = int(folder["camera"]) - 1 + _CAMERAS * (int(folder["session"]) == _LATE_SESSION)
    path = root / fields[0]
    frames = tuple(os.path.join(path, name) for name in list_frames(path))
    return Record(frames, int(fields[1]), camid), fields[2]


class CcvidLayout(Layout):
    """Tracklets named and listed as in CCVID, an outfit a session; what passes camera 1 is a query."""

    max_cameras = _CAMERAS
    min_outfits = max_outfits = usual_outfits = 2

    def test_split(self, camid: int, chosen: bool) -> str:  # noqa: D102 - inherited
        return "query" if camid == 0 else "gallery"

    def relative_path(self, shot: Shot) -> str:  # noqa: D102 - inherited
        return f"{self._tracklet(shot)}/{shot.sequence:02d}{shot.frame + 1:05d}{self.suffix}"

    def _tracklet(self, shot: Shot) -> str:
        return f"session{shot.outfit + 1}/{shot.pid:03d}_{self.camera_number(shot):02d}"

    def write_lists(self, root: Path, shots: Sequence[Shot]) -> None:
        """Write ``train.txt``, ``query.txt`` and ``gallery.txt``."""
        for split, name in _LISTS.items():
            own = (shot for shot in shots if shot.split == split)
            lines = (f"{self._tracklet(s)}\t{s.pid:03d}\tu{s.outfit}_l{s.outfit}_s0_c0_a0" for s in own)
            write_text(root / name, "".join(f"{line}\n" for line in dict.fromkeys(lines)))


DATASETS.register("ccvid", DatasetEntry(load, TREE, CcvidLayout()))
