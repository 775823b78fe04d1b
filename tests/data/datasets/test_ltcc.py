"""LTCC: names, outfits per person, the three junk rules, and the persons who change."""

from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.errors import DataError

TRAIN = ["013_2_c9_000300.png", "002_1_c11_015833.png", "002_2_c1_015833.png", "013_1_c9_000299.png"]
QUERY = ["001_1_c1_000001.png", "001_2_c2_000001.png", "007_1_c2_000050.png"]
GALLERY = [
    "001_1_c1_000009.png",
    "001_2_c12_123456.png",
    "007_1_c5_000002.png",
    "007_3_c5_000002_x.PNG",
]
#: A data root whose own name looks like parts of the grammar.
ROOT = Path("exp_12_c3", "query", "LTCC_ReID")


@pytest.fixture(params=["test", "gallery"])
def root(tmp_path, write_images, request):
    root = tmp_path / ROOT
    for folder, names in (("train", TRAIN), ("query", QUERY), (request.param, GALLERY)):
        write_images(root, [f"{folder}/{name}" for name in names])
        (root / folder / "Thumbs.db").write_bytes(b"not an image")
    return root


def summarize(records):
    return [(Path(record.path).name, record.pid, record.camid, record.clothes_id) for record in records]


def test_splits(root):
    dataset = load_dataset("ltcc", str(root))
    assert summarize(dataset.train) == [
        ("002_1_c11_015833.png", 0, 10, 0),
        ("002_2_c1_015833.png", 0, 0, 1),
        ("013_1_c9_000299.png", 1, 8, 2),
        ("013_2_c9_000300.png", 1, 8, 3),
    ]
    assert summarize(dataset.query) == [
        ("001_1_c1_000001.png", 1, 0, 0),
        ("001_2_c2_000001.png", 1, 1, 1),
        ("007_1_c2_000050.png", 7, 1, 2),
    ]
    assert summarize(dataset.gallery) == [
        ("001_1_c1_000009.png", 1, 0, 0),
        ("001_2_c12_123456.png", 1, 11, 1),
        ("007_1_c5_000002.png", 7, 4, 2),
        ("007_3_c5_000002_x.PNG", 7, 4, 3),
    ]
    assert (dataset.num_train_pids, dataset.num_train_clothes) == (2, 4)


def test_protocols_share_their_lists(root):
    dataset = load_dataset("ltcc", root)
    assert {name: protocol.rule for name, protocol in dataset.protocols.items()} == {
        "standard": "standard",
        "clothes_changing": "clothes_changing",
        "same_clothes": "same_clothes",
    }
    for protocol in dataset.protocols.values():
        assert (protocol.query, protocol.gallery) == (dataset.query, dataset.gallery)


def test_the_list_of_persons_who_change_restricts_both_sides(root):
    list_file = root / "info" / "cloth-change_id_test.txt"
    list_file.parent.mkdir()
    list_file.write_text("7\n055\n")
    protocol = load_dataset("ltcc", root).protocols["clothes_changing_persons"]
    assert protocol.rule == "clothes_changing"
    assert [record.pid for record in protocol.query + protocol.gallery] == [7, 7, 7]
    list_file.write_text("55\n")
    assert "clothes_changing_persons" not in load_dataset("ltcc", root).protocols
    list_file.write_text("7\nseven\n")
    with pytest.raises(DataError, match="'seven' is not a person's number") as error:
        load_dataset("ltcc", root)
    assert error.value.where == f"{list_file}:2"


def test_counts_that_are_quoted_from_memory_are_marked():
    from mindreid.data.datasets.ltcc import STATISTICS

    assert sum(split.records for split in STATISTICS.values()) == 17_119
    assert all(split.approximate == ("persons",) for split in STATISTICS.values())


def test_missing_gallery(root, write_images):
    for folder in ("test", "gallery"):
        if (root / folder).is_dir():
            (root / folder).rename(root / "elsewhere")
    with pytest.raises(DataError) as error:
        load_dataset("ltcc", root)
    assert error.value.missing == ("test",)


@pytest.mark.parametrize("name", ["001_c1_000001.png", "001_1_c0_000001.png", "x01_1_c1_000001.png"])
def test_malformed_name_is_named(root, write_images, name):
    write_images(root, [f"train/{name}"])
    with pytest.raises(DataError, match="grammar") as error:
        load_dataset("ltcc", root)
    assert error.value.where == str(root / "train" / name)
