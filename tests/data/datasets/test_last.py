"""LaST: folders per person, the flat query folder, distractors, and clothes of the training split."""

from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.errors import DataError

TRAIN = [
    "000051/000051_003_00013_0270_04_001.jpg",
    "000051/000051_001_00013_0270_04_002.jpg",
    "000009/000009_001_00013_0270_04_001.jpg",
    "000009/000009_002_00013_0270_04_000.jpg",
]
QUERY = ["005001_001_00001_0001_01_000.jpg", "005002_001_00001_0001_01_000.jpg"]
GALLERY = [
    "005002/005002_002_00001_0001_01_000.jpg",
    "005001/005001_002_00001_0001_01_000.JPG",
    "000000/000000_001_00001_0001_01_000.jpg",
    "000000/000000_002_00001_0001_01_000.jpg",
]


@pytest.fixture
def root(tmp_path, write_images):
    # A reference loader looks for "query" in the path to tell flat folders from nested ones.
    root = tmp_path / "my_query_data" / "last"
    write_images(root, [f"train/{name}" for name in TRAIN])
    write_images(root, [f"test/query/{name}" for name in QUERY])
    write_images(root, [f"test/gallery/{name}" for name in GALLERY])
    write_images(root, ["val/query/004001_001_00001_0001_01_000.jpg"])
    return root


def summarize(records):
    return [(Path(record.path).name[:10], record.pid, record.clothes_id) for record in records]


def test_splits(root):
    dataset = load_dataset("last", str(root))
    assert summarize(dataset.train) == [
        ("000009_001", 0, 0),
        ("000009_002", 0, None),
        ("000051_001", 1, 2),
        ("000051_003", 1, 1),
    ]
    assert summarize(dataset.query) == [("005001_001", 5001, None), ("005002_001", 5002, None)]
    assert summarize(dataset.gallery) == [
        ("000000_001", 0, None),
        ("000000_002", 0, None),
        ("005001_002", 5001, None),
        ("005002_002", 5002, None),
    ]


def test_nothing_is_junk_and_interference_persons_stay(root):
    dataset = load_dataset("last", root)
    (protocol,) = dataset.protocols.values()
    assert (protocol.name, protocol.rule) == ("standard", "all")
    assert sum(record.pid == 0 for record in protocol.gallery) == 2


def test_official_counts_add_up_to_the_release(root):
    statistics = load_dataset("last", root).statistics
    validation = 100 + 21_279
    assert sum(split.records for split in statistics.values()) + validation == 228_156


def test_missing_folder(root):
    (root / "test" / "query").rename(root / "elsewhere")
    with pytest.raises(DataError) as error:
        load_dataset("last", root)
    assert error.value.missing == ("test/query",)


@pytest.mark.parametrize("name", ["000009_001.jpg", "000009_001_00013_0270_04_x.jpg"])
def test_malformed_name_is_named(root, write_images, name):
    write_images(root, [f"train/000009/{name}"])
    with pytest.raises(DataError, match="grammar") as error:
        load_dataset("last", root)
    assert error.value.where == str(root / "train" / "000009" / name)
