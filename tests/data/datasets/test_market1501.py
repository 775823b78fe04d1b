"""Market-1501: names, junk, distractors, multiple query, and what is wrong with a tree."""

import logging
from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.data.records import SplitStatistics
from mindreid.errors import DataError, InvalidArgumentError

TRAIN = ["0022_c4s2_000300_01.jpg", "0007_c1s1_000100_02.jpg", "0007_c6s3_000010_01.JPG"]
QUERY = ["0100_c1s1_000001_00.jpg", "0100_c2s1_000001_00.jpg", "0200_c2s1_000050_00.jpg"]
GALLERY = [
    "0100_c1s1_000009_01.jpg",
    "0100_c3s5_123456_07.jpg",
    "0200_c5s1_000002_01.jpg",
    "0000_c4s2_000002_01.jpg",
    "-1_c6s1_000003_01.jpg",
    "-1_c1s1_000003_02.jpg",
]
#: A data root whose own name looks like parts of the grammar.
ROOT = Path("exp_12_c3", "query", "9999_c5s1_000001_01.jpg")


@pytest.fixture
def root(tmp_path, write_images):
    root = tmp_path / ROOT
    write_images(root, [f"bounding_box_train/{name}" for name in TRAIN])
    write_images(root, [f"query/{name}" for name in QUERY])
    write_images(root, [f"bounding_box_test/{name}" for name in GALLERY])
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        (root / folder / "Thumbs.db").write_bytes(b"not an image")
        (root / folder / "._0007_c1s1_000100_02.jpg").write_bytes(b"resource fork")
        write_images(root, [f"{folder}/cache/9998_c1s1_000001_01.jpg"])
    return root


def summarize(records):
    return [(Path(record.path).name, record.pid, record.camid) for record in records]


def test_numbers_of_more_than_64_bits_are_refused(root, write_images):
    write_images(
        root, [f"bounding_box_train/{'9' * 30}_c1s1_000001_01.jpg", f"query/{2**63 - 1}_c1s1_000001_01.jpg"]
    )
    dataset = load_dataset("market1501", root)
    assert dataset.num_train_pids == 3
    assert dataset.query[-1].pid == 2**63 - 1
    write_images(root, [f"bounding_box_test/{2**63}_c1s1_000001_01.jpg"])
    with pytest.raises(
        DataError, match=f"the person's number {2**63} does not fit into 64 bits.*csv_list"
    ) as error:
        load_dataset("market1501", root)
    assert Path(error.value.where).name == f"{2**63}_c1s1_000001_01.jpg"


def test_splits(root):
    dataset = load_dataset("market1501", str(root))
    assert summarize(dataset.train) == [
        ("0007_c1s1_000100_02.jpg", 0, 0),
        ("0007_c6s3_000010_01.JPG", 0, 5),
        ("0022_c4s2_000300_01.jpg", 1, 3),
    ]
    assert summarize(dataset.query) == [
        ("0100_c1s1_000001_00.jpg", 100, 0),
        ("0100_c2s1_000001_00.jpg", 100, 1),
        ("0200_c2s1_000050_00.jpg", 200, 1),
    ]
    assert summarize(dataset.gallery) == [
        ("0000_c4s2_000002_01.jpg", 0, 3),
        ("0100_c1s1_000009_01.jpg", 100, 0),
        ("0100_c3s5_123456_07.jpg", 100, 2),
        ("0200_c5s1_000002_01.jpg", 200, 4),
    ]
    assert all(Path(record.path).is_file() for record in dataset.train + dataset.query + dataset.gallery)
    assert {record.clothes_id for record in dataset.train} == {None}


def test_single_query_is_the_only_protocol_without_gt_bbox(root):
    dataset = load_dataset("market1501", root)
    assert list(dataset.protocols) == ["standard"]
    protocol = dataset.protocols["standard"]
    assert (protocol.rule, protocol.query_pool) == ("standard", ())
    assert (protocol.query, protocol.gallery) == (dataset.query, dataset.gallery)


