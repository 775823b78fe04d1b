"""CCPG: gait and re-identification of the same walkers, who change clothes piece by piece.

Source: W. Li, S. Hou, C. Zhang, C. Cao, X. Liu, Y. Huang, Y. Zhao, "An In-Depth Exploration of Person
Re-Identification and Gait Recognition in Cloth-Changing Conditions", CVPR 2023. Released on request;
this is the tree that OpenGait makes of it.

========  ===========  =========  =======
split     persons      sequences  cameras
========  ===========  =========  =======
train     100          unknown    10
test      100          unknown    10
========  ===========  =========  =======

A sequence's status is ``U{upper}_D{lower}``, the numbers of the upper and the lower outfit, with
``_BG`` for one with a bag: U0_D0, U0_D0_BG, U0_D3, U1_D0, U1_D1, U2_D2, U3_D3. The clothes label is
the pair of the person and (upper, lower). Of a view's name, what precedes the first underscore is the
camera, the rest numbers repeated walks. Subjects 000 to 099 are for training, unless the partition
file says otherwise.

Protocol: *ccpg*, on all test sequences, see :func:`mindreid.metrics.evaluate_ccpg`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import require
from mindreid.data.gait_tree import GaitTree, Partition, load_splits, number_cameras
from mindreid.data.layouts import SequenceLayout, Wear
from mindreid.data.records import Dataset, Protocol, Record, Records, SplitStatistics, with_outfits
from mindreid.errors import DataError
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
CCPG/
  CCPG.json    {"TRAIN_SET": ["000", …], "TEST_SET": […]}; without it 000..099 and 100..199
  {subject}/{status}/{view}/     000/U0_D0_BG/01_0/
    {view}-aligned-sils.pkl      uint8 [frames, 64, 64]: silhouettes cropped to height 64, centred
    {view}-sils.pkl              uint8 [frames, height, width]
    {view}-rgbs.pkl              uint8 [frames, 3, height, width]
    {view}-ratios.pkl            [frames]: width / height of the crops"""

STATISTICS = {
    "train": SplitStatistics(100, None, 10),
    "query": SplitStatistics(100, None, 10),
    "gallery": SplitStatistics(100, None, 10),
}

PARTITION = Partition(
    frozenset(f"{number:03d}" for number in range(100)),
    frozenset(f"{number:03d}" for number in range(100, 200)),
)
PARTITION_FILE = "CCPG.json"

_STATUS = re.compile(r"(?P<outfit>U\d+_D\d+)(?P<bag>_BG)?")


def load(root: PathLike, *, modality: str = "aligned-sils", partition: str = PARTITION_FILE) -> Dataset:
    """Load CCPG.

    Parameters
    ----------
    root : path
        The tree that OpenGait's organising script, or ``mindreid data organize-ccpg``, makes.
    modality : str
        What of each sequence is read, by name: "aligned-sils", "sils", "rgbs", or any other that
        stands in a file ``{view}-{modality}.pkl``.
    partition : str
        The partition file, relative to ``root`` (or absolute). The released partition holds if the
        usual file is not there.

    Returns
    -------
    Dataset
        A record is a sequence, with ``condition`` (the status) and ``camera`` ("01"). Query and
        gallery are the same list, all test sequences.

    Raises
    ------
    DataError
        If the folder or a named partition file is missing, a split is empty, a status is
        malformed, or a sequence lacks the modality.
    """
    tree = GaitTree(require(root, TREE), TREE, modality)
    default = PARTITION if partition == PARTITION_FILE else None
    splits = [_with_labels(split) for split in load_splits(tree, partition, default)]
    train, test = (number_cameras(split, [*splits[0], *splits[1]]) for split in splits)
    return assemble(
        "ccpg",
        tree.root,
        train,
        test,
        test,
        protocols=[Protocol("ccpg", "ccpg", test, test)],
        statistics=STATISTICS,
        variant=modality,
    )


def _with_labels(records: Records) -> Records:
    named = [replace(record, camera=str(record.camera).split("_")[0]) for record in records]
    return with_outfits(named, [_outfit(record) for record in named])


def _outfit(record: Record) -> str:
    match = _STATUS.fullmatch(str(record.condition))
    if match is None:
        raise DataError(
            f"{record.condition!r} is no status",
            where=record.path,
            fix="statuses are named U{upper}_D{lower}, with _BG for one with a bag",
        )
    return match["outfit"]


LAYOUT = SequenceLayout(
    conditions={
        "U0_D0": Wear(0, 0),
        "U0_D0_BG": Wear(0, 0, bag=True),
        "U0_D3": Wear(0, 3),
        "U1_D0": Wear(1, 0),
        "U1_D1": Wear(1, 1),
        "U2_D2": Wear(2, 2),
        "U3_D3": Wear(3, 3),
    },
    views=tuple(f"{camera:02d}_0" for camera in range(1, 11)),
    partition_file=PARTITION_FILE,
    modalities=("aligned-sils", "rgbs", "rgbs-mask-face", "rgbs-mask-shoes", "rgbs-mask-face-shoes"),
)

DATASETS.register("ccpg", DatasetEntry(load, TREE, sequence_layout=LAYOUT))
