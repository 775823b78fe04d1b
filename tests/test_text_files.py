"""Text files in the encodings that users' programs write."""

from __future__ import annotations

import codecs
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mindreid import text_files
from mindreid.errors import DataError
from mindreid.text_files import read_text_file

TEXT = "frame,id\n1,señor 数据\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_marked_encodings_and_all_line_ends_are_read(tmp_path, encoding, ending):
    path = tmp_path / "list.csv"
    path.write_bytes(TEXT.replace("\n", ending).encode(encoding))
    assert read_text_file(path) == TEXT
    assert read_text_file(str(path)) == TEXT


def test_big_endian_utf_16_is_read(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"))
    assert read_text_file(path) == TEXT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a\nseñor\n".encode("latin-1"),
            r"byte 0xF1 is perhaps Latin-1 or Windows-1252: .*list\.csv:2\. Fix",
        ),
        ("señor\n".encode("utf-16-le"), r"no text"),
        ("plain\n".encode("utf-16-le"), r"UTF-16 without a byte order mark"),
        (b"\x00\x00\x00\x18ftypmp42\xff\xfe", r"no text"),
        (codecs.BOM_UTF16_LE + b"abc", r"damaged UTF-16"),
        (codecs.BOM_UTF8 + b"\xff", r"damaged UTF-8"),
    ],
)
def test_other_encodings_are_refused_by_name(tmp_path, content, message):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_text_file(path)


def test_what_is_no_file_is_one_error(tmp_path):
    with pytest.raises(DataError, match=r"No such file.*: .*nothing"):
        read_text_file(tmp_path / "nothing")
    with pytest.raises(DataError, match="Is a directory"):
        read_text_file(tmp_path)
    with pytest.raises(DataError, match="null"):
        read_text_file("a\0b")


def test_a_file_too_large_for_a_list_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "_LARGEST", 1 << 20)
    with (tmp_path / "video.avi").open("wb") as stream:
        os.truncate(stream.fileno(), 2 << 20)
    with pytest.raises(DataError, match="more than 1 MiB"):
        read_text_file(tmp_path / "video.avi")


@given(st.binary(max_size=40))
def test_any_bytes_are_text_or_one_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "list.csv"
    path.write_bytes(content)
    try:
        text = read_text_file(path)
    except DataError:
        return
    assert "\r" not in text
    assert "\0" not in text