def test_query_pool_holds_the_hand_drawn_boxes_of_queried_persons_and_cameras(root, write_images):
    own = [*QUERY, "0100_c1s1_000044_00.jpg", "0100_c1s2_000001_00.jpg"]
    others = ["0100_c3s1_000001_00.jpg", "0200_c1s1_000001_00.jpg", "0007_c1s1_000100_00.jpg"]
    write_images(root, [f"gt_bbox/{name}" for name in own + others])
    dataset = load_dataset("market1501", root)
    protocol = dataset.protocols["multiple_query"]
    assert next(iter(dataset.protocols)) == "standard"
    assert [Path(record.path).name for record in protocol.query_pool] == sorted(own)
    assert {Path(record.path).parent.name for record in protocol.query_pool} == {"gt_bbox"}
    assert (protocol.query, protocol.gallery) == (dataset.query, dataset.gallery)


def test_gt_bbox_that_lacks_a_query_gives_a_warning_and_no_protocol(root, write_images, caplog):
    write_images(root, [f"gt_bbox/{name}" for name in QUERY[:-1]])
    dataset = load_dataset("market1501", root)
    assert list(dataset.protocols) == ["standard"]
    assert "person 200 in camera 2" in caplog.text


def test_500k_distractors_join_the_gallery_as_nobody(root, write_images):
    write_images(root, ["images/0001.jpg", "images/0000_c1s1_000001_00.jpg"])
    plain = load_dataset("market1501", root)
    full = load_dataset("market1501", root, distractors_500k=True)
    assert full.gallery[: len(plain.gallery)] == plain.gallery
    assert [record.pid for record in full.gallery[len(plain.gallery) :]] == [0, 0]
    assert full.statistics["gallery"].records is None
    assert plain.statistics["gallery"] == SplitStatistics(751, 15_913, 6)
    assert "distractors" in full.variant


def test_500k_distractors_must_be_there(root):
    with pytest.raises(DataError, match="images"):
        load_dataset("market1501", root, distractors_500k=True)


def test_difference_from_the_official_counts_is_one_warning(root, caplog):
    with caplog.at_level(logging.WARNING):
        load_dataset("market1501", root)
    (warning,) = caplog.records
    assert "train records 3 instead of 12,936" in warning.getMessage()


def test_missing_root(tmp_path):
    with pytest.raises(DataError, match="folder is not there") as error:
        load_dataset("market1501", tmp_path / "nowhere")
    assert error.value.where == str(tmp_path / "nowhere")
    assert "bounding_box_train/" in error.value.fix


def test_wrong_layout_names_the_first_missing_path_and_shows_the_tree(root):
    for folder in ("query", "bounding_box_test"):
        (root / folder).rename(root / f"{folder}_old")
    with pytest.raises(DataError, match="and 1 more") as error:
        load_dataset("market1501", root)
    assert error.value.where == str(root / "query")
    assert error.value.missing == ("query", "bounding_box_test")
    assert "bounding_box_test/" in error.value.fix


def test_parent_of_the_root_is_recognised(root):
    with pytest.raises(DataError) as error:
        load_dataset("market1501", root.parent)
    assert f"pass {root};" in error.value.fix


def test_file_in_place_of_a_folder(root):
    (root / "query").rename(root / "query_old")
    (root / "query").write_text("")
    with pytest.raises(DataError, match="cannot list"):
        load_dataset("market1501", root)


def test_folder_without_images(root):
    for name in QUERY:
        (root / "query" / name).unlink()
    with pytest.raises(DataError, match=r"no \.jpg image") as error:
        load_dataset("market1501", root)
    assert error.value.where == str(root / "query")


def test_split_of_junk_only(root, write_images):
    for name in QUERY:
        (root / "query" / name).unlink()
    write_images(root, ["query/-1_c1s1_000001_01.jpg"])
    with pytest.raises(DataError, match="query split of 'market1501' is empty"):
        load_dataset("market1501", root)


@pytest.mark.parametrize("name", ["0007.jpg", "0007_c0s1_000001_01.jpg", "x0007_c1s1_000001_01.jpg"])
def test_malformed_name_is_named(root, write_images, name):
    write_images(root, [f"bounding_box_train/{name}"])
    with pytest.raises(DataError) as error:
        load_dataset("market1501", root)
    assert error.value.where == str(root / "bounding_box_train" / name)


def test_unknown_option(root):
    with pytest.raises(InvalidArgumentError, match="did you mean 'distractors_500k'"):
        load_dataset("market1501", root, distractors=True)
