"""The pose estimator in its own process: a stand-in that speaks the same lines, and MediaPipe itself."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.data.keypoint_table import read_keypoints
from mindreid.data.view_table import read_views
from mindreid.errors import InvalidArgumentError
from mindreid.preprocess.views import pose_estimation
from mindreid.preprocess.views.pose_estimation import PoseEstimatorError, estimate_poses, find_estimator
from mindreid.preprocess.views.pose_files import read_poses
from mindreid.preprocess.views.view_labels import list_images
from mindreid.walkers import Walk, render_walk
from tests.preprocess.views.stick_figure import stick_figure

#: Answers by the image's name, and notes whom it was asked about.
STAND_IN = """
import json, os, sys
calls = open({calls!r}, "a")
print(json.dumps({{"estimator": {name!r}}}), flush=True)
for line in sys.stdin:
    name = os.path.basename(json.loads(line))
    calls.write(name + "\\n")
    calls.flush()
    if name.startswith("dies"):
        sys.stderr.write("out of luck\\n")
        os._exit(134)
    if name.startswith("bad"):
        answer = {{"error": "the image cannot be read"}}
    elif name.startswith("nobody"):
        answer = {{"persons": []}}
    else:
        answer = {{"persons": [{{"keypoints": {keypoints!r}, "score": 1.5}}]}}
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def stand_in(tmp_path):
    """Make the command of a stand-in; ``stand_in.calls()`` lists the images it was asked about."""
    calls = tmp_path / "calls"

    def command(name="stand-in 1"):
        program = tmp_path / "stand_in.py"
        keypoints = stick_figure(90.0).round(1).ravel().tolist()
        program.write_text(
            STAND_IN.format(calls=str(calls), name=name, keypoints=keypoints), encoding="utf-8"
        )
        return [sys.executable, str(program)]

    command.calls = lambda: calls.read_text(encoding="utf-8").split()
    return command


def make_images(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 40)).save(folder / name)
    return list_images(folder)


def test_poses_are_written_as_alphapose_does(stand_in, tmp_path):
    images = make_images(tmp_path / "images", "a/1.png", "b/1.png", "b/nobody.png")
    target = tmp_path / "out" / "poses.json"
    assert estimate_poses(tmp_path / "images", images, target, stand_in()) == []
    entries = json.loads(target.read_text(encoding="utf-8"))
    assert [entry["image_id"] for entry in entries] == ["a/1.png", "b/1.png"]
    poses = read_poses(target)
    np.testing.assert_allclose(poses["", "b/1.png"].keypoints, stick_figure(90.0), atol=0.05)
    assert [path.name for path in target.parent.iterdir()] == ["poses.json"]


def test_an_image_that_kills_the_estimator_costs_itself_alone(stand_in, tmp_path, caplog):
    images = make_images(tmp_path, "1.png", "bad.png", "dies.png", "x.png")
    failed = estimate_poses(tmp_path, images, tmp_path / "poses.json", stand_in())
    assert failed == ["bad.png", "dies.png"]
    assert [name.name for name in read_poses(tmp_path / "poses.json")] == ["1.png", "x.png"]
    assert "dies.png: the pose estimator died at this image" in caplog.text


def test_an_interrupted_run_goes_on(stand_in, tmp_path):
    images = make_images(tmp_path, "1.png", "2.png", "dies1.png", "dies2.png", "dies3.png", "z.png")
    with pytest.raises(PoseEstimatorError, match="died at 3 images in a row, its last words: out of luck"):
        estimate_poses(tmp_path, images, tmp_path / "poses.json", stand_in())
    assert not (tmp_path / "poses.json").exists()
    kept = [image for image in images if image != "dies3.png"]
    failed = estimate_poses(tmp_path, kept, tmp_path / "poses.json", stand_in())
    assert failed == ["dies1.png", "dies2.png"]
    assert stand_in.calls() == ["1.png", "2.png", "dies1.png", "dies2.png", "dies3.png", "z.png"]
    assert [name.name for name in read_poses(tmp_path / "poses.json")] == ["1.png", "2.png", "z.png"]


