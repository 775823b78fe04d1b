"""Celeb-reID and -light: neither cameras nor clothes, and nothing is junk."""

from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.errors import DataError
from mindreid.zoo import DATASETS

NAMES = ("celeb_reid", "celeb_reid_light")


@pytest.fixture
def root(tmp_path, write_images):
    root = tmp_path / "7_3_query" / "Celeb-reID"
    write_images(root, ["train/12_1_0.jpg", "train/2_10_0.jpg", "train/2_2_0.JPG"])
    write_images(root, ["query/1_1_0.jpg", "query/2_4_0.jpg"])
    write_images(root, ["gallery/2_11_1.jpg", "gallery/1_2_0.jpg", "gallery/1_3_0.jpg"])
    (root / "gallery" / "._1_2_0.jpg").write_bytes(b"resource fork")
    return root


def summarize(records):
    return [(Path(record.path).name, record.pid, record.clothes_id) for record in records]


@pytest.mark.parametrize("name", NAMES)
def test_splits(root, name):
    dataset = load_dataset(name, str(root))
    assert dataset.name == name
    assert summarize(dataset.train) == [
        ("12_1_0.jpg", 1, None),
        ("2_10_0.jpg", 0, None),
        ("2_2_0.JPG", 0, None),
    ]
    assert summarize(dataset.query) == [("1_1_0.jpg", 1, None), ("2_4_0.jpg", 2, None)]
    assert summarize(dataset.gallery) == [
        ("1_2_0.jpg", 1, None),
        ("1_3_0.jpg", 1, None),
        ("2_11_1.jpg", 2, None),
    ]
    assert {name: protocol.rule for name, protocol in dataset.protocols.items()} == {"standard": "all"}
    assert "nothing is junk" in DATASETS[name].notes[0]


def test_the_light_set_has_counts_of_its_own(root):
    totals = {"celeb_reid": (34_186, 632), "celeb_reid_light": (10_842, 490)}
    for name, (images, persons) in totals.items():
        statistics = load_dataset(name, root).statistics
        assert sum(split.records for split in statistics.values()) == images
        assert statistics["train"].persons == persons
        assert f"{statistics['query'].records:,} images" in DATASETS[name].tree


def test_missing_folder_shows_the_right_tree(root):
    (root / "query").rename(root / "elsewhere")
    with pytest.raises(DataError) as error:
        load_dataset("celeb_reid_light", root)
    assert error.value.missing == ("query",)
    assert "Celeb-reID-light/" in error.value.fix


def test_malformed_name_is_named(root, write_images):
    write_images(root, ["query/star.jpg"])
    with pytest.raises(DataError, match="grammar") as error:
        load_dataset("celeb_reid", root)
    assert error.value.where == str(root / "query" / "star.jpg")
