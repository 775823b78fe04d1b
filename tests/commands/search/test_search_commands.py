"""`mindreid search` from end to end: what a user types, sees, and is told when it can't be."""

import json
import os
import sys

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.search.index import open_index
from mindreid.search.labels import write_labels
from tests.commands.search.two_cameras import START, add_command, calibrated, content, found, run
from tests.search.recordings import write_colour_network

for package in ("av", "norfair"):
    pytest.importorskip(package, reason="needs the extra `search`")


def test_a_picture_finds_the_person_in_both_cameras(scene, index, capsys):
    hits = found(capsys, index, "--image", scene / "2.png", "--reason", "case 7")["hits"]
    assert sorted(hit["camera"] for hit in hits[:2]) == ["gate", "hall"]
    assert hits[1]["score"] > 0.9 > hits[2]["score"]
    assert hits[0]["start"].startswith("2026-11-01T08:00:")
    filtered = found(capsys, index, "--image", scene / "2.png", "--camera", "gate", "--top", 1)["hits"]
    assert [hit["camera"] for hit in filtered] == ["gate"]
    assert found(capsys, index, "--image", scene / "2.png", "--after", "2026-11-01T09:00Z")["hits"] == []
    same = found(capsys, index, "--tracklet", hits[0]["tracklet"])["hits"]
    assert {hit["tracklet"] for hit in same} == {hit["tracklet"] for hit in hits[1:]}
    assert same[0]["tracklet"] == hits[1]["tracklet"]
    assert len(found(capsys, index, "--tracklet", hits[0]["tracklet"], "--top", 2)["hits"]) == 2
    assert run("log", index, "--verify") == 0
    assert "7 lines" in capsys.readouterr().out
    assert run("log", index) == 0
    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [entry["action"] for entry in entries] == ["add", "add", *["find"] * 5]
    assert entries[2]["reason"] == "case 7"


def test_a_box_says_where_in_the_picture_the_person_is(scene, index, capsys, tmp_path):
    wide = Image.new("RGB", (200, 100), (120, 120, 120))
    wide.paste(Image.open(scene / "3.png"), (150, 30))
    wide.save(tmp_path / "wide.png")
    assert run("find", index, "--image", tmp_path / "wide.png") == 2
    assert "--box" in capsys.readouterr().err
    hits = found(capsys, index, "--image", tmp_path / "wide.png", "--box", "150,30,20,48")["hits"]
    assert (hits[0]["camera"], hits[0]["score"] > 0.9) == ("gate", True)
    assert run("find", index, "--image", tmp_path / "wide.png", "--box", "500,30,20,48") == 2


def test_tables_say_what_they_mean(scene, index, capsys):
    assert run("info", index) == 0
    said = capsys.readouterr().out
    assert "hall.mp4" in said
    ways = {source.found_by for source in open_index(index).sources()}
    assert None not in ways
    assert all(way in said for way in ways)
    assert run("find", index, "--image", scene / "1.png") == 0
    assert "not calibrated" in capsys.readouterr().out


def test_calibrated_somebody_who_is_not_there_is_nobody(scene, index, capsys):
    with calibrated(scene, index):
        yes = found(capsys, index, "--image", scene / "1.png")
        assert (yes["nobody"], yes["calibrated"], yes["hits"][0]["verdict"]) == (False, True, "likely")
        assert yes["hits"][0]["probability"] == pytest.approx((yes["hits"][0]["score"] - 0.5) * 1.96)
        # The first person is in one camera alone, once.
        alone = found(capsys, index, "--tracklet", yes["hits"][0]["tracklet"])
        assert alone["nobody"] is True
        Image.new("RGB", (20, 48), (10, 90, 90)).save(scene / "stranger.png")
        no = found(capsys, index, "--image", scene / "stranger.png")
        assert no["nobody"] is True
        assert run("find", index, "--image", scene / "stranger.png") == 0
        assert capsys.readouterr().out.startswith("nobody")