@pytest.fixture
def interrupted(stand_in, tmp_path):
    """A run over images/ that was ended after 1.png and 2.png; the path of what it left."""
    images = make_images(tmp_path / "images", "1.png", "2.png", "dies1.png", "dies2.png", "dies3.png")
    with pytest.raises(PoseEstimatorError):
        estimate_poses(tmp_path / "images", images, tmp_path / "poses.json", stand_in())
    for path in (tmp_path / "images").glob("dies*"):
        path.unlink()
    (tmp_path / "calls").unlink()
    return tmp_path / "poses.json.partial"


@pytest.mark.parametrize("cut", [1, 20])
def test_a_line_that_was_cut_off_is_asked_again(stand_in, tmp_path, interrupted, cut):
    header, first, second, *_ = interrupted.read_text(encoding="utf-8").splitlines(keepends=True)
    interrupted.write_text(header + first + second[:-cut], encoding="utf-8")
    estimate_poses(tmp_path / "images", ["1.png", "2.png"], tmp_path / "poses.json", stand_in())
    assert stand_in.calls() == ["2.png"]
    assert [name.name for name in read_poses(tmp_path / "poses.json")] == ["1.png", "2.png"]


def test_what_another_estimator_did_is_not_mixed_in(stand_in, tmp_path, interrupted):
    estimate_poses(tmp_path / "images", ["1.png", "2.png"], tmp_path / "poses.json", stand_in("stand-in 2"))
    assert stand_in.calls() == ["1.png", "2.png"]


def test_what_was_found_in_another_folder_is_not_mixed_in(stand_in, tmp_path, interrupted):
    images = make_images(tmp_path / "others", "1.png", "2.png")
    for name in images:
        status = (tmp_path / "images" / name).stat()
        os.utime(tmp_path / "others" / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    estimate_poses(tmp_path / "others", images, tmp_path / "poses.json", stand_in())
    assert stand_in.calls() == ["1.png", "2.png"]


@pytest.mark.parametrize("change", ["content", "time"])
def test_an_image_that_was_replaced_is_asked_again(stand_in, tmp_path, interrupted, change):
    path = tmp_path / "images" / "2.png"
    status = path.stat()
    if change == "content":
        path.write_bytes(path.read_bytes() + b"more")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + (change == "time")))
    (tmp_path / "link").symlink_to("images")
    estimate_poses(tmp_path / "link", ["1.png", "2.png"], tmp_path / "poses.json", stand_in())
    assert stand_in.calls() == ["2.png"]


def test_an_estimator_that_does_not_start_is_one_error(tmp_path):
    images = make_images(tmp_path, "1.png")
    command = [sys.executable, "-c", "raise SystemExit('no module named mediapipe')"]
    with pytest.raises(PoseEstimatorError, match=r"does not start, its last words: no module.*--extras pose"):
        estimate_poses(tmp_path, images, tmp_path / "poses.json", command)
    with pytest.raises(PoseEstimatorError, match="cannot be started"):
        estimate_poses(tmp_path, images, tmp_path / "poses.json", [str(tmp_path / "nothing")])


def test_without_an_estimator_the_command_says_how_to_get_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pose_estimation, "_OWN_ENVIRONMENT", tmp_path / "pose")
    find = pose_estimation.importlib.util.find_spec
    without = lambda name: None if name.startswith("mediapipe") else find(name)  # noqa: E731
    monkeypatch.setattr(pose_estimation.importlib.util, "find_spec", without)
    make_images(tmp_path / "images", "1.png")
    arguments = ["--images", f"{tmp_path}/images", "--output", f"{tmp_path}/views.csv"]
    assert main(["data", "views", *arguments]) == 2
    assert "setup.sh --extras pose" in capsys.readouterr().err


