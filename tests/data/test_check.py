"""The check of a dataset on disk: tree, missing paths, counts, unreadable images; the summary table."""

import pytest

from mindreid import load_dataset
from mindreid.data.check import check_dataset, format_check
from mindreid.data.layouts import Shot
from mindreid.data.records import Dataset, Record, SplitStatistics
from mindreid.data.summary import compare_counts, format_summary
from mindreid.errors import InvalidArgumentError
from mindreid.zoo import DATASETS

SHOTS = [
    *(Shot("train", pid, camera, 0, 0, 0) for pid in (1, 2) for camera in range(3)),
    *(Shot("query", 3, camera, 0, 0, 0) for camera in range(2)),
    *(Shot("gallery", 3, camera, 0, 0, frame) for camera in range(2) for frame in (1, 2)),
]


@pytest.fixture
def root(tmp_path, write_shots):
    return write_shots("market1501", tmp_path / "market", SHOTS)


def test_usable_dataset(root):
    check = check_dataset("market1501", root, verify_images=True)
    assert check.ok
    assert check.decoded == 6 + 2 + 4 + 6
    text = format_check(check)
    assert DATASETS["market1501"].tree.splitlines()[2] in text
    assert "12,936  differs, found 6" in text
    assert text.splitlines()[-1] == "usable, 18 images decoded; 9 of 9 counts differ from the released set"


def test_counts_as_released(root, monkeypatch):
    official = {"train": SplitStatistics(2, 6, 3), "query": SplitStatistics(1, 2, 2)}
    monkeypatch.setattr("mindreid.data.datasets.market1501.STATISTICS", official)
    text = format_check(check_dataset("market1501", root))
    assert text.count("✓") == 6
    assert text.endswith("usable; all counts as released")


def test_everything_missing_is_listed(root):
    (root / "query").rename(root / "query_old")
    (root / "bounding_box_train").rename(root / "train")
    check = check_dataset("market1501", root)
    assert not check.ok
    assert check.missing == ("bounding_box_train", "query")
    assert "missing:\n  bounding_box_train\n  query\n" in format_check(check)


def test_missing_root(tmp_path):
    check = check_dataset("dukemtmc", tmp_path / "nowhere")
    assert not check.ok
    text = format_check(check)
    assert str(tmp_path / "nowhere") in text
    assert "withdrawn" in text
    assert text.endswith("not usable")


def test_malformed_name(root, write_images):
    write_images(root, ["query/me.jpg"])
    check = check_dataset("market1501", root)
    assert "me.jpg" in check.problem


@pytest.mark.parametrize("where", ["bounding_box_train", "query", "bounding_box_test", "gt_bbox"])
def test_unreadable_images_are_listed(root, where):
    damaged = sorted((root / where).iterdir())[1]
    damaged.write_bytes(damaged.read_bytes()[:200])
    check = check_dataset("market1501", root, verify_images=True)
    assert not check.ok
    assert len(check.unreadable) == 1
    assert str(damaged) in check.unreadable[0]
    assert str(damaged) in format_check(check)
    assert check_dataset("market1501", root).ok


def test_options_reach_the_loader(tmp_path, write_shots):
    root = write_shots("msmt17", tmp_path / "msmt", SHOTS)
    assert "trained on train\n" not in format_check(check_dataset("msmt17", root))
    assert "V1, trained on train)" in format_check(check_dataset("msmt17", root, train="train"))
    with pytest.raises(InvalidArgumentError, match="no option 'split'"):
        check_dataset("msmt17", root, split="train")
    with pytest.raises(InvalidArgumentError, match="did you mean 'msmt17'"):
        check_dataset("msmt", root)


def test_hearsay_is_marked():
    records = (Record(("x.jpg",), 0, 0),)
    official = {"query": SplitStatistics(3_060, 1, approximate=("persons",))}
    dataset = Dataset("toy", None, records, records, records, {}, official)
    persons, images = compare_counts(dataset)
    assert str(persons) == "query persons 1 instead of about 3,060"
    assert images.agrees


def test_summary_table(root):
    lines = format_summary(load_dataset("market1501", root)).splitlines()
    assert [line.split() for line in lines[1:6]] == [
        ["split", "persons", "images", "cameras", "outfits"],
        ["train", "2", "6", "3", "-"],
        ["query", "1", "2", "2", "-"],
        ["gallery", "1", "4", "2", "-"],
        ["query", "pool", "1", "6", "2", "-"],
    ]
    assert lines[6] == "protocols: standard (junk rule standard), multiple_query (junk rule standard)"


def test_summary_table_counts_tracklets_and_outfits():
    tracklets = tuple(Record(("a.jpg", "b.jpg"), pid, 0, clothes_id=pid) for pid in (0, 1))
    text = format_summary(Dataset("toy", None, tracklets, tracklets, tracklets, {}))
    assert [line.split() for line in text.splitlines()[1:3]] == [
        ["split", "persons", "tracklets", "cameras", "outfits"],
        ["train", "2", "2", "1", "2"],
    ]