def test_labels_and_figures_come_from_annotated_tracks(scene, index, capsys, tmp_path):
    labels = tmp_path / "labels.csv"
    truths = [f"{camera}={scene / camera}.mp4.json" for camera in ("hall", "gate")]
    words = [word for truth in truths for word in ("--truth", truth)]
    assert run("label", index, *words, "--output", labels) == 0
    assert len(labels.read_text().splitlines()) == 5
    assert run("eval", index, "--labels", labels, "--json", tmp_path / "figures.json") == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    # Person 2 alone is in both cameras; the others are looked for in vain.
    assert (figures["mated"], figures["nonmated"]) == (2, 4)
    assert figures["hit_rates"] == {"1": 1.0, "5": 1.0}
    # Two tracklets are in the other camera.
    assert figures["chance"] == {"1": pytest.approx(0.5), "5": pytest.approx(1.0)}
    assert "with 4 such searches, a rate of 1.0 % can't be told from 0" in capsys.readouterr().out
    assert run("calibrate", index, "--labels", labels) == 2
    assert "at least 20" in capsys.readouterr().err


def crowd(scene, folder, first, count):
    """Put photos of many persons by two cameras into an index; return it and its labels."""
    folder.mkdir()
    labels = {}
    for camera in ("hall", "gate"):
        photos = folder / camera
        photos.mkdir()
        for person in range(first, first + count):
            colour = np.random.default_rng(person).integers(0, 255, 3)
            pixels = colour + np.random.default_rng([person, len(camera), ord(camera[0])]).normal(0, 12, 3)
            Image.new("RGB", (16, 48), tuple(map(int, np.clip(pixels, 0, 255)))).save(
                photos / f"{person}.png"
            )
        words = ["--photos", photos, "--whole", "--camera", camera, "--model", scene / "colours.onnx"]
        assert run("add", folder / "index", *words) == 0
    opened = open_index(folder / "index")
    names = {source.id: source.path for source in opened.sources()}
    for tracklet in opened.tracklets():
        labels[tracklet.id] = names[tracklet.source].rsplit("/", 1)[1].split(".")[0]
    write_labels(labels, folder / "labels.csv")
    return folder / "index", folder / "labels.csv"


def test_several_places_are_learnt_from_together(scene, tmp_path, capsys):
    places = [crowd(scene, tmp_path / name, first, 15) for name, first in (("a", 0), ("b", 100))]
    beside = scene / "colours.onnx.calibration.json"
    indexes, labels = zip(*places)
    try:
        assert run("calibrate", indexes[0], "--labels", labels[0]) == 0
        assert "fewer than 20" in capsys.readouterr().out
        alone = json.loads(beside.read_text())
        assert run("calibrate", *indexes, "--labels", labels[0], "--labels", labels[1]) == 0
        assert "fewer than" not in capsys.readouterr().out
        both = json.loads(beside.read_text())
        assert (alone["searches"], both["searches"]) == (30, 60)
        words = ["eval", indexes[0], "--labels", labels[0], "--json", tmp_path / "figures.json"]
        assert run(*words, "--fpir", 0.2) == 0
        said = capsys.readouterr().out
        assert "these are labels that it was learnt from" in said
        assert '"nobody" for' in said
        figures = json.loads((tmp_path / "figures.json").read_text())
        assert figures["fpir"] <= 0.2
        assert sum(figures["verdicts"]["hits"].values()) == sum(r["hits"] for r in figures["reliability"])
        assert run("calibrate", *indexes, "--labels", labels[0]) == 2
        assert "as many of either" in capsys.readouterr().err
        write_colour_network(tmp_path / "finer.onnx", height=32)
        assert run("reembed", indexes[1], "--model", tmp_path / "finer.onnx") == 0
        assert run("calibrate", *indexes, "--labels", labels[0], "--labels", labels[1]) == 2
        assert "different networks" in capsys.readouterr().err
    finally:
        beside.unlink()


