"""The commands that make, check and draw gait data."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.data.formats.pickles import read_array


def run(*arguments):
    return main([str(argument) for argument in arguments])


def test_generated_walks_are_made_checked_and_drawn(tmp_path, capsys):
    root = tmp_path / "walks"
    made = run(
        "data", "synthesize", "--layout", "ccpg", "--root", root, "--ids", 2, "--cameras", 2, "--frames", 3
    )
    assert made == 0
    assert run("data", "check", "--name", "ccpg", "--root", root, "--images") == 0
    assert "28 images decoded" in capsys.readouterr().out
    picture = tmp_path / "s.png"
    assert run("report", "silhouettes", "--name", "ccpg", "--root", root, "--output", picture) == 0
    assert picture.is_file()


@pytest.mark.parametrize("option", [["--outfits", "2"], ["--annotations"]])
def test_options_of_images_are_refused_for_walks(tmp_path, capsys, option):
    assert run("data", "synthesize", "--layout", "casia_b", "--root", tmp_path / "w", *option) == 2
    assert f"{option[0]} is for layouts of images" in capsys.readouterr().err
    assert not (tmp_path / "w").exists()


def test_masks_become_sequences(tmp_path, capsys):
    mask = np.zeros((80, 60), np.uint8)
    mask[10:70, 20:40] = 255
    folder = tmp_path / "raw/001/nm-01/090"
    folder.mkdir(parents=True)
    for frame in range(5):
        Image.fromarray(mask).save(folder / f"{frame}.png")
    assert run("data", "silhouettes", "--masks", tmp_path / "raw", "--root", tmp_path / "out") == 0
    assert "1 sequences, 5 frames, 0 empty" in capsys.readouterr().out
    stored = tmp_path / "out/001/nm-01/090/090.pkl"
    assert read_array(stored).shape == (5, 64, 64)
    assert run("report", "augmentations", "--sequence", stored, "--output", tmp_path / "a.png") == 0
    assert (tmp_path / "a.png").is_file()


@pytest.mark.parametrize("threads", ["0", "-1"])
def test_masks_are_read_by_at_least_one_thread(tmp_path, capsys, threads):
    arguments = ("--masks", tmp_path, "--root", tmp_path / "out", "--reader-threads", threads)
    with pytest.raises(SystemExit) as caught:
        run("data", "silhouettes", *arguments)
    assert caught.value.code == 2
    assert f"--reader-threads/--workers: '{threads}' is no integer of at least 1" in capsys.readouterr().err


def test_a_video_needs_boxes(tmp_path, capsys):
    assert run("data", "silhouettes", "--video", "v.avi", "--root", tmp_path / "out") == 2
    assert "--annotations" in capsys.readouterr().err


def test_ccpg_needs_both_trees(tmp_path, capsys):
    places = [tmp_path / name for name in ("colour", "masks", "out")]
    arguments = zip(("--colour", "--silhouettes", "--root"), places)
    assert run("data", "organize-ccpg", *[part for pair in arguments for part in pair]) == 2
    assert "not there" in capsys.readouterr().err
    assert not places[2].exists()
