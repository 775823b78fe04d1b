"""PRCC: cameras as letters and folders, two outfits for each person, multi-shot and single-shot."""

from collections import Counter
from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.data.person_draws import draw_single_shots
from mindreid.data.records import Record
from mindreid.errors import DataError

TRAIN = ["002/A_cropped_rgb010.jpg", "002/B_cropped_rgb002.jpg", "002/C_cropped_rgb002.jpg", "100/C_x.jpg"]
TEST = {
    "A": ["003/cropped_rgb001.jpg", "003/cropped_rgb002.jpg", "098/cropped_rgb001.jpg"],
    "B": ["003/cropped_rgb001.jpg", "098/cropped_rgb007.jpg"],
    "C": ["003/cropped_rgb300.jpg", "098/cropped_rgb001.jpg", "098/cropped_rgb002.JPG"],
}


@pytest.fixture
def root(tmp_path, write_images):
    root = tmp_path / "exp_12_c3" / "A_query" / "prcc"
    write_images(root, [f"rgb/train/{name}" for name in TRAIN])
    write_images(root, ["rgb/val/002/A_cropped_rgb010.jpg", "sketch/train/002/A_cropped_rgb010.jpg"])
    write_images(root, [f"rgb/test/{camera}/{name}" for camera, names in TEST.items() for name in names])
    for folder in ("rgb/train", "rgb/test/A", "rgb/test/C/003"):
        (root / folder / "Thumbs.db").write_bytes(b"not an image")
    return root


def summarize(records):
    return [(Path(record.path).name, record.pid, record.camid, record.clothes_id) for record in records]


def test_splits(root):
    dataset = load_dataset("prcc", str(root))
    assert summarize(dataset.train) == [
        ("A_cropped_rgb010.jpg", 0, 0, 0),
        ("B_cropped_rgb002.jpg", 0, 1, 0),
        ("C_cropped_rgb002.jpg", 0, 2, 1),
        ("C_x.jpg", 1, 2, 2),
    ]
    assert summarize(dataset.gallery) == [
        ("cropped_rgb001.jpg", 3, 0, 0),
        ("cropped_rgb002.jpg", 3, 0, 0),
        ("cropped_rgb001.jpg", 98, 0, 2),
    ]
    assert summarize(dataset.query) == [
        ("cropped_rgb001.jpg", 3, 1, 0),
        ("cropped_rgb007.jpg", 98, 1, 2),
        ("cropped_rgb300.jpg", 3, 2, 1),
        ("cropped_rgb001.jpg", 98, 2, 3),
        ("cropped_rgb002.JPG", 98, 2, 3),
    ]
    assert all(Path(record.path).is_file() for record in dataset.train + dataset.query + dataset.gallery)


def test_protocols_tell_multi_shot_and_single_shot_apart(root):
    dataset = load_dataset("prcc", root)
    names = ["clothes_changing_multi_shot", "same_clothes_multi_shot"]
    names += ["clothes_changing_single_shot", "same_clothes_single_shot"]
    assert list(dataset.protocols) == names
    for name, protocol in dataset.protocols.items():
        assert (protocol.rule, protocol.gallery) == ("all", dataset.gallery)
        assert {record.camid for record in protocol.query} == {2 if "changing" in name else 1}
        assert len(protocol.trials) == (10 if "single" in name else 0)
        for gallery in protocol.trials:
            assert [record.pid for record in gallery] == [3, 98]
            assert set(gallery) <= set(dataset.gallery)
    changing, same = (
        dataset.protocols[f"{rule}_single_shot"] for rule in ("clothes_changing", "same_clothes")
    )
    assert changing.trials == same.trials


def test_single_shots_depend_neither_on_the_order_nor_on_other_draws():
    records = [Record((f"{i:02}.jpg",), pid=i // 5, camid=0) for i in range(20)]
    drawn = draw_single_shots(records, 400, seed=0)
    assert draw_single_shots(records[::-1], 400, seed=0) == drawn
    assert draw_single_shots(records, 400, seed=1) != drawn
    # Each of a person's five images is drawn about 80 times of 400 (standard deviation 8).
    counts = Counter(record for gallery in drawn for record in gallery)
    assert all(48 <= counts[record] <= 112 for record in records)


def test_official_counts_are_the_parts(root):
    statistics = load_dataset("prcc", root).statistics
    assert statistics["query"].records == 3_873 + 3_543
    assert sum(split.records for split in statistics.values()) + 5_002 == 33_698


@pytest.mark.parametrize("missing", ["rgb/train", "rgb/test/C"])
def test_missing_folder(root, missing):
    (root / missing).rename(root / "elsewhere")
    with pytest.raises(DataError) as error:
        load_dataset("prcc", root)
    assert error.value.missing == (missing,)


def test_root_one_level_too_deep(root):
    with pytest.raises(DataError) as error:
        load_dataset("prcc", root / "rgb")
    assert error.value.missing[0] == "rgb/train"


@pytest.mark.parametrize("path", ["rgb/train/002/D_1.jpg", "rgb/train/002/1.jpg"])
def test_malformed_name_is_named(root, write_images, path):
    write_images(root, [path])
    with pytest.raises(DataError, match="grammar") as error:
        load_dataset("prcc", root)
    assert error.value.where == str(root / path)


def test_folder_that_is_no_person(root, write_images):
    write_images(root, ["rgb/test/B/new folder/1.jpg"])
    with pytest.raises(DataError, match="'new folder' is not named by a person's number"):
        load_dataset("prcc", root)
