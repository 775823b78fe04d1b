"""A camera that is misspelt, and times the wrong way round, are mistakes and not "nobody"."""

import json

import pytest

from mindreid.search.index import open_index
from tests.commands.search.two_cameras import content, run

for package in ("av", "norfair"):
    pytest.importorskip(package, reason="needs the extra `search`")

TURNED = ["--after", "2026-11-02T00:00Z", "--before", "2026-11-01T00:00Z"]


def test_an_unknown_camera_is_named_with_those_that_are_there(scene, index, capsys):
    picture = scene / "2.png"
    before = len(open_index(index).log())
    for words in (
        ["find", index, "--image", picture],
        ["find", index, "--image", picture, "--camera", "gate"],
        ["forget", index],
        ["forget", index, "--image", picture, "--above", "0.9"],
        ["paths", index],
    ):
        capsys.readouterr()
        assert run(*words, "--camera", "hal") == 2, words
        error = capsys.readouterr().err
        assert "no camera 'hal' (did you mean 'hall'?); the index has gate, hall" in error
    assert (len(content(index)), len(open_index(index).log())) == (4, before)


def test_nothing_is_after_what_it_is_before(scene, index, capsys):
    for words in (
        ["find", index, "--image", scene / "2.png"],
        ["forget", index, "--camera", "hall"],
        ["paths", index],
    ):
        capsys.readouterr()
        assert run(*words, *TURNED) == 2, words
        assert "nothing is after 2026-11-02" in capsys.readouterr().err


def test_forgetting_what_is_not_there_is_no_success(scene, index, capsys):
    for words in (
        ["--camera", "hall", "--after", "2027-01-01T00:00Z"],
        ["--image", scene / "4.png", "--above", "1"],
    ):
        capsys.readouterr()
        assert run("forget", index, *words, "--reason", "asked to") == 2, words
        assert "nothing was forgotten" in capsys.readouterr().err
        entry = open_index(index).log()[-1]
        assert (entry["action"], entry["tracklets"], entry["reason"]) == ("forget", 0, "asked to")
    # Every night, where mostly nothing is too old.
    assert run("forget", index, "--expired") == 0


def test_where_nobody_was_is_not_the_answer_nobody(scene, index, capsys):
    words = ["find", index, "--image", scene / "2.png", "--camera", "hall", "--after", "2026-11-01T09:00Z"]
    assert run(*words) == 0
    assert capsys.readouterr().out.startswith("no tracklet passes these filters")
    assert run(*words, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["nobody"], answer["hits"]) == (None, [])
    assert run("paths", index, "--after", "2026-11-01T09:00Z") == 0
    assert "nothing to join" in capsys.readouterr().out


def test_a_rule_for_a_camera_without_recordings_is_kept_with_a_warning(index, capsys):
    assert run("retention", index, "--camera", "hal", "--days", "30") == 0
    assert "no recording of camera 'hal' (did you mean 'hall'?), but of gate, hall" in capsys.readouterr().out
    assert open_index(index).retention() == {"hal": 30.0}
    assert run("retention", index, "--camera", "hall", "--days", "30") == 0
    assert "warning" not in capsys.readouterr().out
