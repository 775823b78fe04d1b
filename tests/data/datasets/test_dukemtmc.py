"""DukeMTMC-reID: names, and that its withdrawal is said."""

from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.errors import DataError
from mindreid.zoo import DATASETS


def test_splits(tmp_path, write_images):
    root = tmp_path / "query_0001_c2_f0000001.jpg"
    write_images(root, ["bounding_box_train/0002_c1_f0044158.jpg", "bounding_box_train/0001_c8_f0000009.jpg"])
    write_images(root, ["query/0005_c2_f0046985.jpg", "bounding_box_test/0005_c7_f0046985.JPG"])
    write_images(root, ["bounding_box_test/7139_c3_f0000001.jpg"])
    (root / "query" / "Thumbs.db").write_bytes(b"")
    dataset = load_dataset("dukemtmc", root)
    assert [(Path(r.path).name[:4], r.pid, r.camid) for r in dataset.train] == [
        ("0001", 0, 7),
        ("0002", 1, 0),
    ]
    assert [(r.pid, r.camid) for r in dataset.query] == [(5, 1)]
    assert [(r.pid, r.camid) for r in dataset.gallery] == [(5, 6), (7139, 2)]
    assert list(dataset.protocols) == ["standard"]


def test_malformed_name_is_named(tmp_path, write_images):
    write_images(tmp_path, ["bounding_box_train/0002_c1s1_000001_01.jpg"])
    write_images(tmp_path, ["query/0005_c2_f0046985.jpg", "bounding_box_test/0005_c7_f0046985.jpg"])
    with pytest.raises(DataError, match="grammar") as error:
        load_dataset("dukemtmc", tmp_path)
    assert error.value.where.endswith("0002_c1s1_000001_01.jpg")


def test_missing_root(tmp_path):
    with pytest.raises(DataError, match="folder is not there"):
        load_dataset("dukemtmc", tmp_path / "nowhere")


def test_the_withdrawal_is_noted():
    assert "withdrawn" in DATASETS["dukemtmc"].notes[0]
