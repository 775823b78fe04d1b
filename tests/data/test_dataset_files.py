"""A dataset's folder: what is wrong with it is one error, whatever it is."""

from __future__ import annotations

import pytest

from mindreid import load_dataset
from mindreid.data.dataset_files import (
    ListedFiles,
    list_frames,
    list_images,
    list_persons,
    read_lines,
    require,
)
from mindreid.errors import DataError


@pytest.mark.parametrize("name", ["market1501", "ltcc", "cuhk03", "csv_list", "casia_b", "gait_pickles"])
@pytest.mark.parametrize("root", ["x" * 300, "nul\0", "~nobody-of-this-name/data", "archive.zip", "loop"])
def test_a_root_that_is_no_folder(name, root, tmp_path):
    (tmp_path / "archive.zip").write_bytes(b"PK")
    (tmp_path / "loop").symlink_to("loop")
    expected = "this is a file, not the folder" if root == "archive.zip" else "the dataset's folder"
    with pytest.raises(DataError, match=expected):
        load_dataset(name, root)


def test_a_link_that_leads_nowhere_is_not_left_out(tmp_path, write_images):
    write_images(tmp_path, ["a.jpg", "b.jpg"])
    (tmp_path / "c.jpg").symlink_to("b.jpg")
    assert list_images(tmp_path) == ["a.jpg", "b.jpg", "c.jpg"]
    (tmp_path / "b.jpg").unlink()
    with pytest.raises(DataError, match="leads nowhere") as error:
        list_images(tmp_path)
    assert error.value.where == str(tmp_path / "c.jpg")
    files = ListedFiles(tmp_path)
    assert "a.jpg" in files
    assert "c.jpg" not in files


def test_frames_are_ordered_by_the_numbers_in_their_names(tmp_path, write_images):
    ordered = ["1.jpg", "2.jpg", "010.jpg", "10.jpg", "a1_9.jpg", "a1_10.jpg", "a2_1.jpg", "b.jpg"]
    write_images(tmp_path, ordered)
    assert list_frames(tmp_path) == ordered
    assert list_images(tmp_path) == sorted(ordered)


def test_two_persons_of_one_number_are_refused(tmp_path):
    for name in ("10", "2", "07"):
        (tmp_path / name).mkdir()
    assert list_persons(tmp_path) == [(2, tmp_path / "2"), (7, tmp_path / "07"), (10, tmp_path / "10")]
    (tmp_path / "7").mkdir()
    with pytest.raises(DataError, match="'07' and '7' are of the same person's number"):
        list_persons(tmp_path)


def test_lines_are_counted_as_an_editor_does(tmp_path):
    (tmp_path / "list.txt").write_bytes("one\x0bstill one\u2028and on\r\n\r\n two \rthree".encode())
    lines = read_lines(tmp_path / "list.txt")
    assert [where.rpartition(":")[2] for _, where in lines] == ["1", "3", "4"]
    assert [line for line, _ in lines][1:] == ["two", "three"]


def test_what_is_required_is_named(tmp_path):
    with pytest.raises(DataError) as error:
        require(tmp_path, "the tree", ["a", "b"])
    assert error.value.missing == ("a", "b")
    assert "the tree" in error.value.fix
