"""`mindreid search forget` deletes what was asked for and nothing else; others look in the same times."""

import json
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from mindreid.cli import main
from mindreid.search.index import open_index
from tests.commands.search.two_cameras import add_command, content, found, run
from tests.search.recordings import WALKS, write_walk

for package in ("av", "norfair"):
    pytest.importorskip(package, reason="needs the extra `search`")

DAY = "2020-03-01T"
#: What was recorded: its persons, camera and begin. All but the last are long past, so that they are older
#: than any camera's are kept, whatever the clock says.
RECORDINGS = {
    "morning": ((1, 2), "hall", f"{DAY}08:00Z"),
    "noon": ((2, 3), "gate", f"{DAY}12:00Z"),
    "evening": ((1, 4), "hall", f"{DAY}18:00Z"),
    "yesterday": ((3, 4), "hall", f"{datetime.now(timezone.utc) - timedelta(days=1):%Y-%m-%dT%H:%MZ}"),
}
ALL = {(name, person) for name, (persons, _, _) in RECORDINGS.items() for person in persons}


def whole(*names):
    return {(name, person) for name, person in ALL if name in names}


@pytest.fixture(scope="module")
def filled(scene):
    for name, (persons, camera, start) in RECORDINGS.items():
        write_walk(scene, f"{name}.mp4", persons)
        more = ["--camera", camera, "--start", start]  # of an option that is passed twice, the last counts
        assert main(add_command(scene, scene / "filled", name, *more)) == 0
    return scene / "filled"


@pytest.fixture
def index(filled, tmp_path):
    """An index of four recordings of two cameras."""
    return Path(shutil.copytree(filled, tmp_path / "index"))


def tracklets_of(index):
    """Ids by recording and person, who is known by how high up in the picture he walks."""
    opened = open_index(index)
    recordings = {source.id: Path(source.path).stem for source in opened.sources()}
    persons = {top: person for person, (_, _, top) in WALKS.items()}
    return {
        (recordings[t.source], persons[round(float(t.boxes["top"][0]))]): t.id for t in opened.tracklets()
    }


#: Words that choose by camera and time, and what they choose. The persons are seen for three seconds.
WINDOWS = {
    "camera": (["--camera", "gate"], whole("noon")),
    "two cameras": (["--camera", "gate", "--camera", "hall"], ALL),
    "before": (["--before", f"{DAY}13:00Z"], whole("morning", "noon")),
    "after": (["--after", f"{DAY}13:00Z"], whole("evening", "yesterday")),
    "camera before": (["--camera", "hall", "--before", f"{DAY}13:00Z"], whole("morning")),
    "camera after": (["--camera", "hall", "--after", f"{DAY}13:00Z"], whole("evening", "yesterday")),
    "after and before": (["--after", f"{DAY}09:00Z", "--before", f"{DAY}19:00Z"], whole("noon", "evening")),
    "camera, after and before": (
        ["--camera", "hall", "--after", f"{DAY}09:00Z", "--before", f"{DAY}19:00Z"],
        whole("evening"),
    ),
    "while they are seen": (["--after", f"{DAY}12:00:01Z", "--before", f"{DAY}12:00:02Z"], whole("noon")),
    "the very begin": (["--before", f"{DAY}08:00:00Z"], whole("morning")),
    "just before": (["--before", f"{DAY}11:59:59Z"], whole("morning")),
    "another time zone": (["--before", f"{DAY}13:00+02:00"], whole("morning")),
}


@pytest.mark.parametrize("window", WINDOWS)
def test_camera_and_time_choose_what_is_forgotten(index, capsys, window):
    words, chosen = WINDOWS[window]
    before = tracklets_of(index)
    assert set(before) == ALL
    kept = {key: held for key, held in content(index).items() if key not in {before[k] for k in chosen}}
    assert run("forget", index, *words) == 0
    assert f"forgot {len(chosen)} tracklets" in capsys.readouterr().out
    assert set(tracklets_of(index)) == ALL - chosen
    assert content(index) == kept


@pytest.mark.parametrize("window", WINDOWS)
def test_camera_and_time_choose_where_is_looked(scene, filled, capsys, window):
    words, chosen = WINDOWS[window]
    names = {held: key for key, held in tracklets_of(filled).items()}
    capsys.readouterr()
    assert run("find", filled, "--image", scene / "2.png", *words, "--json") == 0
    hits = json.loads(capsys.readouterr().out)["hits"]
    assert {names[hit["tracklet"]] for hit in hits} == chosen
    assert run("paths", filled, *words, "--json") == 0
    paths = json.loads(capsys.readouterr().out)["paths"]
    assert {names[step["tracklet"]] for path in paths for step in path["steps"]} == chosen


def test_the_log_tells_the_times_that_were_asked_for(index, capsys):
    assert run("forget", index, "--before", f"{DAY}13:00+02:00", "--reason", "asked to") == 0
    capsys.readouterr()
    assert run("log", index) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["action"], line["reason"], line["tracklets"]) == ("forget", "asked to", 2)
    assert (line["cameras"], line["after"], line["before"]) == ([], None, f"{DAY}11:00:00+00:00")


@pytest.mark.parametrize("way", ["tracklet", "recording", "image", "image before", "expired"])
def test_ways_to_forget(scene, index, capsys, way):
    ids = tracklets_of(index)
    (noon,) = {source.id for source in open_index(index).sources() if source.path.endswith("noon.mp4")}
    words, chosen = {
        "tracklet": (
            ["--tracklet", ids["morning", 1], "--tracklet", ids["noon", 3]],
            {("morning", 1), ("noon", 3)},
        ),
        "recording": (["--recording", noon[:10]], whole("noon")),
        "image": (["--image", scene / "2.png", "--above", 0.9], {("morning", 2), ("noon", 2)}),
        "image before": (
            ["--image", scene / "2.png", "--above", 0.9, "--before", f"{DAY}11:00Z"],
            {("morning", 2)},
        ),
        # The gate's recording is older, too, but may be kept.
        "expired": (["--expired"], whole("morning", "evening")),
    }[way]
    if way == "expired":
        for camera, days in (("hall", 30), ("gate", 36500)):
            assert run("retention", index, "--camera", camera, "--days", days) == 0
    assert run("forget", index, *words, "--reason", "asked to") == 0
    said = capsys.readouterr().out
    assert f"forgot {len(chosen)} tracklets" in said
    assert "none holds" in said
    left = {name: key for name, key in ids.items() if name not in chosen}
    assert tracklets_of(index) == left
    if way == "image":
        assert found(capsys, index, "--image", scene / "2.png")["hits"][0]["score"] < 0.9
    # Only a recording that was forgotten as a whole comes back when it is added again.
    assert main(add_command(scene, index, "noon", "--camera", "gate", "--start", RECORDINGS["noon"][2])) == 0
    assert tracklets_of(index) == (ids if way == "recording" else left)


@pytest.mark.parametrize(
    "words",
    [["--expired"], ["--recording", "{noon}"], ["--tracklet", "{tracklet}"]],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("limit", ["--after", "--before"])
def test_times_and_other_ways_are_not_mixed(index, capsys, words, limit):
    before = tracklets_of(index)
    (noon,) = {source.id for source in open_index(index).sources() if source.path.endswith("noon.mp4")}
    words = [word.format(noon=noon, tracklet=before["noon", 2]) for word in words]
    assert run("forget", index, *words, limit, f"{DAY}11:00Z") == 2
    assert "forget by tracklets, a picture, a recording, age, or camera and time" in capsys.readouterr().err
    assert tracklets_of(index) == before