def test_a_network_that_was_moved_is_named(tmp_path, capsys):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    write_colour_network(old / "colours.onnx")
    index, labels = crowd(old, tmp_path / "place", 0, 25)
    old.rename(new)
    picture = tmp_path / "place" / "hall" / "0.png"
    calibrate = ["calibrate", index, "--labels", labels]
    forget = ["forget", index, "--image", picture, "--above", "0.999"]
    for words in (calibrate, forget):
        capsys.readouterr()
        assert run(*words) == 2
        assert "pass its place with --model" in capsys.readouterr().err
    assert not old.exists()
    assert run(*calibrate, "--model", picture) == 2
    assert run(*calibrate, "--model", new / "colours.onnx") == 0
    assert (new / "colours.onnx.calibration.json").is_file()
    for words in (["eval", index, "--labels", labels], ["paths", index]):
        capsys.readouterr()
        assert run(*words) == 0
        told = capsys.readouterr()
        assert "not calibrated" in told.out
        assert "pass its place with --model" in told.err
        assert run(*words, "--model", new / "colours.onnx") == 0
        assert "not calibrated" not in capsys.readouterr().out
        assert run(*words, "--model", picture) == 2
        assert "not the network of the index" in capsys.readouterr().err
    assert run(*forget, "--model", new / "colours.onnx") == 0
    assert not old.exists()


def test_a_calibration_is_learnt_from_a_dataset(scene, tmp_path, capsys):
    root = tmp_path / "market"
    generator = np.random.default_rng(0)
    for folder, persons in (
        ("bounding_box_train", (1, 2)),
        ("query", range(3, 20)),
        ("bounding_box_test", range(3, 20)),
    ):
        (root / folder).mkdir(parents=True)
        for person in persons:
            colour = np.random.default_rng(person).integers(0, 255, 3)
            for camera in (1, 2):
                pixels = np.clip(colour + generator.normal(0, 12, 3), 0, 255).astype(np.uint8)
                name = f"{person:04d}_c{camera}s1_{len(folder):06d}_00.jpg"
                Image.new("RGB", (16, 48), tuple(map(int, pixels))).save(root / folder / name)
    model = scene / "colours.onnx"
    assert run("calibrate", "--root", root, "--model", model) == 0
    beside = scene / "colours.onnx.calibration.json"
    learnt = json.loads(beside.read_text())
    beside.unlink()
    assert learnt["searches"] == 34
    assert learnt["right_hits"] == 34
    assert learnt["likely"] > learnt["perhaps"]


def test_what_is_refused_is_refused_with_one_line(scene, index, capsys, tmp_path):
    video, boxes, model = scene / "hall.mp4", scene / "hall.mp4.json", scene / "colours.onnx"
    add = ["add", tmp_path / "new", "--camera", "x", "--model", model]
    for words, expected in (
        ([*add, "--video", video, video, "--boxes", boxes], "--boxes"),
        ([*add, "--video", video, video, "--start", START], "--start"),
        ([*add, "--video", video, "--whole"], "--photos"),
        ([*add, "--photos", scene, "--whole", "--detector", model], "--detector"),
        ([*add, "--video", video, "--boxes", boxes], "--start"),
        ([*add, "--video", boxes, "--start", START], "video"),
        ([*add, "--video", tmp_path / "no.mp4", "--start", START], "no.mp4"),
        (["add", index, "--camera", "x", "--video", video, "--model", tmp_path / "no.onnx"], "no.onnx"),
        (["find", tmp_path / "none", "--image", scene / "1.png"], "no such index"),
        (["find", index, "--image", boxes], "image"),
        (["find", index, "--tracklet", "nobody"], "nobody"),
        (["forget", index], "what shall be forgotten"),
        (["forget", index, "--image", scene / "1.png"], "--above"),
        (["forget", index, "--expired", "--camera", "hall"], "forget by"),
        (["forget", index, "--camera", "hall", "--above", "0.95"], "go with --image"),
        (["forget", index, "--camera", "hall", "--box", "0,0,9,9"], "go with --image"),
        (["forget", index, "--image", scene / "1.png", "--above", "nan"], "from -1 to 1"),
        (["forget", index, "--image", scene / "1.png", "--above", "-95"], "from -1 to 1"),
        (["find", index, "--tracklet", "nobody", "--box", "0,0,9,9"], "goes with --image"),
        (["retention", index, "--days", "3"], "--camera"),
        (["retention", index, "--camera", "hall", "--days", "36501"], "0 for no limit"),
        (["retention", index, "--camera", "hall", "--days", "inf"], "0 for no limit"),
        (["retention", index, "--camera", "hall", "--days", "nan"], "0 or more"),
        (["calibrate", index], "--labels"),
        (["label", index, "--truth", "hall", "--output", tmp_path / "l.csv"], "CAMERA=FILE"),
        (["label", index, *2 * ["--truth", f"hall={boxes}"], "--output", tmp_path / "l.csv"], "hall twice"),
        (["log", tmp_path], "no index"),
    ):
        capsys.readouterr()
        assert run(*words) == 2, words
        error = capsys.readouterr().err
        assert expected in error, words
        assert "Traceback" not in error
    assert len(content(index)) == 4
    assert open_index(index).retention() == {}


