"""Paths of walkers whom several cameras have filmed, from the command line."""

from __future__ import annotations

import json

import pytest

from mindreid.cli import main
from mindreid.errors import DataError
from mindreid.search.index import open_index
from mindreid.search.ingest.given_boxes import read_boxes
from mindreid.search.paths import TravelLimits, join_tracklets, score_paths
from mindreid.walkers.films.film import film
from tests.search.colour_network import write_colour_network


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A film of six walkers, and an index of their true tracks."""
    pytest.importorskip("av", reason="needs the extra `search`")
    root = tmp_path_factory.mktemp("filmed")
    film(root / "film", 6, 11, cameras=3, size=(120, 160), frame_rate=5.0)
    network = write_colour_network(root / "colours.onnx")
    for camera in json.loads((root / "film" / "truth.json").read_text())["cameras"]:
        video, boxes = (str(root / "film" / camera[key]) for key in ("video", "annotations"))
        words = ["--video", video, "--boxes", boxes, "--camera", camera["name"], "--start", camera["start"]]
        assert main(["search", "add", str(root / "index"), *words, "--model", str(network)]) == 0
    return root


def truths_of(root):
    return {name: read_boxes(root / "film" / f"{name}.txt") for name in ("c1", "c2", "c3")}


def paths_of(index, similarity, limits):
    return join_tracklets(list(index.tracklets()), limits, similarity)


def test_true_tracks_are_joined_better_than_not_and_as_the_truth_says(filmed):
    index = open_index(filmed / "index")
    truths = truths_of(filmed)
    alone = score_paths(paths_of(index, 1.0, TravelLimits(gap=0)), index.sources(), truths)
    joined = score_paths(paths_of(index, 0.9, TravelLimits(0, 20)), index.sources(), truths)
    assert alone.precision > 0.3
    assert joined.f1 > alone.f1 + 0.1
    # Told who is who, the paths are right wherever a tracklet is.
    people = {}
    for tracklet in index.tracklets():
        truth = truths[tracklet.camera]
        middle = tracklet.boxes[len(tracklet.boxes) // 2]
        frame = int(middle["frame"])
        nearest = min(
            range(len(truth.ids[frame])),
            key=lambda n: abs(float(truth.by_frame[frame][n][0]) - float(middle["left"])),
        )
        people.setdefault(truth.ids[frame][nearest], []).append(tracklet)
    told = [path for held in people.values() for path in join_tracklets(held, TravelLimits(0, 60, 60), -1.0)]
    assert score_paths(told, index.sources(), truths).precision > 0.95
    index.close()


def test_the_command_tells_paths_and_logs_them(filmed, capsys):
    words = ["search", "paths", str(filmed / "index"), "--similarity", "0.9", "--travel", "0", "20"]
    truth = [word for name in truths_of(filmed) for word in ("--truth", f"{name}={filmed}/film/{name}.txt")]
    assert main([*words, "--reason", "a test", *truth]) == 0
    shown = capsys.readouterr().out
    assert " → " in shown
    assert "unknown" in shown
    assert 0.4 < float(shown.split("IDF1 ")[1].split(",")[0]) <= 1
    assert main([*words, "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    index = open_index(filmed / "index")
    ids = {step["tracklet"] for path in content["paths"] for step in path["steps"]}
    assert ids == {tracklet.id for tracklet in index.tracklets()}
    entries = index.log()[-2:]
    assert [(entry["action"], entry["reason"], entry["aggregate"]) for entry in entries] == [
        ("paths", "a test", False),
        ("paths", "", False),
    ]
    index.verify_log()
    index.close()


def test_a_crowd_is_told_without_anybody(filmed, capsys):
    words = ["search", "paths", str(filmed / "index"), "--similarity", "0.9", "--aggregate", "--fewest", "2"]
    assert main([*words, "--json"]) == 0
    shown = capsys.readouterr().out
    content = json.loads(shown)
    assert set(content) == {"fewest_persons", "transitions", "dwells"}
    assert all(way["persons"] >= 2 for way in content["transitions"])
    index = open_index(filmed / "index")
    assert not any(tracklet.id in shown for tracklet in index.tracklets())
    assert index.log()[-1]["fewest"] == 2
    index.close()


def test_a_guessed_similarity_is_called_a_guess(filmed, capsys):
    words = ["search", "paths", str(filmed / "index"), "--travel", "0", "20"]
    assert main(words) == 0
    assert "not calibrated: 0.60 is a guess" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    said = capsys.readouterr()
    json.loads(said.out)
    assert "0.60 is a guess" in said.err
    assert main([*words, "--similarity", "0.85"]) == 0
    said = capsys.readouterr().out
    assert "from similarity 0.85 on" in said
    assert "guess" not in said


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--travel", "9", "1"], "must not exceed"),
        (["--travel", "nan", "1"], "must not exceed"),
        (["--similarity", "2"], "cosine"),
        (["--aggregate", "--fewest", "1"], "at least 2 persons"),
        (["--ways", "nowhere.json"], "nowhere.json"),
        (["--truth", "c1"], "CAMERA=FILE"),
        (["--truth", "c9={film}/c1.txt"], "0 recordings"),
    ],
)
def test_what_can_not_be_is_refused(filmed, capsys, words, problem):
    words = [word.format(film=filmed / "film") for word in words]
    assert main(["search", "paths", str(filmed / "index"), *words]) == 2
    assert problem in capsys.readouterr().err


def test_boxes_without_identities_score_nothing(filmed, tmp_path):
    (tmp_path / "boxes.txt").write_text("1,-1,1,1,20,50,1,1,1\n")
    index = open_index(filmed / "index")
    with pytest.raises(DataError, match="no identities"):
        score_paths([], index.sources(), {"c1": read_boxes(tmp_path / "boxes.txt")})
    index.close()
