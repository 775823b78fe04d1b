"""CSV lists: optional columns, one vocabulary of outfits per side, and damaged lists."""

from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.errors import DataError

TRAIN = ["a.jpg,7,2,coat", "sub/b.jpg,7,0,shirt", "c.jpg,4,0,coat"]
QUERY = ["q1.jpg,4,0,coat", "q2.jpg,9,1,coat"]
GALLERY = ["g1.jpg,9,0,coat", "g2.jpg,4,1,dress", "g3.jpg,11,1,dress"]
HEADER = "path,pid,camid,clothes_id"


@pytest.fixture
def write(tmp_path, write_images):
    """Write the lists with the first ``columns`` columns, and the images that they list."""

    def write(columns=4, **replaced):
        lists = {"train": TRAIN, "query": QUERY, "gallery": GALLERY}
        for name, lines in lists.items():
            write_images(tmp_path, [line.split(",")[0] for line in lines])
            lines = [",".join(line.split(",")[:columns]) for line in (HEADER, *lines)]
            text = "\n".join(replaced.get(name, lines)) + "\n"
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def summarize(records):
    return [(Path(record.path).name, record.pid, record.camid, record.clothes_id) for record in records]


def test_all_columns(write):
    root = write()
    dataset = load_dataset("csv_list", root)
    assert summarize(dataset.train) == [("a.jpg", 1, 2, 1), ("b.jpg", 1, 0, 2), ("c.jpg", 0, 0, 0)]
    assert summarize(dataset.query) == [("q1.jpg", 4, 0, 0), ("q2.jpg", 9, 1, 2)]
    assert summarize(dataset.gallery) == [("g1.jpg", 9, 0, 2), ("g2.jpg", 4, 1, 1), ("g3.jpg", 11, 1, 3)]
    assert dataset.train[1].path == str(root / "sub" / "b.jpg")
    assert {name: p.rule for name, p in dataset.protocols.items()} == {
        "standard": "standard",
        "clothes_changing": "clothes_changing",
        "same_clothes": "same_clothes",
    }
    assert (dataset.num_train_pids, dataset.num_train_clothes) == (2, 3)


def test_without_clothes(write):
    dataset = load_dataset("csv_list", write(columns=3))
    assert {record.clothes_id for record in dataset.train + dataset.query + dataset.gallery} == {None}
    assert list(dataset.protocols) == ["standard"]


def test_without_cameras_nothing_is_junk_and_that_is_said(write):
    dataset = load_dataset("csv_list", write(columns=2))
    cameras = [record.camid for record in dataset.query + dataset.gallery]
    assert len(set(cameras)) == len(cameras)
    assert "nothing is junk" in dataset.variant


def test_query_and_gallery_with_different_columns(write):
    root = write(gallery=["path,pid", "g1.jpg,9"])
    with pytest.raises(DataError, match="same columns"):
        load_dataset("csv_list", root)


def test_columns_in_another_order_quoted_paths_and_byte_order_mark(write, write_images):
    root = write(columns=2, query=["\ufeffpid,path", '4,"my query, first.jpg"', ""])
    write_images(root, ["my query, first.jpg"])
    assert summarize(load_dataset("csv_list", root).query)[0][:2] == ("my query, first.jpg", 4)


def test_other_list_names_and_absolute_paths(write, tmp_path):
    root = write()
    (root / "lists").mkdir()
    (root / "lists" / "mine.csv").write_text(f"path,pid\n{tmp_path / 'a.jpg'},1\n")
    dataset = load_dataset("csv_list", root, train="lists/mine.csv")
    assert dataset.train[0].path == str(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("q1.jpg,four,0,coat", "pid is an integer"),
        ("q1.jpg,-1,0,coat", "pid is an integer"),
        ("q1.jpg,4,1.0,coat", "camid is an integer"),
        ("q1.jpg,4", "one value for each column"),
        ("q1.jpg,4,0,", "one value for each column"),
        ("q1.jpg,4,0,coat,red", "one value for each column"),
        ("nowhere.jpg,4,0,coat", "nowhere.jpg"),
    ],
)
def test_malformed_line_is_named_by_file_and_number(write, line, message):
    root = write(query=[HEADER, *QUERY, line])
    with pytest.raises(DataError, match=message) as error:
        load_dataset("csv_list", root)
    assert error.value.where == f"{root / 'query.csv'}:4"


def test_misspelt_column_is_refused(write):
    root = write(query=["path,pid,camId,clothes_id", *QUERY])
    with pytest.raises(DataError, match="did you mean 'camid'"):
        load_dataset("csv_list", root)


@pytest.mark.parametrize("content", [[], ["path"], ["pid,camid"]])
def test_missing_column(write, content):
    with pytest.raises(DataError, match="is missing"):
        load_dataset("csv_list", write(train=content))


def test_list_without_lines(write):
    with pytest.raises(DataError, match="gallery split of 'csv_list' is empty"):
        load_dataset("csv_list", write(gallery=[HEADER]))


def test_missing_list(write):
    root = write()
    (root / "gallery.csv").unlink()
    with pytest.raises(DataError) as error:
        load_dataset("csv_list", root)
    assert error.value.missing == ("gallery.csv",)
