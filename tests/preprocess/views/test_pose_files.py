"""Pose files in every form that AlphaPose writes, with their traps."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_a_confidence_above_1_is_1_and_changes_no_other(write):
    """What other projects were told of: all at 0.40, and one of another image at 1.407."""
    odd = person(confidence=0.4)
    odd[2] = 1.407
    poses = read_poses(write([entry("a.jpg", person(confidence=0.4)), entry("b.jpg", odd)]))
    assert poses["", "a.jpg"].keypoints[:17, 2] == pytest.approx(0.4)
    assert poses["", "b.jpg"].keypoints[:2, 2].tolist() == [1.0, 0.4]


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
    assert list(poses) == [("", "a.jpg"), ("", "b.jpg")]
    assert poses["", "b.jpg"] is None
    # The left eye is the 16th of the 18 points; the neck is left out.
    assert poses["", "a.jpg"].keypoints[1].tolist() == [65.0, 30.0, 0.8]
    assert poses["", "a.jpg"].keypoints[18].tolist() == [0, 0, 0]


def test_one_file_per_image(write, tmp_path):
    for name in ("0001.json", "0002.x.json"):
        write(
            {"version": "AlphaPose v0.3", "people": [{"pose_keypoints_2d": person(18)}]}, f"sep-json/{name}"
        )
    assert sorted(read_poses(tmp_path / "sep-json")) == [("", "0001"), ("", "0002.x")]
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
        ([entry("a.jpg", [[1, 2, 3]])], "1 keypoints.*entry 1"),
        ([entry("a.jpg", [[1, 2]] * 17)], "flat list.*entry 1"),
        ([entry("a.jpg", [10**400] * 51)], "numbers.*entry 1"),
        ([entry("a.jpg", person(), "high")], "score is a number.*entry 1"),
        ([entry(True, person())], "entry 1"),
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ('[{"image_id": "a.jpg", "keyp', "cannot read the keypoints"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a.jpg": {"people": []}, "a.jpg": {"people": []}}', "'a.jpg' occurs twice"),
        ({"people": 3}, "list of persons, not a int"),
        ({"annotations": {}}, "'annotations' is a list"),
        ({"annotations": [{"keypoints": person()}]}, "image_id is that of no image.*annotation 1"),
        ({"annotations": [], "images": [{"id": 1}]}, "lacks its id or its file_name.*image 1"),
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
    with pytest.raises(DataError, match="No such file"):
        read_poses(tmp_path / "nothing.json")
    with pytest.raises(DataError, match=r"no \.json file"):
        read_poses(tmp_path)


def open_pose(folder, image, people):
    (folder / f"{image}_keypoints.json").write_text(
        json.dumps({"version": 1.3, "people": people}), encoding="utf-8"
    )


def test_open_pose_s_own_files(tmp_path, caplog):
    caplog.set_level("INFO")
    weak, strong = (
        {"person_id": [-1], "pose_keypoints_2d": person(25, x, c)} for x, c in ((1, 0.4), (9, 0.8))
    )
    open_pose(tmp_path, "0", [weak, strong])
    open_pose(tmp_path, "1.x", [])
    open_pose(tmp_path, "2", [{"pose_keypoints_2d": [], "face_keypoints_2d": [1.0, 1.0, 0.5]}])
    poses = read_poses(tmp_path)
    assert list(poses) == [("", "0_keypoints"), ("", "1.x_keypoints"), ("", "2_keypoints")]
    assert [pose is None for pose in poses.values()] == [False, True, True]
    assert poses["", "0_keypoints"].keypoints[24].tolist() == [9.0 + 21, 42.0, 0.8]  # the left heel
    assert "1 images have several persons, the first is '0_keypoints'" in caplog.text


def test_coco_annotations_are_of_the_images_that_they_name(write):
    visible, hidden, nothing = [5.0, 6.0, 2], [7.0, 8.0, 1], [0, 0, 0]
    content = {
        "images": [
            {"id": 4, "file_name": "val/a.jpg"},
            {"id": 9, "file_name": "val/b.jpg"},
            {"id": 11, "file_name": "val/c.jpg"},
        ],
        "categories": [{"id": 1, "keypoints": ["left_hip", "nose", "right_ankle"]}, {"id": 2, "name": "dog"}],
        "annotations": [
            {"image_id": 4, "category_id": 1, "keypoints": visible + hidden + nothing},
            {"image_id": 4, "category_id": 2, "bbox": [0, 0, 1, 1]},
            {"image_id": 11, "category_id": 1, "keypoints": nothing * 3, "num_keypoints": 0},
        ],
    }
    poses = read_poses(write(content, "person_keypoints.json"))
    assert list(poses) == [("", "val/a.jpg"), ("", "val/b.jpg"), ("", "val/c.jpg")]
    assert poses["", "val/b.jpg"] is None
    keypoints = poses["", "val/a.jpg"].keypoints
    assert keypoints[[11, 0, 16]].tolist() == [[5, 6, 1], [7, 8, 0.5], [0, 0, 0]]


def test_annotations_with_coco_s_own_points_need_no_names(write):
    poses = read_poses(write({"annotations": [{"image_id": 12, "keypoints": person()}]}))
    assert poses["", 12].keypoints[16].tolist() == [17, 32, 0.9]


def as_objects(points, key):
    rows = [points[start : start + 3] for start in range(0, len(points), 3)]
    return [{"x": x, "y": y, "z": 0.1, key: c} for x, y, c in rows]


def with_depth(points):
    return [
        v for start in range(0, len(points), 3) for v in (*points[start : start + 2], -0.3, points[start + 2])
    ]


@pytest.mark.parametrize(
    "made", [lambda p: p, with_depth, lambda p: as_objects(p, "visibility"), lambda p: as_objects(p, "score")]
)
def test_media_pipe_s_landmarks(write, made):
    for key in ("keypoints", "landmarks"):
        poses = read_poses(write([{"image_id": "a.jpg", key: made(person(33))}]))
        assert poses["", "a.jpg"].keypoints[24].tolist() == [30.0, 58.0, 0.9]  # the left heel is the 30th


@pytest.mark.parametrize("text", ["null", "NaN", "Infinity", "1e999", "-1e300"])
def test_points_without_a_place_are_not_seen(write, text):
    content = json.dumps([entry("a.jpg", person(x=12345.0))]).replace("12345.0", text)
    poses = read_poses(write(content))
    assert np.flatnonzero(poses["", "a.jpg"].keypoints[:17, 2] == 0).tolist() == [0]


def test_numbers_in_quotes_are_numbers(write):
    poses = read_poses(write([entry("a.jpg", [str(value) for value in person()], "2.5")]))
    assert poses["", "a.jpg"].score == 2.5
    assert poses["", "a.jpg"].keypoints[3].tolist() == [4, 6, 0.9]


def test_a_score_that_is_none_does_not_win(write):
    content = json.dumps(
        [entry("a.jpg", person(x=1, confidence=0.2), float("nan")), entry("a.jpg", person(x=2))]
    )
    assert read_poses(write(content))["", "a.jpg"].keypoints[0, 0] == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marked_encodings(tmp_path, encoding):
    (tmp_path / "a.json").write_text(json.dumps([entry("数据.jpg", person())], ensure_ascii=False), encoding)
    assert list(read_poses(tmp_path / "a.json")) == [("", "数据.jpg")]


KEYS = (
    "image_id", "keypoints", "score", "people", "bodies", "joints", "pose_keypoints_2d", "images",
    "annotations", "categories", "id", "file_name", "landmarks", "x", "y", "category_id",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just(person()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                KEYS
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_whatever_a_file_holds_is_poses_or_one_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    try:
        poses = read_poses(path)
    except DataError as error:
        assert str(path) in str(error)  # noqa: PT017 - both outcomes are right
        return
    for pose in filter(None, poses.values()):
        assert pose.keypoints.shape == (26, 3)
        assert ((pose.keypoints[:, 2] >= 0) & (pose.keypoints[:, 2] <= 1)).all()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_noise_is_one_error(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("noise") / "a.json"
    path.write_bytes(noise)
    with contextlib.suppress(DataError):
        read_poses(path)
