from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mindreid.errors import InvalidArgumentError
from mindreid.walkers import KEYPOINT_NAMES, Walk, render_walk
from mindreid.walkers import walk as walk_module
from mindreid.walkers.scene.camera import draw_camera

SIZE = (128, 64)
OUTSIDE, OCCLUDED, VISIBLE = 0, 1, 2
PERSONS = range(1, 7)


def index(name):
    return KEYPOINT_NAMES.index(name)


def render(pid=1, frames=6, seed=1, camid=0, outfit=0, **options):
    options = {"size": SIZE, "occlusion": 0.0, **options}
    return render_walk(seed, Walk(pid, outfit, camid), frames, **options)


def horizontal(frames, name):
    return np.array([frame.keypoints[index(name), 0] for frame in frames])


def share_visible(frames, name):
    return np.mean([frame.keypoints[index(name), 2] == VISIBLE for frame in frames])


def test_frames_have_the_promised_shapes_and_types():
    frame = render(size=(96, 40))[0]
    assert frame.image.shape == (96, 40, 3)
    assert frame.keypoints.shape == (26, 3)
    assert frame.keypoints.dtype == np.float32
    for mask in (frame.silhouette, frame.face, frame.shoes):
        assert mask.shape == (96, 40)
        assert mask.dtype == frame.image.dtype == np.uint8
        assert set(np.unique(mask)) <= {0, 255}


def test_the_same_walk_is_rendered_identically_whatever_came_before():
    alone = render(pid=5, camid=2)
    for pid in range(1, 5):
        render(pid=pid, camid=pid % 3)
    again = render(pid=5, camid=2)
    for one, other in zip(alone, again):
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.silhouette, other.silhouette)
        np.testing.assert_array_equal(one.keypoints, other.keypoints)
        assert one.azimuth == other.azimuth


@pytest.mark.parametrize("other", [{"seed": 2}, {"pid": 2}, {"camid": 1}, {"outfit": 1}])
def test_seed_person_camera_and_outfit_all_change_the_image(other):
    difference = render()[0].image.astype(int) - render(**other)[0].image
    assert np.abs(difference).mean() > 3


@pytest.mark.parametrize("pid", PERSONS)
def test_the_silhouette_is_where_the_figure_hides_the_background(pid, monkeypatch):
    clear = replace(draw_camera(1, 0), resolution=1e4, blur=0.0, gain=(1.0, 1.0, 1.0), gamma=1.0)
    monkeypatch.setattr(walk_module, "draw_camera", lambda seed, camid: clear)
    images = []
    for level in (60, 200):
        # Two backgrounds: what differs between the renderings is not the figure.
        scene = np.full((SIZE[0], 6 * SIZE[1], 3), level, dtype=np.uint8)
        monkeypatch.setattr(walk_module, "draw_scene", lambda *key, scene=scene: scene)
        images.append(render(pid=pid))
    for dark, light in zip(*images):
        see_through = np.abs(light.image.astype(int) - dark.image).max(axis=2)
        figure = dark.silhouette > 0
        # The backgrounds are 140 apart, in the shadow at least 140 * 150 / 255: a pixel that the
        # figure covers by half lets half of that through.
        assert see_through[figure].max() <= 71
        assert np.median(see_through[figure]) == 0
        assert see_through[~figure].min() >= 40


@pytest.mark.parametrize("pid", PERSONS)
def test_visible_keypoints_lie_on_the_figure_and_their_states_fit_the_frame(pid):
    for frame in render(pid=pid, frames=12, occlusion=0.5):
        x, y, state = frame.keypoints.T
        inside = (x >= 0) & (x < SIZE[1]) & (y >= 0) & (y < SIZE[0])
        np.testing.assert_array_equal(state == OUTSIDE, ~inside)
        figure = cv2.dilate(frame.silhouette, np.ones((3, 3)))
        seen = state == VISIBLE
        assert np.all(figure[y[seen].astype(int), x[seen].astype(int)] == 255)


@pytest.mark.parametrize("pid", PERSONS)
def test_shoulders_tell_front_from_back(pid):
    for azimuth, sign in ((0, 1), (30, 1), (-30, 1), (180, -1), (150, -1), (-150, -1)):
        frames = render(pid=pid, azimuth=azimuth)
        across = horizontal(frames, "left_shoulder") - horizontal(frames, "right_shoulder")
        assert np.all(sign * across > 0)