def test_the_interpreter_that_is_named_estimates(stand_in, tmp_path, monkeypatch):
    """For an environment with MediaPipe stands a program that starts the stand-in, whatever it is told."""
    monkeypatch.setattr(pose_estimation, "_OWN_ENVIRONMENT", tmp_path / "pose")
    make_images(tmp_path / "images", "1.png", "nobody.png")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexec {shlex.join(stand_in())}\n")
    python.chmod(0o755)
    images, named = ["--images", f"{tmp_path}/images"], ["--pose-python", str(python)]
    assert main(["data", "views", *images, *named, "--output", f"{tmp_path}/views.csv"]) == 0
    views = read_views(tmp_path / "views.csv")
    assert {image: row.name for image, row in views.items()} == {"1.png": "side", "nobody.png": ""}
    assert main(["data", "keypoints", *images, *named, "--output", f"{tmp_path}/k.csv"]) == 0
    points = read_keypoints(tmp_path / "k.csv")
    np.testing.assert_allclose(points["1.png"], stick_figure(90.0), atol=0.06)
    assert points["nobody.png"] is None
    assert stand_in.calls() == ["1.png", "nobody.png"] * 2


def test_the_environment_of_setup_sh_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(pose_estimation, "_OWN_ENVIRONMENT", tmp_path / "pose")
    (tmp_path / "pose" / "bin").mkdir(parents=True)
    python = tmp_path / "pose" / "bin" / "python"
    python.touch()
    assert find_estimator()[0] == str(python)
    assert find_estimator(Path(sys.executable))[0] == sys.executable
    with pytest.raises(InvalidArgumentError, match="no such Python"):
        find_estimator(tmp_path / "nothing")


def test_an_interpreter_in_the_current_folder_is_taken_from_there(tmp_path, monkeypatch):
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path)
    assert find_estimator(Path("./python"))[0] == str(tmp_path / "python")


def test_the_table_names_images_without_an_answer(stand_in, tmp_path, monkeypatch, capsys):
    make_images(tmp_path / "images", "1.png", "bad.png", "nobody.png")
    monkeypatch.setattr("mindreid.preprocess.views.labelling.find_estimator", lambda python: stand_in())
    arguments = ["--images", f"{tmp_path}/images", "--output", f"{tmp_path}/views.csv"]
    assert main(["data", "views", *arguments]) == 0
    rows = read_views(tmp_path / "views.csv").values()
    assert [(row.name, row.reason) for row in rows] == [
        ("side", ""),
        ("", "the pose estimator has no answer"),
        ("", "no person found"),
    ]
    assert (tmp_path / "views.keypoints.json").is_file()


def has_mediapipe():
    try:
        command = find_estimator()
    except PoseEstimatorError:
        return False
    asked = subprocess.run([command[0], "-c", "import mediapipe"], capture_output=True, check=False)
    return asked.returncode == 0


@pytest.mark.skipif(
    not has_mediapipe(), reason="the extra 'pose' is not installed: scripts/setup.sh --extras pose"
)
def test_mediapipe_sees_generated_walkers(tmp_path):
    names = {"front": 0.0, "back": 180.0}
    for name, angle in names.items():
        frame = render_walk(5, Walk(pid=1), 1, size=(384, 192), occlusion=0.0, azimuth=angle)[0]
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.fromarray(frame.image).save(tmp_path / "images" / f"{name}.png")
    (tmp_path / "images" / "bad.png").write_bytes(b"no image")
    arguments = ["--images", f"{tmp_path}/images", "--output", f"{tmp_path}/views.csv"]
    assert main(["data", "views", *arguments]) == 0
    rows = read_views(tmp_path / "views.csv")
    assert rows["bad.png"].reason == "the pose estimator has no answer"
    assert {name: rows[f"{name}.png"].name for name in names} == {name: name for name in names}
    assert os.path.getsize(tmp_path / "views.keypoints.json") > 100
