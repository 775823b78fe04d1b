"""What is embedded of a folder or a list, what is left out, and that either is said."""

import os
import socket

import pytest
from PIL import Image

from mindreid.engine.deployment.input_listing import SUFFIXES, list_inputs
from mindreid.errors import DataError

ODD = [b"\xf1.png", "数据.png".encode(), b'comma, "quote".png', b"new\nline.png", b"l" * 250 + b".png"]


def names(folder, *arguments):
    return [os.fsencode(path.relative_to(folder)) for path in list_inputs(folder, *arguments)]


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"not read here")
    return path


def test_every_ending_in_any_case(photos):
    for suffix in SUFFIXES["image"]:
        put(photos / f"a{suffix}")
        put(photos / f"b{suffix.upper()}")
    assert len(list_inputs(photos)) == 2 * len(SUFFIXES["image"])
    assert {".tif", ".tiff", ".jfif", ".webp", ".bmp", ".gif", ".jpe"} <= set(SUFFIXES["image"])


def test_what_is_left_out_is_counted_and_named(photos, caplog):
    put(photos / "folder.jpg" / "a.jpg")
    for name in (".DS_Store", "._a.jpg", "1.txt", "2.mp4", "3", "4.csv", "5.x", "6.y", "h.HEIC", "p.pdf"):
        put(photos / name)
    put(photos / ".thumbnails" / "a.jpg")
    os.mkfifo(photos / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as holder:
        holder.bind(os.path.relpath(photos / "socket.png"))
    assert names(photos) == [b"folder.jpg/a.jpg"]
    assert "left out 8 files that are no images: 1.txt, 2.mp4, 3, 4.csv, 5.x, …" in caplog.text
    assert "left out 3 hidden files or folders: .DS_Store, ._a.jpg, .thumbnails" in caplog.text
    assert "left out 2 files to be saved as JPEG or PNG first: h.HEIC, p.pdf" in caplog.text


def test_links_are_followed_and_nothing_is_listed_twice(photos, tmp_path, caplog):
    put(photos / "z" / "inside.jpg")
    put(tmp_path / "elsewhere" / "deep" / "outside.jpg")
    put(tmp_path / "alone.jpg")
    links = {
        "a": photos / "z", "b.jpg": photos / "z" / "inside.jpg", "z/loop": photos, "self": photos / "self",
        "above": tmp_path, "also": tmp_path / "elsewhere", "c.jpg": tmp_path / "alone.jpg",
        "d.jpg": tmp_path / "no",
    }  # fmt: skip
    for name, target in links.items():
        (photos / name).symlink_to(target)
    assert names(photos) == [b"above/alone.jpg", b"above/elsewhere/deep/outside.jpg", b"z/inside.jpg"]
    assert "left out 5 links to what is there already: a, also, b.jpg, c.jpg, z/loop" in caplog.text
    assert "left out 2 links that lead nowhere: d.jpg, self" in caplog.text
    (tmp_path / "way").symlink_to(photos)
    assert len(list_inputs(tmp_path / "way")) == 3


@pytest.mark.parametrize("name", ODD)
def test_names_of_any_bytes(photos, name):
    put(photos / os.fsdecode(name))
    assert names(photos) == [name]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lists(photos, encoding, end):
    for name in ("数据/0.jpg", "b.jpg", "#1.jpg", " odd .jpg", "'q'.jpg"):
        put(photos / name)
    lines = [
        "# a comment",
        "b.jpg",
        "",
        "数据\\0.jpg",
        '"b.jpg"',
        "  b.jpg ",
        "#1.jpg",
        " odd .jpg",
        "'q'.jpg",
    ]
    (photos / "list.txt").write_bytes(end.join(lines).encode(encoding))
    expected = ["b.jpg", "数据/0.jpg", "b.jpg", "b.jpg", "#1.jpg", " odd .jpg", "'q'.jpg"]
    assert list_inputs(photos / "list.txt") == [photos / name for name in expected]


def test_a_list_of_bytes_is_right_if_all_is_there(photos):
    put(photos / os.fsdecode(b"\xf1.jpg"))
    (photos / "list.txt").write_bytes(b"\xf1.jpg\n")
    assert names(photos)
    assert [os.fsencode(path.name) for path in list_inputs(photos / "list.txt")] == [b"\xf1.jpg"]
    (photos / "list.txt").write_bytes("ñandú.jpg\n".encode("latin-1"))
    with pytest.raises(DataError, match="save it as UTF-8"):
        list_inputs(photos / "list.txt")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("missing.jpg", "No such file"),
        ("folder.jpg", "a folder"),
        ("pipe.jpg", "a named pipe"),
        ("n" * 5000 + ".jpg", "too long"),
        ("C:\\photos\\a.jpg", "one of Windows"),
        ("a.jpg,1,2", "No such file"),
    ],
)
def test_a_line_that_names_no_file_is_an_error_or_skipped(photos, line, reason):
    put(photos / "a.jpg")
    (photos / "folder.jpg").mkdir()
    os.mkfifo(photos / "pipe.jpg")
    (photos / "list.txt").write_text(f"a.jpg\n{line}\n")
    with pytest.raises(DataError, match=reason) as caught:
        list_inputs(photos / "list.txt")
    assert "line 2 of" in str(caught.value)
    assert "--skip-unreadable" in str(caught.value)
    unreadable = []
    assert list_inputs(photos / "list.txt", "image", unreadable) == [photos / "a.jpg"]
    assert [reason in item.reason for item in unreadable] == [True]


@pytest.mark.skipif(os.getuid() == 0, reason="everything is permitted to root")
def test_a_folder_without_permission(photos):
    put(photos / "a.jpg")
    (photos / "closed").mkdir(mode=0)
    with pytest.raises(DataError, match="Permission denied"):
        list_inputs(photos)
    unreadable = []
    assert len(list_inputs(photos, "image", unreadable)) == 1
    assert unreadable[0].path == photos / "closed"


def test_one_image_is_an_input(photos):
    Image.new("RGB", (4, 4)).save(photos / "a.png")
    assert list_inputs(photos / "a.png") == [photos / "a.png"]