@pytest.mark.parametrize("pid", PERSONS)
def test_toes_point_where_the_azimuth_says(pid):
    pitch = np.radians(draw_camera(1, 0).pitch)
    for azimuth in range(-165, 181, 15):
        frames = render(pid=pid, frames=20, azimuth=azimuth)
        points = np.mean([frame.keypoints for frame in frames], axis=0)
        forward = np.zeros(2)
        for side in ("left", "right"):
            forward += points[index(f"{side}_big_toe"), :2] - points[index(f"{side}_heel"), :2]
        # Distances along the line of sight are shortened by the sine of the pitch; lifted heels
        # and perspective leave some degrees.
        measured = np.degrees(np.arctan2(forward[0], forward[1] / np.sin(pitch)))
        difference = (measured - azimuth + 180) % 360 - 180
        assert abs(difference) < 30


@pytest.mark.parametrize("pid", PERSONS)
def test_a_face_is_seen_from_the_front_only(pid):
    front, back = render(pid=pid, azimuth=0), render(pid=pid, azimuth=180)
    assert all(frame.face.any() for frame in front)
    assert not any(frame.face.any() for frame in back)
    for name in ("nose", "left_eye", "right_eye"):
        assert share_visible(front, name) > 0.8
        assert share_visible(back, name) == 0


@pytest.mark.parametrize("pid", PERSONS)
def test_from_the_side_the_far_shoulder_and_eye_are_hidden(pid):
    for azimuth, near, far in ((90, "right", "left"), (-90, "left", "right")):
        frames = render(pid=pid, azimuth=azimuth, frames=8)
        assert share_visible(frames, f"{near}_shoulder") > 0.8
        assert share_visible(frames, f"{far}_shoulder") == 0
        assert share_visible(frames, f"{far}_eye") == 0


@pytest.mark.parametrize("pid", PERSONS)
def test_shoes_are_at_the_feet(pid):
    for frame in render(pid=pid, frames=8):
        rows, columns = np.nonzero(frame.shoes)
        feet = frame.keypoints[20:]
        assert np.all(frame.silhouette[frame.shoes > 0] == 255)
        if len(rows):
            margin = 0.25 * SIZE[0]
            assert rows.min() > feet[:, 1].min() - margin
            assert columns.min() > feet[:, 0].min() - margin
            assert columns.max() < feet[:, 0].max() + margin


@pytest.mark.parametrize("pid", PERSONS)
def test_an_obstacle_only_takes_away(pid):
    clear, hidden = render(pid=pid, frames=4), render(pid=pid, frames=4, occlusion=1.0)
    lost = 0
    for one, other in zip(clear, hidden):
        assert not np.any((other.silhouette > 0) & (one.silhouette == 0))
        np.testing.assert_array_equal(one.keypoints[:, :2], other.keypoints[:, :2])
        assert np.all(other.keypoints[:, 2] <= one.keypoints[:, 2])
        lost += np.count_nonzero(one.silhouette) - np.count_nonzero(other.silhouette)
    assert lost >= 0


def test_most_obstacles_hide_something():
    clear = [render(pid=pid, frames=1)[0].silhouette for pid in range(1, 25)]
    hidden = [render(pid=pid, frames=1, occlusion=1.0)[0].silhouette for pid in range(1, 25)]
    smaller = [np.count_nonzero(other) < np.count_nonzero(one) for one, other in zip(clear, hidden)]
    assert np.mean(smaller) > 0.9


def test_proportions_stay_with_the_person_when_the_outfit_changes():
    def proportions(pid, outfit):
        frames = render(pid=pid, outfit=outfit, frames=16, azimuth=0, size=(256, 128))
        x, y, _ = np.mean([frame.keypoints for frame in frames], axis=0).T
        torso = y[index("hip_centre")] - y[index("neck")]
        shoulders = x[index("left_shoulder")] - x[index("right_shoulder")]
        head = y[index("neck")] - y[index("head_top")]
        hips = x[index("left_hip")] - x[index("right_hip")]
        return np.array([shoulders, head, hips]) / torso

    first, second = (np.array([proportions(pid, outfit) for pid in range(1, 9)]) for outfit in (0, 1))
    within = np.abs(first - second).mean(axis=0)
    between = first.std(axis=0)
    assert np.all(within < 0.25 * between)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": 0}, "at least one frame"),
        ({"size": (16, 16)}, "32 × 16"),
        ({"occlusion": 1.5}, "occlusion"),
        ({"frame_rate": 0.0}, "frame rate"),
        ({"pid": -1}, "negative"),
        ({"seed": -1}, "negative"),
    ],
)
def test_senseless_arguments_are_refused(change, message):
    with pytest.raises(InvalidArgumentError, match=message):
        render(**change)
