"""Pose files in every form that AlphaPose writes, with their traps."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mindreid.errors import DataError
from mindreid.preprocess.views.pose_files import ImageName, read_poses
from mindreid.walkers import synthesize


def person(count=17, x=1.0, confidence=0.9):
    return [value for index in range(count) for value in (x + index, 2.0 * index, confidence)]


def entry(image, keypoints, score=1.0):
    return {"image_id": image, "category_id": 1, "keypoints": keypoints, "score": score}


@pytest.fixture
def write(tmp_path):
    def write_json(content, name="alphapose-results.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write_json


@pytest.mark.parametrize("count", [17, 18, 26, 136])
def test_the_default_list(write, count):
    path = write([entry("a.jpg", person(count)), entry("b.jpg", person(count, x=7.0))])
    poses = read_poses(path)
    assert list(poses) == [("", "a.jpg"), ("", "b.jpg")]
    assert poses["", "b.jpg"].keypoints[0].tolist() == [7.0, 0.0, 0.9]
    assert poses["", "a.jpg"].keypoints.shape == (26, 3)


def test_the_person_with_the_highest_score_is_taken_and_the_first_of_equal_ones(write):
    path = write([
        entry("a.jpg", person(x=1), 2.5), entry("a.jpg", person(x=2), 3.1), entry("a.jpg", person(x=3), 3.1),
        entry("b.jpg", person(x=4), 0.2),
    ])  # fmt: skip
    poses = read_poses(path)
    assert [pose.keypoints[0, 0] for pose in poses.values()] == [2, 4]


def test_nobody_at_all(write):
    assert read_poses(write([])) == {}


def test_evaluation_mode_names_images_by_number(write):
    assert list(read_poses(write([entry(397133, person())]))) == [ImageName("", 397133)]


def test_confidences_up_to_six_become_shares_of_the_largest(write):
    path = write([entry("a.jpg", person(confidence=6.0)), entry("b.jpg", person(confidence=1.5))])
    poses = read_poses(path)
    assert poses["", "a.jpg"].keypoints[:17, 2] == pytest.approx(1.0)
    assert poses["", "b.jpg"].keypoints[:17, 2] == pytest.approx(0.25)


def test_coordinates_outside_the_image_stay(write):
    poses = read_poses(write([entry("a.jpg", person(x=-30.0))]))
    assert poses["", "a.jpg"].keypoints[0, 0] == -30.0


DICTIONARIES = {"cmu": ("bodies", "joints"), "open": ("people", "pose_keypoints_2d")}


@pytest.mark.parametrize("form", DICTIONARIES)
def test_the_dictionary_forms(write, form):
    people, joints = DICTIONARIES[form]
    weak, strong = ({joints: person(18, x, c)} for x, c in ((1, 0.4), (50, 0.8)))
    path = write({
        "a.jpg": {"version": "AlphaPose v0.3", people: [weak, strong]},
        "b.jpg": {"version": "AlphaPose v0.3", people: []},
    })  # fmt: skip
    poses = read_poses(path)
    assert list(poses) == [("", "a.jpg")]
    # The left eye is the 16th of the 18 points; the neck is left out.
    assert poses["", "a.jpg"].keypoints[1].tolist() == [65.0, 30.0, 0.8]
    assert poses["", "a.jpg"].keypoints[18].tolist() == [0, 0, 0]


def test_one_file_per_image(write, tmp_path):
    for name in ("0001.json", "0002.x.json"):
        write(
            {"version": "AlphaPose v0.3", "people": [{"pose_keypoints_2d": person(18)}]}, f"sep-json/{name}"
        )
    assert sorted(read_poses(tmp_path / "sep-json")) == [("", "0001"), ("", "0002")]
    assert list(read_poses(tmp_path / "sep-json" / "0001.json")) == [("", "0001")]


def test_a_tree_keeps_equal_names_apart(write, tmp_path):
    for folder, x in (("A/001", 1.0), ("B/001", 2.0)):
        write([entry("cropped_rgb001.jpg", person(x=x))], f"{folder}/alphapose-results.json")
        write({"people": [{"pose_keypoints_2d": person(18)}]}, f"{folder}/sep-json/cropped_rgb001.json")
    poses = read_poses(tmp_path)
    assert {name: pose.keypoints[0, 0] for name, pose in poses.items()} == {
        ("A/001", "cropped_rgb001.jpg"): 1.0,
        ("B/001", "cropped_rgb001.jpg"): 2.0,
    }


def test_walkers_annotations(tmp_path):
    synthesize("market1501", tmp_path / "walkers", 2, 1, cameras=2, frames=2, size=(64, 32), annotations=True)
    poses = read_poses(tmp_path / "walkers" / "annotations" / "frames.jsonl")
    assert len(poses) == 8
    for name, pose in poses.items():
        assert (tmp_path / "walkers" / name.name).is_file()
        assert set(np.unique(pose.keypoints[:, 2])) <= {0.0, 0.5, 1.0}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot read the keypoints"),
        ("7", "neither a list nor a dictionary"),
        ([{"keypoints": []}], "entry 1"),
        ([entry("a.jpg", person()), entry("b.jpg", [1.0, 2.0])], "flat list.*entry 2"),
        ([entry("a.jpg", [[1, 2, 3]])], "flat list.*entry 1"),
        ([entry("a.jpg", ["x"] * 51)], "numbers.*entry 1"),
        ([entry("a.jpg", person(16))], "MPII.*entry 1"),
        ({"a.jpg": {"persons": []}}, "neither 'people' nor 'bodies'.*image 'a.jpg'"),
        ({"a.jpg": {"people": [{"joints": []}]}}, "lacks 'pose_keypoints_2d'.*person 1"),
    ],
)
def test_files_of_another_form_are_one_error(write, content, message):
    with pytest.raises(DataError, match=message):
        read_poses(write(content))


def test_missing_files_are_one_error(tmp_path):
    with pytest.raises(DataError, match="cannot read the keypoints"):
        read_poses(tmp_path / "nothing.json")
    with pytest.raises(DataError, match=r"no \.json file"):
        read_poses(tmp_path)
