"""CASIA-B: 124 walkers seen from eleven angles, normally, with a bag, in a coat.

Source: S. Yu, D. Tan, T. Tan, "A Framework for Evaluating the Effect of View Angle, Clothing and
Carrying Condition on Gait Recognition", ICPR 2006; processed as by OpenGait.

========  ===========  =========  =======
split     persons      sequences  views
========  ===========  =========  =======
train     74           8,140      11
test      50           5,500      11
========  ===========  =========  =======

Ten walks of everybody, each before all cameras: types nm-01 to nm-06, bg-01, bg-02, cl-01, cl-02;
views 000, 018, …, 180 in degrees. Subjects 001 to 074 are for training (the large-sample partition),
unless the partition file says otherwise. The sequence counts are those of a complete set; some
sequences of the released one are empty.

Protocols, see :func:`mindreid.metrics.evaluate_casia_b`: *single_view*, the usual one, with a
gallery of one view, and *cross_view*, with a gallery of all.
"""

from __future__ import annotations

from mindreid.atomic import PathLike
from mindreid.data.dataset_assembly import assemble
from mindreid.data.dataset_files import require
from mindreid.data.gait_tree import GaitTree, Partition, load_splits, number_cameras
from mindreid.data.layouts import SequenceLayout, Wear
from mindreid.data.records import Dataset, Protocol, SplitStatistics, with_outfits
from mindreid.zoo import DATASETS, DatasetEntry

TREE = """\
CASIA-B/
  CASIA-B.json   {"TRAIN_SET": ["001", …], "TEST_SET": […]}; without it 001..074 and 075..124
  {subject}/{type}/{view}/     001/nm-01/090/
    {view}.pkl                 uint8 [frames, 64, 64]: silhouettes cropped to height 64, centred"""

_SEQUENCES = ("records",)
STATISTICS = {
    "train": SplitStatistics(74, 8_140, 11, approximate=_SEQUENCES),
    "query": SplitStatistics(50, 5_500, 11, approximate=_SEQUENCES),
    "gallery": SplitStatistics(50, 5_500, 11, approximate=_SEQUENCES),
}

PARTITION = Partition(
    frozenset(f"{number:03d}" for number in range(1, 75)),
    frozenset(f"{number:03d}" for number in range(75, 125)),
)
PARTITION_FILE = "CASIA-B.json"


def load(root: PathLike, *, modality: str = "", partition: str = PARTITION_FILE) -> Dataset:
    """Load CASIA-B.

    Parameters
    ----------
    root : path
        The processed tree; ``mindreid data silhouettes`` makes it of the raw one.
    modality : str
        What of each sequence is read: the empty name stands for the file ``{view}.pkl``,
        "aligned-sils" for ``{view}-aligned-sils.pkl`` of the re-segmented CASIA-B*.
    partition : str
        The partition file, relative to ``root`` (or absolute). The released partition holds if the
        usual file is not there.

    Returns
    -------
    Dataset
        A record is a sequence, with ``condition`` ("nm-01") and ``camera`` (the view, "090"). Its
        outfit is the kind of clothes, "cl" being another than "nm" and "bg". Query and gallery
        are the same list, all test sequences.

    Raises
    ------
    DataError
        If the folder or a named partition file is missing, a split is empty, or a sequence lacks
        the modality.
    """
    tree = GaitTree(require(root, TREE), TREE, modality)
    default = PARTITION if partition == PARTITION_FILE else None
    splits = load_splits(tree, partition, default)
    train, test = (
        with_outfits(
            number_cameras(split, [*splits[0], *splits[1]]),
            ["coat" if str(record.condition).startswith("cl") else "usual" for record in split],
        )
        for split in splits
    )
    return assemble(
        "casia_b",
        tree.root,
        train,
        test,
        test,
        protocols=[
            Protocol("single_view", "casia_b_single_view", test, test),
            Protocol("cross_view", "casia_b_cross_view", test, test),
        ],
        statistics=STATISTICS,
        variant=modality,
    )


_ANGLES = tuple(range(0, 181, 18))
LAYOUT = SequenceLayout(
    conditions={
        **{f"nm-{number:02d}": Wear(0, 0) for number in range(1, 7)},
        **{f"bg-{number:02d}": Wear(0, 0, bag=True) for number in range(1, 3)},
        **{f"cl-{number:02d}": Wear(1, 1) for number in range(1, 3)},
    },
    views=tuple(f"{angle:03d}" for angle in _ANGLES),
    azimuths=_ANGLES,
    partition_file=PARTITION_FILE,
    modalities=("",),
    first_subject=1,
)

DATASETS.register("casia_b", DatasetEntry(load, TREE, sequence_layout=LAYOUT))
