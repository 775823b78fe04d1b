"""Tiles show the right frame of whatever a record is; a file that cannot be read is one clear error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mindreid.cli import main
from mindreid.data.formats.pickles import write_array
from mindreid.data.records import Record
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.report.pictures.tiles import caption, evenly_spaced, record_tile, stack_rows, write_sheet
from tests.slow_cases import quick_only

HEIGHT, WIDTH = 32, 16


def save_grey(path, level, size=(8, 16)):
    Image.new("RGB", size, (level,) * 3).save(path)
    return str(path)


def test_a_tracklet_is_shown_by_its_middle_frame(tmp_path):
    paths = tuple(save_grey(tmp_path / f"{level}.png", level) for level in (10, 20, 30))
    tile = record_tile(Record(paths, 1, 0), HEIGHT, WIDTH)
    assert (tile.shape, tile.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    assert (tile == 20).all()
    assert (record_tile(Record(paths[:1], 1, 0), HEIGHT, WIDTH) == 10).all()


def test_a_picture_that_lies_on_its_side_is_shown_upright(tmp_path):
    """Which the EXIF header tells: 6 means that the stored top is the right side."""
    image = Image.new("RGB", (40, 20), "white")
    image.paste("black", (0, 0, 40, 10))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "x.png", exif=exif)
    tile = record_tile(Record((str(tmp_path / "x.png"),), 1, 0), HEIGHT, WIDTH)
    assert tile[:, : WIDTH // 2].min() == 255
    assert tile[:, WIDTH // 2 :].max() == 0


def test_a_gait_sequence_is_shown_by_its_middle_silhouette_which_keeps_its_shape(tmp_path):
    frames = np.zeros((5, 64, 64), np.uint8)
    frames[2] = 200
    write_array(tmp_path / "x.pkl", frames)
    tile = record_tile(Record((str(tmp_path / "x.pkl"),), 1, 0), HEIGHT, WIDTH)
    # A square in a tile of twice its height: black above and below.
    assert (tile[8:24] == 200).all()
    assert tile[:8].max() == tile[24:].max() == 0


def test_colour_frames_in_one_file_are_shown_in_their_colours(tmp_path):
    frames = np.zeros((3, 3, 10, 7), np.uint8)
    frames[1] = np.array([200, 100, 50])[:, None, None]
    write_array(tmp_path / "x.pkl", frames)
    tile = record_tile(Record((str(tmp_path / "x.pkl"),), 1, 0), HEIGHT, WIDTH)
    assert (tile == [200, 100, 50]).all()


@pytest.mark.parametrize("name", ["x.jpg", "x.pkl"])
@pytest.mark.parametrize("content", [b"", b"junk", None])
def test_a_damaged_file_is_named(name, content, tmp_path):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        record_tile(Record((str(path),), 1, 0), HEIGHT, WIDTH)
    assert str(path) in str(caught.value)


@given(st.integers(1, 50), st.integers(1, 50))
def test_evenly_spaced_positions_go_from_the_first_to_the_last(length, count):
    chosen = evenly_spaced(length, count)
    assert len(chosen) == min(length, count)
    assert chosen[0] == 0
    assert count == 1 or chosen[-1] == length - 1
    assert (np.diff(chosen) >= 1).all()


@pytest.mark.parametrize("count", [0, -1])
def test_none_cannot_be_chosen(count):
    with pytest.raises(InvalidArgumentError):
        evenly_spaced(5, count)


def test_shorter_rows_are_filled_up_with_paper(tmp_path):
    rows = [np.zeros((2, 3, 3), np.uint8), np.zeros((1, 5, 3), np.uint8)]
    sheet = stack_rows(rows)
    assert sheet.shape == (3, 5, 3)
    assert (sheet[:2, 3:] == 255).all()
    assert sheet.sum() == 2 * 2 * 3 * 255


def test_a_caption_has_its_size_whatever_it_says():
    for text in ("person 3", "", "很长的名字" * 40, "😀"):
        assert caption(text, 16, 60).shape == (16, 60, 3)
    assert (caption("person 3", 16, 60) < 255).any()


def test_a_file_of_unknown_kind_is_refused(tmp_path):
    with pytest.raises(InvalidArgumentError, match=r"\.xyz"):
        write_sheet(tmp_path / "sheet.xyz", [np.zeros((2, 2, 3), np.uint8)])
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def gait_walkers(tmp_path_factory):
    root = tmp_path_factory.mktemp("gait") / "walkers"
    command = ["data", "synthesize", "--layout", "ccpg", "--root", str(root), "--ids", "4"]
    assert main([*command, "--cameras", "2", "--frames", "3"]) == 0
    return root


@pytest.mark.parametrize("action", quick_only(["ranks", "clusters"], "clusters"))
def test_silhouettes_are_drawn_and_a_damaged_sequence_is_one_error(action, gait_walkers, tmp_path, capsys):
    output = tmp_path / "picture.png"
    command = ["report", action, "--config", "aug_ogbase/walkers", "--root", str(gait_walkers)]
    command += ["--untrained", "--output", str(output)]
    assert main(command) == 0
    picture = np.asarray(Image.open(output))
    # Silhouettes: black and white, and both in abundance.
    assert min((picture == 0).mean(), (picture == 255).mean()) > 0.01
    output.unlink()
    damaged = sorted(
        gait_walkers.glob("00[01]/*/*/*sils.pkl" if action == "clusters" else "00[23]/*/*/*sils.pkl")
    )
    content = damaged[-1].read_bytes()
    try:
        damaged[-1].write_bytes(content[: len(content) // 2])
        assert main(command) == 2
    finally:
        damaged[-1].write_bytes(content)
    error = capsys.readouterr().err
    assert f"{damaged[-1]}" in error
    assert "Traceback" not in error
    assert not output.exists()