@pytest.mark.parametrize(
    "words",
    [
        ["--video", "{hall}", "typo.mp4"],
        ["--photos", "typo"],
        ["--photos", "{empty}"],
        ["--video", "{hall}"],
        ["--video", "{hall}", "--start", START, "--detector", "typo.onnx"],
    ],
)
def test_for_what_can_not_be_added_no_index_is_made(scene, tmp_path, words):
    (tmp_path / "empty").mkdir()
    words = [word.format(hall=scene / "hall.mp4", empty=tmp_path / "empty") for word in words]
    options = ["--camera", "x", "--model", scene / "colours.onnx"]
    assert run("add", tmp_path / "new", *words, *options) == 2
    assert not (tmp_path / "new").exists()


def test_arguments_that_are_none_are_refused_before_anything_is_done(scene, tmp_path, capsys):
    add = ["add", tmp_path / "new", "--model", scene / "colours.onnx", "--video", scene / "hall.mp4"]
    no_text = os.fsdecode(b"caf\xf1")
    for words, expected in (
        ([*add, "--start", START, "--camera", ""], "empty name"),
        ([*add, "--start", START, "--camera", no_text], "no UTF-8"),
        ([*add, "--camera", "x", "--start", "0001-01-01T00:00+14:00"], "is no time"),
        (["find", tmp_path / "new", "--tracklet", no_text], "no UTF-8"),
        (["find", tmp_path / "new", "--tracklet", "x", "--camera", no_text], "no UTF-8"),
        (["forget", tmp_path / "new", "--tracklet", no_text], "no UTF-8"),
        (["retention", tmp_path / "new", "--camera", no_text, "--days", "3"], "no UTF-8"),
    ):
        capsys.readouterr()
        with pytest.raises(SystemExit, match="2"):
            run(*words)
        assert expected in capsys.readouterr().err, words
    for rate in ("inf", "nan", "1e300", "0"):
        assert run(*add, "--start", START, "--camera", "x", "--rate", rate) == 2
        assert "rate is " in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_another_network_has_to_embed_all(scene, index, capsys, tmp_path):
    write_colour_network(tmp_path / "finer.onnx", height=32)
    words = add_command(scene, index, "hall", "--model", str(tmp_path / "finer.onnx"))
    assert main(words) == 2
    assert "reembed" in capsys.readouterr().err
    assert run("reembed", index, "--model", tmp_path / "finer.onnx") == 0
    assert found(capsys, index, "--image", scene / "1.png")["hits"][0]["score"] > 0.9


def test_a_missing_extra_is_named(scene, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    assert main(add_command(scene, tmp_path / "index", "hall")) == 2
    assert "pip install 'mindreid[search]'" in capsys.readouterr().err
