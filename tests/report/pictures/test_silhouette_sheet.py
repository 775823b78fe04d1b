"""Sheets of silhouettes show the frames that they were given."""

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.data.formats.pickles import write_array
from mindreid.data.records import Record
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.report.pictures.silhouette_sheet import draw_augmentations, draw_records, draw_sequences


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_row_shows_frames_spread_over_its_sequence(tmp_path):
    levels = np.arange(10, 40, dtype=np.uint8)
    sequence = np.broadcast_to(levels[:, None, None], (30, 8, 6))
    draw_sequences(tmp_path / "s.png", [("long", sequence), ("short", sequence[:2])], frames=4)
    sheet = pixels(tmp_path / "s.png")
    first, second = sheet[: len(sheet) // 2], sheet[len(sheet) // 2 :]
    assert set(np.unique(first[:, 150:])) & set(levels.tolist()) == {10, 19, 29, 39}
    assert set(np.unique(second[:, 150:])) & set(levels.tolist()) == {10, 11}


def test_augmentations_have_a_row_each(tmp_path):
    draw_augmentations(tmp_path / "a.png", frames=3)
    frames = np.zeros((3, 64, 64), np.uint8)
    frames[:, 5:60, 20:40] = 255
    write_array(tmp_path / "own.pkl", frames)
    draw_augmentations(tmp_path / "b.png", sequence=str(tmp_path / "own.pkl"), frames=3)
    walker, own = pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png")
    assert walker.shape == own.shape
    assert (walker != own).any()
    rows = np.split(own, 7)
    assert all((row[:, 150:] != rows[0][:, 150:]).any() for row in rows[1:])


def test_records_are_drawn_from_first_to_last(tmp_path):
    records = []
    for level in range(1, 6):
        frames = np.full((2, 64, 64), 40 * level, np.uint8)
        frames[:, -1] = 255
        write_array(tmp_path / f"{level}.pkl", frames)
        records.append(Record((str(tmp_path / f"{level}.pkl"),), level, 0, condition="nm-01", camera="090"))
    draw_records(tmp_path / "s.png", records, rows=3)
    assert {40, 120, 200} <= set(np.unique(pixels(tmp_path / "s.png")).tolist())


def test_the_command_draws_so_many_sequences_of_a_split(tmp_path):
    """Grey levels tell the sequences: of the person to train on from 10, of the one to test from 110."""
    for subject, least in (("007", 10), ("008", 110)):
        for number in range(4):
            frames = np.full((2, 64, 64), least + 10 * number, np.uint8)
            frames[:, -1] = 255
            write_array(tmp_path / "tree" / subject / f"{number}" / "000" / "000.pkl", frames)
    (tmp_path / "tree" / "partition.json").write_text('{"TRAIN_SET": ["007"], "TEST_SET": ["008"]}')
    command = ["report", "silhouettes", "--name", "gait_pickles", "--root", str(tmp_path / "tree")]
    output = str(tmp_path / "s.png")
    levels = {10 * number + least for least in (10, 110) for number in range(4)}
    for words, expected in (
        ([], {110, 120, 130, 140}),
        (["--rows", "2"], {110, 140}),
        (["--split", "train"], {10, 20, 30, 40}),
        (["--split", "gallery", "--rows", "3"], {110, 120, 140}),
    ):
        assert main([*command, "--output", output, *words]) == 0
        # Behind the captions, whose letters are grey at their edges.
        assert set(np.unique(pixels(output)[:, 150:]).tolist()) & levels == expected, words


def test_the_command_draws_another_walker_for_another_seed(tmp_path):
    sheets = {}
    for name, words in (("usual", []), ("first", ["--seed", "1"]), ("second", ["--seed", "2"])):
        assert main(["report", "augmentations", "--output", str(tmp_path / f"{name}.png"), *words]) == 0
        sheets[name] = pixels(tmp_path / f"{name}.png")
    assert np.array_equal(sheets["usual"], sheets["first"])
    # What is drawn at random is other, and so is the walker.
    assert (sheets["first"] != sheets["second"])[: len(sheets["first"]) // 7, 150:].any()


def test_nothing_cannot_be_drawn(tmp_path):
    for rows in ([], [("empty", np.zeros((0, 64, 64), np.uint8))]):
        with pytest.raises(InvalidArgumentError):
            draw_sequences(tmp_path / "s.png", rows)
    assert not (tmp_path / "s.png").exists()


def test_what_are_no_silhouettes_is_named(tmp_path):
    write_array(tmp_path / "colour.pkl", np.zeros((2, 3, 8, 8), np.uint8))
    for name in ("colour.pkl", "image.png"):
        records = [Record((str(tmp_path / name),), 1, 0)]
        with pytest.raises(DataError, match=f"no sequence of silhouettes: .*{name}"):
            draw_records(tmp_path / "s.png", records)
        with pytest.raises(DataError, match=name):
            draw_augmentations(tmp_path / "s.png", sequence=str(tmp_path / name))
