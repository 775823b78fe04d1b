"""CCVID: lists of tracklets, cameras by session, outfits of a person, frames in order."""

from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.errors import DataError

TRAIN = [
    ("session1/007_01", "007", "u0_l0_s0_c0_a0"),
    ("session3/007_12", "007", "u1_l0_s0_c0_a0"),
    ("session2/002_10", "002", "u0_l0_s0_c0_a0"),
]
QUERY = [("session1/150_03", "150", "u0_l0_s0_c0_a0"), ("session2/150_03", "150", "u0_l0_s0_c1_a0")]
GALLERY = [
    ("session3/150_03", "150", "u0_l0_s0_c0_a0"),
    ("session1/200_02", "200", "u0_l0_s0_c0_a0"),
    ("session1/150_04", "150", "u0_l0_s0_c1_a0"),
]
FRAMES = 3


@pytest.fixture
def root(tmp_path, write_images):
    # A reference loader takes what follows the first underscore of the path for the camera.
    root = tmp_path / "my_05_session3" / "CCVID"
    for name, lines in (("train", TRAIN), ("query", QUERY), ("gallery", GALLERY)):
        write_images(root, [f"{folder}/{frame:05d}.jpg" for folder, *_ in lines for frame in (10, 9, 100)])
        (root / f"{name}.txt").write_text("".join("\t".join(line) + "\n" for line in lines))
    (root / "session1/007_01/Thumbs.db").write_bytes(b"not an image")
    return root


def summarize(records):
    return [(Path(r.path).parent.name, r.pid, r.camid, r.clothes_id, len(r.paths)) for r in records]


def test_splits(root):
    dataset = load_dataset("ccvid", str(root))
    assert summarize(dataset.train) == [
        ("007_01", 1, 0, 1, FRAMES),
        ("007_12", 1, 23, 2, FRAMES),
        ("002_10", 0, 9, 0, FRAMES),
    ]
    assert summarize(dataset.query) == [("150_03", 150, 2, 0, FRAMES), ("150_03", 150, 2, 1, FRAMES)]
    assert summarize(dataset.gallery) == [
        ("150_03", 150, 14, 0, FRAMES),
        ("200_02", 200, 1, 2, FRAMES),
        ("150_04", 150, 3, 1, FRAMES),
    ]
    for record in dataset.train + dataset.query + dataset.gallery:
        assert [Path(path).name for path in record.paths] == ["00009.jpg", "00010.jpg", "00100.jpg"]
        assert all(Path(path).is_file() for path in record.paths)


def test_frames_without_leading_zeros_are_in_order(root, write_images):
    for path in (root / "session1/007_01").iterdir():
        path.unlink()
    write_images(root, [f"session1/007_01/{frame}.jpg" for frame in range(1, 13)])
    names = [Path(path).name for path in load_dataset("ccvid", root).train[0].paths]
    assert names == [f"{frame}.jpg" for frame in range(1, 13)]


def test_protocols_share_their_lists(root):
    dataset = load_dataset("ccvid", root)
    assert {name: protocol.rule for name, protocol in dataset.protocols.items()} == {
        "standard": "standard",
        "clothes_changing": "clothes_changing",
        "same_clothes": "same_clothes",
    }


def test_official_counts_add_up_to_the_release(root):
    statistics = load_dataset("ccvid", root).statistics
    assert sum(split.records for split in statistics.values()) == 2_856 == 1_764 + 948 + 144


@pytest.mark.parametrize(
    "line",
    [
        "session1/007_01\t007",
        "session1/007_01\t007\tu0 l0",
        "session1/007_01\tx\tu0",
        "session1/007\t007\tu0",
        "../session1/007_01\t007\tu0",
    ],
)
def test_malformed_line_is_named_by_file_and_number(root, line):
    file = root / "query.txt"
    file.write_text(f"{file.read_text()}\n{line}\n")
    with pytest.raises(DataError, match="is not a tracklet's folder") as error:
        load_dataset("ccvid", root)
    assert error.value.where == f"{file}:4"


def test_listed_tracklet_that_is_not_there(root):
    (root / "session2/002_10").rename(root / "elsewhere")
    with pytest.raises(DataError, match="cannot list the folder") as error:
        load_dataset("ccvid", root)
    assert error.value.where == str(root / "session2/002_10")


def test_tracklet_without_frames(root):
    for path in (root / "session1/150_04").iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"no \.jpg image"):
        load_dataset("ccvid", root)


def test_missing_list(root):
    (root / "gallery.txt").unlink()
    with pytest.raises(DataError) as error:
        load_dataset("ccvid", root)
    assert error.value.missing == ("gallery.txt",)
