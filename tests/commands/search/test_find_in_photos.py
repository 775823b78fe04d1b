"""`mindreid search find` and `forget` with a photo in which a person is to be found first."""

import json

import pytest
from PIL import Image

from tests.commands.search.two_cameras import content, run
from tests.search.constant_detector import write_constant_detector

for package in ("av", "norfair"):
    pytest.importorskip(package, reason="needs the extra `search`")

SIZE = 640, 480


@pytest.fixture
def photo(scene, tmp_path):
    """An upright photo with the third person in it, small."""
    image = Image.new("RGB", SIZE[::-1], (120, 120, 120))
    image.paste(Image.open(scene / "3.png"), (300, 200))
    image.save(tmp_path / "photo.jpg", quality=95)
    return tmp_path / "photo.jpg"


@pytest.fixture
def detector(tmp_path):
    return write_constant_detector(tmp_path / "one.onnx", SIZE, [(300, 200, 20, 48)])


def test_the_one_person_in_a_photo_is_looked_for(capsys, index, photo, detector):
    words = ["find", index, "--image", photo, "--detector", detector]
    assert run(*words) == 0
    assert "--box 300,200,20,48" in capsys.readouterr().err
    assert run(*words, "--json") == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert (answer["box"], answer["hits"][0]["camera"]) == ([300, 200, 20, 48], "gate")
    assert answer["hits"][0]["score"] > 0.9
    assert "--box 300,200,20,48" in told.err


def test_without_a_person_or_with_several_the_photo_is_refused(index, photo, tmp_path, capsys):
    two = [(300, 200, 20, 48), (100, 200, 20, 48)]
    write_constant_detector(tmp_path / "two.onnx", SIZE, two)
    assert run("find", index, "--image", photo, "--detector", tmp_path / "two.onnx") == 2
    assert "--box 300,200,20,48; --box 100,200,20,48" in capsys.readouterr().err
    assert run("find", index, "--image", photo) == 2
    assert "nobody is found" in capsys.readouterr().err


def test_whole_is_not_searched(index, photo, capsys):
    assert run("find", index, "--image", photo, "--whole", "--json") == 0
    assert json.loads(capsys.readouterr().out)["box"] is None
    for more in (["--box", "0,0,9,9"], ["--detector", "x.onnx"]):
        assert run("find", index, "--image", photo, "--whole", *more) == 2
        assert "exclude each other" in capsys.readouterr().err
    assert run("find", index, "--tracklet", "x", "--whole") == 2
    assert "goes with --image" in capsys.readouterr().err


def test_who_is_alone_in_a_photo_is_forgotten(capsys, index, photo, detector):
    words = ["forget", index, "--image", photo, "--above", "0.9"]
    assert run(*words) == 2
    assert "nobody is found" in capsys.readouterr().err
    assert len(content(index)) == 4
    assert run(*words, "--detector", detector) == 0
    assert "--box 300,200,20,48" in capsys.readouterr().err
    assert len(content(index)) == 3


@pytest.mark.parametrize("action", [["find"], ["forget", "--above", "0.9"]])
def test_a_class_that_the_detector_does_not_have_is_refused(capsys, index, photo, detector, action):
    name, *more = action
    assert run(name, index, "--image", photo, "--detector", detector, "--person-class", 1, *more) == 2
    assert "class" in capsys.readouterr().err
    assert len(content(index)) == 4
