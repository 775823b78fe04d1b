"""MSMT17: lists, versions by content, what is trained on, and damaged lists."""

from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.errors import DataError, InvalidArgumentError

FOLDERS = {"V1": ("train", "test"), "V2": ("mask_train_v2", "mask_test_v2")}
LISTS = {
    "train": [("0003/0003_001_15_0303morning_0020_0.jpg", 3), ("0000/0000_000_01_0303morning_0015_0.jpg", 0)],
    "val": [("0003/0003_002_02_0114afternoon_0020_1.jpg", 3)],
    "query": [("0000/0000_003_07_0303noon_0015_0.jpg", 0)],
    "gallery": [("0001/0001_000_12_0303noon_0015_0.jpg", 1), ("0000/0000_004_14_0303noon_0015_2.jpg", 0)],
}


@pytest.fixture(params=["V1", "V2"])
def version(request):
    return request.param


@pytest.fixture
def root(tmp_path, write_images, version):
    root = tmp_path / f"a_b_09_query_MSMT17_{version}"
    for name, lines in LISTS.items():
        folder = FOLDERS[version][name in ("query", "gallery")]
        write_images(root, [f"{folder}/{path}" for path, _ in lines])
        (root / f"list_{name}.txt").write_text("".join(f"{path} {pid}\n" for path, pid in lines))
    write_images(root, [f"{FOLDERS[version][0]}/0009/0009_000_01_0303morning_0015_0.jpg"])
    return root


def summarize(records):
    return [(Path(record.path).name[:11], record.pid, record.camid) for record in records]


def test_train_and_val(root, version):
    dataset = load_dataset("msmt17", root, train="train+val")
    assert summarize(dataset.train) == [("0003_001_15", 1, 14), ("0000_000_01", 0, 0), ("0003_002_02", 1, 1)]
    assert summarize(dataset.query) == [("0000_003_07", 0, 6)]
    assert summarize(dataset.gallery) == [("0001_000_12", 1, 11), ("0000_004_14", 0, 13)]
    assert dataset.variant == f"{version}, trained on train+val"
    assert dataset.statistics["train"].records == 32_621
    assert all(Path(r.path).is_file() for r in dataset.train + dataset.query + dataset.gallery)


def test_train_alone(root, version):
    dataset = load_dataset("msmt17", root, train="train")
    assert summarize(dataset.train) == [("0003_001_15", 1, 14), ("0000_000_01", 0, 0)]
    assert dataset.variant == f"{version}, trained on train"
    assert dataset.statistics["train"].records == 30_248


def test_the_default_is_what_papers_train_on(root):
    assert load_dataset("msmt17", root) == load_dataset("msmt17", root, train="train+val")


def test_unknown_choice(root):
    with pytest.raises(InvalidArgumentError, match="'train', 'train\\+val'"):
        load_dataset("msmt17", root, train="val")


@pytest.mark.parametrize(
    "line", ["0003/0003_001_15_0303morning_0020_0.jpg", "3", "0003/a.jpg x", "0003/a.jpg -1"]
)
def test_malformed_line_is_named_by_file_and_number(root, line):
    file = root / "list_query.txt"
    file.write_text(f"{file.read_text()}\n{line}\n")
    with pytest.raises(DataError) as error:
        load_dataset("msmt17", root)
    assert error.value.where == f"{file}:3"


def test_name_without_camera_is_named_by_file_and_number(root):
    (root / "list_val.txt").write_text("0003/0003_001_0303morning.jpg 3\n")
    with pytest.raises(DataError, match=r"0003_001_0303morning\.jpg") as error:
        load_dataset("msmt17", root)
    assert error.value.where == f"{root / 'list_val.txt'}:1"


def test_listed_image_that_is_not_there(root, version):
    path = LISTS["gallery"][1][0]
    (root / FOLDERS[version][1] / path).unlink()
    with pytest.raises(DataError, match=path) as error:
        load_dataset("msmt17", root)
    assert error.value.where == f"{root / 'list_gallery.txt'}:2"


def test_list_that_is_no_text(root):
    (root / "list_query.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    with pytest.raises(DataError, match="this is no text"):
        load_dataset("msmt17", root)


def test_empty_list(root):
    (root / "list_query.txt").write_text("\n")
    with pytest.raises(DataError, match="query split of 'msmt17' is empty"):
        load_dataset("msmt17", root)


def test_missing_list(root):
    (root / "list_val.txt").unlink()
    with pytest.raises(DataError) as error:
        load_dataset("msmt17", root)
    assert error.value.missing == ("list_val.txt",)


def test_missing_image_folder_of_the_version_that_is_there(root, version):
    (root / FOLDERS[version][0]).rename(root / "elsewhere")
    with pytest.raises(DataError) as error:
        load_dataset("msmt17", root)
    assert error.value.missing == (FOLDERS[version][0],)
