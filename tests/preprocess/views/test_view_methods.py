"""The view angle from keypoints: stick figures, invariances, missing points, generated walkers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.data.keypoints import KEYPOINT_INDEX, KEYPOINT_NAMES
from mindreid.preprocess.views.pose_files import Pose
from mindreid.preprocess.views.view_angles import ViewBins
from mindreid.preprocess.views.view_cues import CUES, FEET, UnknownViewError
from mindreid.preprocess.views.view_labels import ViewRules, estimate_pitch, label_view
from mindreid.preprocess.views.view_methods import METHODS, paper, vote
from mindreid.walkers import Walk, render_walk
from tests.preprocess.views.stick_figure import mirrored, stick_figure

BINS = ViewBins.parse("front-back-side")
FINE = ViewBins.parse("24")
TURNS = range(-165, 181, 15)
FEET_POINTS = [name for name in KEYPOINT_NAMES if name.endswith(("toe", "heel"))]
FACE_POINTS = ["nose", "left_eye", "right_eye", "left_ear", "right_ear"]


def apart(first, second):
    return abs((first - second + 180) % 360 - 180)


def without(keypoints, names):
    reduced = keypoints.copy()
    reduced[[KEYPOINT_INDEX[name] for name in names], 2] = 0.0
    return reduced


@pytest.mark.parametrize("angle", TURNS)
def test_a_turned_stick_figure(angle):
    found, number, confidence = vote(stick_figure(angle)).decide(FINE)
    assert apart(found, angle) <= 8
    assert FINE.names[number] == f"{angle}"
    assert confidence > 0.5


@pytest.mark.parametrize(
    "lacking", [FEET_POINTS, FACE_POINTS, KEYPOINT_NAMES[17:]], ids=("feet", "face", "COCO")
)
@pytest.mark.parametrize("angle", TURNS)
def test_a_stick_figure_without_some_points(angle, lacking):
    found, _, _ = vote(without(stick_figure(angle), lacking)).decide(FINE)
    assert apart(found, angle) <= 15


@pytest.mark.parametrize("angle", TURNS)
def test_paper_takes_feet_side_by_side_for_standing(angle):
    found, _, _ = paper(stick_figure(angle, pitch=20.0)).decide(FINE)
    assert apart(found, angle) <= 1


@pytest.mark.parametrize("angle", TURNS)
def test_paper_takes_one_foot_before_the_other_for_walking(angle):
    keypoints = stick_figure(angle, pitch=30.0)
    turn = np.radians(angle)
    ahead = 200 * 0.5 * np.array([np.sin(turn), np.sin(np.radians(30)) * np.cos(turn)])
    for name in ("ankle", "heel", "big_toe"):
        keypoints[KEYPOINT_INDEX[f"left_{name}"], :2] += ahead
    found, _, _ = paper(keypoints, 30.0).decide(FINE)
    # The feet are also 0.12 apart from side to side, which turns a step of 0.5 by 13.5 degrees.
    assert apart(found, angle) == pytest.approx(np.degrees(np.arctan2(0.12, 0.5)), abs=0.1)


def poses(draw):
    angle = draw(st.floats(-180, 180))
    noise = np.random.default_rng(draw(st.integers(0, 10**6)))
    keypoints = stick_figure(angle)
    keypoints[:, :2] += noise.normal(0, 3, (26, 2))
    keypoints[:, 2] = noise.choice([0.0, 0.4, 0.9], 26, p=[0.15, 0.25, 0.6])
    return keypoints


def belief(method, keypoints):
    try:
        return METHODS[method](keypoints, None)
    except UnknownViewError as reason:
        return str(reason)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), method=st.sampled_from(sorted(METHODS)))
def test_the_mirror_image_has_the_negative_angle(data, method):
    keypoints = poses(data.draw)
    found, mirror = belief(method, keypoints), belief(method, mirrored(keypoints))
    if isinstance(found, str):
        assert mirror == found
        return
    flipped = 180.0 - (180.0 + mirror.angles) % 360.0
    by_angle = np.argsort(found.angles), np.argsort(flipped)
    np.testing.assert_allclose(found.angles[by_angle[0]], flipped[by_angle[1]], atol=1e-6)
    np.testing.assert_allclose(found.weights[by_angle[0]], mirror.weights[by_angle[1]], atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    method=st.sampled_from(sorted(METHODS)),
    scale=st.floats(0.1, 20),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_shift_and_scale_change_nothing(data, method, scale, shift):
    keypoints = poses(data.draw)
    moved = keypoints * [scale, scale, 1] + [*shift, 0]
    found, same = belief(method, keypoints), belief(method, moved)
    if isinstance(found, str):
        assert same == found
        return
    np.testing.assert_allclose(same.angles, found.angles, atol=1e-5)
    np.testing.assert_allclose(same.weights, found.weights, atol=1e-6)


def walkers(count=150, seed=31):
    for number in range(count):
        azimuth = -180 + 360 * (number + 0.5) / count
        yield render_walk(seed, Walk(pid=number + 1, camid=number % 10), 1, azimuth=azimuth)[0]


@pytest.fixture(scope="module")
def frames():
    return list(walkers())


def shares_right(frames, noise=0.0, missing=0.0):
    rng = np.random.default_rng(0)
    right = []
    for frame in frames:
        keypoints = frame.keypoints.astype(float)
        keypoints[:, 2] *= 0.5
        keypoints[:, :2] += noise * rng.standard_normal((26, 2))
        keypoints[rng.random(26) < missing, 2] = 0.0
        view = label_view("", Pose(keypoints, 1.0), ViewRules())
        right.append(view.bin == BINS.numbers(np.array(frame.azimuth)))
    return np.mean(right)


def test_walkers_of_known_azimuth(frames):
    assert shares_right(frames) >= 0.95
    assert shares_right(frames, noise=5.0) >= 0.85
    assert shares_right(frames, missing=0.3) >= 0.85


def test_the_plan_is_that_of_walking_bodies(frames):
    """Regress where the marks lie on the angle; half the figures' walkers decide, of another seed."""
    angles = np.radians([frame.azimuth for frame in frames])
    keypoints = np.array([frame.keypoints for frame in frames])
    ankles, head = keypoints[:, 15:17, 1].mean(1), keypoints[:, :5, 1].mean(1)
    stature = (ankles - head) / (0.415 + 0.473)
    for name, marks in {**CUES, **FEET}.items():
        first, last = (keypoints[:, mark.indices, 0].mean(1) / stature for mark in (marks[0], marks[-1]))
        design = np.column_stack([np.sin(angles), np.cos(angles)])
        (ahead, left), *_ = np.linalg.lstsq(design, first - last, rcond=None)
        expected = marks[0].ahead - marks[-1].ahead, marks[0].left - marks[-1].left
        assert (ahead, left) == pytest.approx(expected, abs=0.015), name


