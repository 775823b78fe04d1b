"""Anybody's own gait sequences, in the tree of CASIA-B with any names.

A sequence is a folder ``subject/condition/view`` with one file of aligned silhouettes. What a
condition and a view stand for is up to the data: two sequences of a subject with the same view are
too alike to prove anything.

Protocol: *standard*, every test sequence against all others; junk is what has the same subject and
the same view.
"""

from __future__ import annotations

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import require
from mindreid.data.gait_tree import GaitTree, load_splits, number_cameras
from mindreid.data.layouts import SequenceLayout, Wear
from mindreid.data.records import Dataset
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
<root>/
  partition.json    {"TRAIN_SET": [names of subject folders], "TEST_SET": [...]}
  {subject}/{condition}/{view}/
    {view}.pkl      uint8 [frames, 64, 64]: silhouettes cropped to height 64, centred"""

PARTITION_FILE = "partition.json"


def load(root: PathLike, *, modality: str = "", partition: str = PARTITION_FILE) -> Dataset:
    """Load a tree of pickled sequences.

    Parameters
    ----------
    root : path
        The tree; ``mindreid data silhouettes`` makes one of frames or of a video.
    modality : str
        What of each sequence is read: the empty name stands for the file ``{view}.pkl``, any other for
        ``{view}-{modality}.pkl``.
    partition : str
        The partition file, relative to ``root`` (or absolute).

    Returns
    -------
    Dataset
        A record is a sequence, with ``condition`` and ``camera`` (the view). Query and gallery are
        the same list, all test sequences. Without clothes labels.

    Raises
    ------
    DataError
        If the folder or the partition file is missing, a split is empty, or a sequence lacks the
        modality.
    """
    tree = GaitTree(require(root, TREE), TREE, modality)
    splits = load_splits(tree, partition)
    train, test = (number_cameras(split, [*splits[0], *splits[1]]) for split in splits)
    return assemble("gait_pickles", tree.root, train, test, test, statistics={}, variant=modality)


_AZIMUTHS = {"towards": 0, "right": 90, "away": 180, "left": -90}
LAYOUT = SequenceLayout(
    conditions={"usual": Wear(0, 0), "bag": Wear(0, 0, bag=True), "coat": Wear(1, 1)},
    views=tuple(_AZIMUTHS),
    azimuths=tuple(_AZIMUTHS.values()),
    partition_file=PARTITION_FILE,
    modalities=("",),
    first_subject=1,
)

DATASETS.register("gait_pickles", DatasetEntry(load, TREE, sequence_layout=LAYOUT))
