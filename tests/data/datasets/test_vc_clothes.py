"""VC-Clothes: names, outfits per person, and the cameras of each protocol."""

from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.errors import DataError

TRAIN = ["0300-1-02-07.jpg", "0300-4-01-01.jpg", "0012-2-02-33.JPG"]
QUERY = ["0001-2-01-1.jpg", "0001-3-01-1.jpg", "0001-4-03-1.jpg", "0002-1-01-1.jpg"]
GALLERY = ["0001-1-01-2.jpg", "0001-3-01-2.jpg", "0001-4-03-2.jpg", "0002-2-02-2.jpg"]


@pytest.fixture
def root(tmp_path, write_images):
    # The root's own name looks like an image.
    root = tmp_path / "query" / "0009-4-09-9.jpg"
    for folder, names in (("train", TRAIN), ("query", QUERY), ("gallery", GALLERY)):
        write_images(root, [f"{folder}/{name}" for name in names])
    return root


def summarize(records):
    return [(Path(record.path).name, record.pid, record.camid, record.clothes_id) for record in records]


def names(records):
    return [Path(record.path).name for record in records]


def test_splits(root):
    dataset = load_dataset("vc_clothes", str(root))
    assert summarize(dataset.train) == [
        ("0012-2-02-33.JPG", 0, 1, 0),
        ("0300-1-02-07.jpg", 1, 0, 2),
        ("0300-4-01-01.jpg", 1, 3, 1),
    ]
    assert summarize(dataset.query) == [
        ("0001-2-01-1.jpg", 1, 1, 0),
        ("0001-3-01-1.jpg", 1, 2, 0),
        ("0001-4-03-1.jpg", 1, 3, 1),
        ("0002-1-01-1.jpg", 2, 0, 2),
    ]
    assert [record.clothes_id for record in dataset.gallery] == [0, 0, 1, 3]


def test_protocols_differ_in_their_cameras(root):
    dataset = load_dataset("vc_clothes", root)
    assert list(dataset.protocols) == ["standard", "clothes_changing", "same_clothes"]
    assert {protocol.rule for protocol in dataset.protocols.values()} == {"standard"}
    standard, changing, same = dataset.protocols.values()
    assert (standard.query, standard.gallery) == (dataset.query, dataset.gallery)
    assert names(changing.query) == ["0001-3-01-1.jpg", "0001-4-03-1.jpg"]
    assert names(changing.gallery) == ["0001-3-01-2.jpg", "0001-4-03-2.jpg"]
    assert names(same.query) == ["0001-2-01-1.jpg", "0001-3-01-1.jpg"]
    assert names(same.gallery) == ["0001-3-01-2.jpg", "0002-2-02-2.jpg"]


def test_a_protocol_without_a_gallery_is_left_out(root):
    for name in GALLERY[1:3]:
        (root / "gallery" / name).unlink()
    assert list(load_dataset("vc_clothes", root).protocols) == ["standard", "same_clothes"]


def test_official_counts_add_up_to_the_release(root):
    statistics = load_dataset("vc_clothes", root).statistics
    assert sum(split.records for split in statistics.values()) == 19_060


@pytest.mark.parametrize("name", ["0300-5-02-07.jpg", "0300-1-02.jpg", "0300_1_02_07.jpg"])
def test_malformed_name_is_named(root, write_images, name):
    write_images(root, [f"gallery/{name}"])
    with pytest.raises(DataError, match="grammar") as error:
        load_dataset("vc_clothes", root)
    assert error.value.where == str(root / "gallery" / name)
