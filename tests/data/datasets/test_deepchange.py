"""DeepChange: lists, outfits by day, and tracklets in the camera's place."""

from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.errors import DataError

LISTS = {
    "train-set": [
        ("P0210_C03_20200102_0915_0004_00012.jpg", 7),
        ("P0021_C17_20200102_0915_0004_00012.jpg", 12),
        ("P0210_C03_20200103_0915_0004_00012.jpg", 3),
    ],
    "test-set-query": [
        ("P0500_C05_20200601_0800_0001_00001.jpg", 40),
        ("P0501_C05_20200601_0800_0001_00001.jpg", 41),
    ],
    "test-set-gallery": [
        ("P0500_C05_20200601_0800_0001_00099.jpg", 40),
        ("P0500_C05_20200601_0800_0001_00100.jpg", 42),
        ("P0500_C09_20200701_0800_0001_00100.jpg", 43),
        ("P0501_C06_20200602_0800_0001_00100.jpg", 44),
    ],
}


@pytest.fixture
def root(tmp_path, write_images):
    root = tmp_path / "P0009_C01_1_query" / "DeepChangeDataset"
    for folder, lines in LISTS.items():
        write_images(root, [f"{folder}/{name}" for name, _ in lines])
        (root / f"{folder}-bbox.txt").write_text("".join(f"{name},{tracklet}\n" for name, tracklet in lines))
    write_images(root, ["train-set/P0900_C01_20200102_0915_0004_00012.jpg"])
    return root


def summarize(records):
    return [(Path(r.path).name[:5], r.pid, r.camid, r.clothes_id, r.tracklet) for r in records]


def test_splits(root):
    dataset = load_dataset("deepchange", str(root))
    assert summarize(dataset.train) == [("P0210", 1, 3, 1, 7), ("P0021", 0, 17, 0, 12), ("P0210", 1, 3, 2, 3)]
    assert summarize(dataset.query) == [("P0500", 500, 5, 0, 40), ("P0501", 501, 5, 2, 41)]
    assert summarize(dataset.gallery) == [
        ("P0500", 500, 5, 0, 40),
        ("P0500", 500, 5, 0, 42),
        ("P0500", 500, 9, 1, 43),
        ("P0501", 501, 6, 3, 44),
    ]
    assert all(Path(r.path).is_file() for r in dataset.train + dataset.query + dataset.gallery)


def test_junk_is_the_querys_tracklet(root):
    (protocol,) = load_dataset("deepchange", root).protocols.values()
    assert (protocol.name, protocol.rule, protocol.source) == ("standard", "standard", "tracklet")
    assert protocol.junk == "standard, by tracklet"


def test_official_counts_add_up_to_the_release(root):
    statistics = load_dataset("deepchange", root).statistics
    validation = 4_976 + 17_865
    assert sum(split.records for split in statistics.values()) + validation == 178_407


@pytest.mark.parametrize(
    "line",
    [
        "P0500_C05_20200601_0800_0001_00001.jpg",
        "P0500_C05_20200601_0800_0001_00001.jpg,x",
        ",5",
        "P0500_05_20200601_0800_0001_00001.jpg,5",
        "P0500_C05_20200601.jpg,5",
    ],
)
def test_malformed_line_is_named_by_file_and_number(root, line):
    file = root / "test-set-query-bbox.txt"
    file.write_text(f"{file.read_text()}\n{line}\n")
    with pytest.raises(DataError) as error:
        load_dataset("deepchange", root)
    assert error.value.where == f"{file}:4"


def test_listed_image_that_is_not_there(root):
    name, _ = LISTS["test-set-gallery"][2]
    (root / "test-set-gallery" / name).unlink()
    with pytest.raises(DataError, match=name) as error:
        load_dataset("deepchange", root)
    assert error.value.where == f"{root / 'test-set-gallery-bbox.txt'}:3"


def test_missing_list(root):
    (root / "train-set-bbox.txt").unlink()
    with pytest.raises(DataError) as error:
        load_dataset("deepchange", root)
    assert error.value.missing == ("train-set-bbox.txt",)
