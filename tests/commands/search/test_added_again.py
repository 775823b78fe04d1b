"""What `mindreid search add` makes of a recording that is in the index already, found in another way."""

import json

import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.search.index import open_index
from tests.commands.search.two_cameras import START, add_command, content, run
from tests.search.constant_detector import write_constant_detector
from tests.search.recordings import write_walk

for package in ("av", "norfair"):
    pytest.importorskip(package, reason="needs the extra `search`")


@pytest.fixture
def photos(scene, tmp_path):
    """Two photos in which OpenCV's detector finds nobody."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for person in (1, 2):
        Image.open(scene / f"{person}.png").save(folder / f"{person}.png")
    return folder


def add_photos(scene, index, photos, *more):
    return run("add", index, "--photos", photos, "--camera", "x", "--model", scene / "colours.onnx", *more)


def forget_notes(index):
    """Make an index such as earlier versions wrote."""
    opened = open_index(index)
    opened.rows.run("DELETE FROM facts WHERE key LIKE 'found/%'")
    opened.close()


def test_a_video_is_passed_over_only_if_it_is_added_in_the_same_way(scene, index, capsys, tmp_path):
    assert main(add_command(scene, index, "hall")) == 0
    assert "hall.mp4 is in the index already, with 2 tracklets: nothing was added" in capsys.readouterr().out
    boxes = json.loads((scene / "hall.mp4.json").read_text())
    (tmp_path / "fewer.json").write_text(json.dumps(boxes[:-1]))
    plain = ["add", index, "--video", scene / "hall.mp4", "--camera", "hall", "--start", START]
    for words in (
        add_command(scene, index, "hall", "--crops", "3")[1:],
        [*plain, "--rate", "10"],
        [*plain, "--boxes", tmp_path / "fewer.json"],
    ):
        capsys.readouterr()
        assert run(*words) == 2, words
        error = capsys.readouterr().err
        assert "in the index already, with persons found by given boxes" in error
        assert "mindreid search forget INDEX --recording" in error
    assert len(content(index)) == 4
    # As it says; the same boxes in another file are the same.
    (source,) = [source.id for source in open_index(index).sources() if source.camera == "hall"]
    assert run("forget", index, "--recording", source[:12]) == 0
    assert main(add_command(scene, index, "hall", "--crops", "3")) == 0
    assert len(content(index)) == 4
    (tmp_path / "same.json").write_text(json.dumps(boxes, indent=2))
    assert run(*plain, "--boxes", tmp_path / "same.json", "--crops", 3) == 0


def test_of_several_videos_none_is_added_if_one_may_not_be(scene, index, tmp_path, capsys):
    new, _ = write_walk(tmp_path, "new.mp4", metadata={"creation_time": "2026-11-01T07:30:00Z"})
    assert run("add", index, "--video", new, scene / "hall.mp4", "--camera", "hall") == 2
    assert "hall.mp4" in capsys.readouterr().err
    assert len(open_index(index).sources()) == 2


def test_photos_in_which_nobody_was_found_are_looked_at_again(scene, tmp_path, photos, capsys):
    index = tmp_path / "photo index"
    assert add_photos(scene, index, photos, "--start", "2026-11-01T07:00Z") == 0
    assert len(content(index)) == 0
    assert add_photos(scene, index, photos) == 0
    told = capsys.readouterr().out
    assert "0 persons in 0 photos; 2 were there already" in told
    assert "2 have nobody in them: with --whole or another --detector" in told
    assert add_photos(scene, index, photos, "--whole") == 0
    assert "2 persons in 2 photos; 0 were there" in capsys.readouterr().out
    # When they were taken was said the first time.
    assert {str(source.start) for source in open_index(index).sources()} == {"2026-11-01 07:00:00+00:00"}
    assert add_photos(scene, index, photos, "--whole") == 0
    assert "have nobody" not in capsys.readouterr().out


def test_photos_with_persons_are_not_looked_at_in_another_way(scene, tmp_path, photos, capsys):
    index = tmp_path / "photo index"
    assert add_photos(scene, index, photos, "--whole") == 0
    detector = write_constant_detector(tmp_path / "one.onnx", (48, 20), [(0, 0, 20, 40)])
    Image.new("RGB", (20, 48), (9, 9, 9)).save(photos / "0.png")
    for more in ([], ["--detector", detector]):
        assert add_photos(scene, index, photos, *more) == 2
        assert (
            "persons found by taking every photo as one person (--whole), not by" in capsys.readouterr().err
        )
    assert len(open_index(index).sources()) == 2
    # Who was forgotten does not come back.
    for name in content(index):
        assert run("forget", index, "--tracklet", name) == 0
    (photos / "0.png").unlink()
    assert add_photos(scene, index, photos, "--detector", detector) == 2
    assert add_photos(scene, index, photos, "--whole") == 0
    assert len(content(index)) == 0


def test_of_an_index_of_an_earlier_version_it_is_said_that_nothing_is_known(
    scene, index, tmp_path, photos, capsys
):
    forget_notes(index)
    assert len(content(index)) == 4
    assert main(add_command(scene, index, "hall", "--crops", "3")) == 0
    told = capsys.readouterr().out
    assert "did not note what found its persons" in told
    assert "--recording" in told
    add_photos(scene, tmp_path / "old", photos)
    forget_notes(tmp_path / "old")
    capsys.readouterr()
    assert add_photos(scene, tmp_path / "old", photos, "--whole") == 0
    told = capsys.readouterr().out
    assert "2 were there already" in told
    assert "added 2 of them and did not note" in told
