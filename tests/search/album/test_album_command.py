"""`mindreid album`: what it needs, what it refuses, and what is left where it is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from tests.search.album.album_files import groups_of, rows_of, state_of
from tests.search.album.painted_photos import put
from tests.search.colour_network import write_colour_network
from tests.search.constant_network import write_constant_network


def names_together(album):
    """The photos of each group, whatever its number."""
    return sorted(map(tuple, groups_of(album).values()))


def test_the_command_needs_the_folder_alone(tmp_path, network, capsys):
    for number in range(4):
        put(tmp_path / "crops", f"{number}.png", [("anna", "bert")[number % 2]])
    words = ["album", str(tmp_path / "crops"), "--whole", "--similarity", "0.7"]
    assert main([*words, "--model", str(network)]) == 0
    album = tmp_path / "crops-album"
    assert "4 pictures of persons in 4 photos: 2 persons, 0 strangers" in capsys.readouterr().out
    assert names_together(album) == [("0.png", "2.png"), ("1.png", "3.png")]
    assert main([*words, "--name", "1=Anna", "--merge", "1", "2"]) == 0
    assert names_together(album) == [("0.png", "1.png", "2.png", "3.png")]
    assert {row["name"] for row in rows_of(album)} == {"Anna"}
    assert main([*words, "--name", "7=x"]) == 2
    assert "no such group or picture: 7" in capsys.readouterr().err
    assert main(["album", str(tmp_path / "nowhere"), "--model", str(network)]) == 2
    assert (
        main(
            [
                "album",
                str(tmp_path / "crops"),
                "--model",
                str(network),
                "--output",
                str(tmp_path / "crops-album"),
            ]
        )
        == 2
    )
    assert "found by nothing" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*words, "--name", "Anna"])


def test_a_picture_is_set_apart_and_groups_are_made_anew(tmp_path, network):
    for number in range(4):
        put(tmp_path / "crops", f"{number}.png", [("anna", "bert")[number % 2]])
    album = tmp_path / "album"
    words = ["album", str(tmp_path / "crops"), "--whole", "--output", str(album), "--model", str(network)]
    assert main([*words, "--similarity", "0.7"]) == 0
    assert names_together(album) == [("0.png", "2.png"), ("1.png", "3.png")]
    # What is grouped stays so, whatever similarity is enough from now on.
    assert main([*words, "--similarity", "-1"]) == 0
    assert names_together(album) == [("0.png", "2.png"), ("1.png", "3.png")]
    assert main([*words, "--similarity", "-1", "--regroup"]) == 0
    assert names_together(album) == [("0.png", "1.png", "2.png", "3.png")]
    (wrong,) = (row["picture"] for row in rows_of(album) if row["photo"].endswith("3.png"))
    assert main([*words, "--similarity", "-1", "--apart", wrong]) == 0
    assert names_together(album) == [("0.png", "1.png", "2.png"), ("3.png",)]


def test_the_detectors_class_and_the_networks_inputs_are_those_that_were_named(tmp_path, capsys):
    """Class 0 is in the upper half of each photo, where all look alike; class 1 is in the lower one."""
    (tmp_path / "photos").mkdir()
    for number in range(4):
        image = Image.new("RGB", (40, 100), (230, 220, 60))
        image.paste(((220, 40, 40), (60, 60, 230))[number % 2], (0, 50, 40, 100))
        # One pixel more, lest two photos have the same content.
        image.putpixel((0, 99), (number, 0, 0))
        image.save(tmp_path / "photos" / f"{number}.png")
    output = np.zeros((1, 4 + 2, 9), np.float32)
    output[0, :, 0] = 20, 25, 40, 50, 0.9, 0
    output[0, :, 1] = 20, 75, 40, 50, 0, 0.9
    detector = write_constant_network(tmp_path / "two.onnx", {"out": output}, size=(100, 40))
    network = write_colour_network(tmp_path / "colours.onnx")
    described = Path(f"{network}.input.json").rename(tmp_path / "inputs.json")
    words = ["album", tmp_path / "photos", "--model", network, "--detector", detector, "--similarity", 0.7]
    assert main([str(word) for word in [*words, "--output", tmp_path / "refused"]]) == 2
    assert "colours.onnx" in capsys.readouterr().err
    words += ["--model-input", described]
    for name, more, groups in (
        ("upper", [], [("0.png", "1.png", "2.png", "3.png")]),
        ("lower", ["--person-class", 1], [("0.png", "2.png"), ("1.png", "3.png")]),
    ):
        assert main([str(word) for word in [*words, *more, "--output", tmp_path / name]]) == 0
        assert names_together(tmp_path / name) == groups


@pytest.mark.slow
def test_a_killed_run_leaves_an_album_that_the_next_one_ends(tmp_path, network):
    photos = tmp_path / "photos"
    for number in range(40):
        put(photos, f"{number}.png", [("anna", "bert", "cleo", "dora")[number % 4]])
    words = [str(photos), "--whole", "--similarity", "0.7", "--model", str(network)]
    command = [sys.executable, "-m", "mindreid", "album", *words, "--output"]
    whole, ended = tmp_path / "whole", tmp_path / "killed"
    subprocess.run([*command, str(whole)], check=True, capture_output=True)
    draw, killed = np.random.default_rng(1), 0
    for attempt in range(4):
        # As soon as something is there, or somewhat later.
        process = subprocess.Popen([*command, str(ended)], stderr=subprocess.DEVNULL)
        marks = {1: "index", 2: "index/crops", 3: "groups.json"}
        mark = ended / marks.get(attempt, "album.json")
        while process.poll() is None and not mark.exists():
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.15))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed >= 2
    subprocess.run([*command, str(ended)], check=True, capture_output=True)
    one, other = ({str(p): digest for p, digest in state_of(f).items()} for f in (whole, ended))
    assert {name for name in one if one[name] != other.get(name)} <= {"album.json"}
    assert set(one) == set(other)