def test_a_camera_s_pitch_is_found():
    found = []
    for pitch in (8.0, 25.0):
        poses = [Pose(stick_figure(angle, pitch=pitch), 1.0) for angle in range(-170, 181, 10)]
        found.append(estimate_pitch(poses, ViewRules()))
    assert found == pytest.approx([8.0, 25.0], abs=3.0)


def test_a_camera_s_pitch_is_not_guessed_from_one_side():
    poses = [Pose(stick_figure(90.0), 1.0)] * 30
    assert estimate_pitch(poses, ViewRules()) is None
    assert estimate_pitch([None] * 30, ViewRules()) is None


UPRIGHT = stick_figure(0.0)


@pytest.mark.parametrize(
    ("keypoints", "method", "reason"),
    [
        (without(UPRIGHT, KEYPOINT_NAMES), "vote", "no confident keypoints"),
        (without(UPRIGHT, KEYPOINT_NAMES[5:]), "vote", "too little of the body is seen"),
        (UPRIGHT * [1, -1, 1], "vote", "the body is not upright"),
        (without(UPRIGHT, [n for n in KEYPOINT_NAMES if n not in ("neck", "left_ankle")]), "vote", "too few"),
        (without(UPRIGHT, FACE_POINTS), "paper", "the head is not seen"),
        (without(UPRIGHT, [*FEET_POINTS, "left_ankle"]), "paper", "the feet are not seen"),
        (stick_figure(90.0, pitch=1.0), "paper", "the feet are together"),
    ],
)
def test_what_cannot_be_told_has_a_reason(keypoints, method, reason):
    view = label_view("a.jpg", Pose(keypoints, 1.0), ViewRules(method=method))
    assert (view.angle, view.bin, view.name) == (None, None, "")
    assert reason in view.reason


def test_points_below_the_threshold_are_not_seen():
    keypoints = stick_figure(0.0)
    keypoints[:, 2] = 0.29
    assert label_view("a.jpg", Pose(keypoints, 1.0), ViewRules()).reason == "no confident keypoints"
    assert label_view("a.jpg", Pose(keypoints, 1.0), ViewRules(threshold=0.2)).name == "front"


def test_disagreeing_cues_have_no_label():
    keypoints = stick_figure(45.0)
    view = label_view("a.jpg", Pose(keypoints, 1.0), ViewRules(min_confidence=0.99))
    assert (view.bin, view.reason) == (None, "the cues disagree")
    assert 0.3 < view.confidence < 0.99
