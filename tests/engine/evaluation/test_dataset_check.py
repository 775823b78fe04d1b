"""The check of a dataset on disk: tree, missing paths, counts, unreadable images, protocols."""

import pytest

from mindreid.data.layouts import Shot
from mindreid.data.records import SplitStatistics
from mindreid.engine.evaluation.dataset_check import check_dataset, format_check
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


def own_images(root, write_images, **lists):
    """Write ``path,…`` lists of images, and the images."""
    lists = {"train": "path,pid,camid\nt1.jpg,0,0\nt2.jpg,0,1\nt3.jpg,1,0\nt4.jpg,1,1", **lists}
    for name, text in lists.items():
        write_images(root, [line.split(",")[0] for line in text.splitlines()[1:]])
        (root / f"{name}.csv").write_text(text, encoding="utf-8")
    return root


def test_a_list_with_one_camera_is_not_usable(tmp_path, write_images):
    query, gallery = "path,pid,camid\nq1.jpg,anna,door", "path,pid,camid\ng1.jpg,anna,door\ng2.jpg,ben,door"
    check = check_dataset("csv_list", own_images(tmp_path, write_images, query=query, gallery=gallery))
    assert not check.ok
    text = format_check(check)
    assert "protocols that can't give a figure:\n  standard: there is only one camera" in text
    assert text.endswith("not usable as it is: no protocol can give a figure")


def test_a_query_whose_person_is_not_in_the_gallery_is_said(tmp_path, write_images):
    query, gallery = "path,pid,camid\nq1.jpg,anna,0\nq2.jpg,ben,0", "path,pid,camid\ng1.jpg,anna,1"
    check = check_dataset("csv_list", own_images(tmp_path, write_images, query=query, gallery=gallery))
    assert check.ok
    text = format_check(check)
    assert "1 of 2 queries count nowhere: 1 whose person is not in the gallery (q2.jpg)" in text
    assert text.endswith("usable with 1 warning")


def test_the_protocols_that_remain_are_named(tmp_path, write_images):
    query, gallery = "path,pid,camid,clothes_id\nq.jpg,1,0,coat", "path,pid,camid,clothes_id\ng.jpg,1,1,coat"
    check = check_dataset("csv_list", own_images(tmp_path, write_images, query=query, gallery=gallery))
    assert not check.ok
    assert list(check.protocols.obstacles) == ["clothes_changing"]
    assert format_check(check).endswith("--set 'evaluation.protocols=[standard, same_clothes]'")


def test_missing_cameras_are_said_where_they_are_missing(tmp_path, write_images):
    lists = {"query": "path,pid\nq.jpg,1", "gallery": "path,pid\ng.jpg,1"}
    without = own_images(tmp_path / "without", write_images, **lists)
    assert "without camid" in format_check(check_dataset("csv_list", without))
    lists = {"query": "path,pid,camid\nq.jpg,1,0", "gallery": "path,pid,camid\ng.jpg,1,1"}
    with_cameras = own_images(tmp_path / "with", write_images, **lists)
    assert "without camid" not in format_check(check_dataset("csv_list", with_cameras))
