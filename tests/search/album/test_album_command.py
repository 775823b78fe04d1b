"""`mindreid album`: what it needs, what it refuses, and what is left where it is killed."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from mindreid.cli import main
from tests.search.album.album_files import groups_of, state_of
from tests.search.album.painted_photos import put


def test_the_command_needs_the_folder_alone(tmp_path, network, capsys):
    for number in range(4):
        put(tmp_path / "crops", f"{number}.png", [("anna", "bert")[number % 2]])
    words = ["album", str(tmp_path / "crops"), "--whole", "--similarity", "0.7"]
    assert main([*words, "--model", str(network)]) == 0
    album = tmp_path / "crops-album"
    assert "4 pictures of persons in 4 photos: 2 persons, 0 strangers" in capsys.readouterr().out
    assert (
        groups_of(album) == {"1": ["0.png", "2.png"], "2": ["1.png", "3.png"]} or len(groups_of(album)) == 2
    )
    assert main([*words, "--name", "1=Anna", "--merge", "1", "2"]) == 0
    assert len(groups_of(album)) == 1
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
