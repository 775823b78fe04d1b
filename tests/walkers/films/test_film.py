"""Videos of walkers that pass several cameras, and what is true of them."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime

import cv2
import numpy as np
import pytest

import mindreid
from mindreid.cli import main
from mindreid.errors import InvalidArgumentError
from mindreid.walkers.films.film import film
from mindreid.walkers.films.passages import Lens, Place

SMALL = {"cameras": 3, "size": (96, 128), "frame_rate": 5.0}


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    root = tmp_path_factory.mktemp("film") / "place"
    return root, film(root, 5, 3, **SMALL)


def truth_of(root):
    return json.loads((root / "truth.json").read_text())


def frames_of(path):
    video, frames = cv2.VideoCapture(str(path)), []
    while True:
        found, frame = video.read()
        if not found:
            return frames
        frames.append(frame)


def boxes_of(path):
    """``{frame: {person: (left, top, right, bottom, visibility)}}`` with pixels from 0."""
    boxes = defaultdict(dict)
    for line in path.read_text().splitlines():
        frame, pid, left, top, width, height, _, _, seen = line.split(",")
        left, top = int(left) - 1, int(top) - 1
        boxes[int(frame)][int(pid)] = left, top, left + int(width), top + int(height), float(seen)
    return boxes


def seconds(text):
    return datetime.fromisoformat(text).timestamp()


def test_every_camera_has_a_video_boxes_and_a_start(filmed):
    root, counts = filmed
    truth = truth_of(root)
    assert [camera["name"] for camera in truth["cameras"]] == ["c1", "c2", "c3"] == list(counts)
    assert len({camera["start"] for camera in truth["cameras"]}) == 3
    for camera in truth["cameras"]:
        frames = frames_of(root / camera["video"])
        assert len(frames) == camera["frames"] == counts[camera["name"]]
        assert frames[0].shape == (96, 128, 3)
        for frame, boxes in boxes_of(root / camera["annotations"]).items():
            assert 1 <= frame <= len(frames)
            for left, top, right, bottom, seen in boxes.values():
                assert 0 <= left < right <= 128
                assert 0 <= top < bottom <= 96
                assert 0 <= seen <= 1
    assert json.loads((root / "generated.json").read_text())["kind"] == "generated walkers"


def test_everybody_has_a_photo_out_of_a_video(filmed):
    root, _ = filmed
    photos = {int(path.stem): cv2.imread(str(path)) for path in (root / "photos").iterdir()}
    assert sorted(photos) == [1, 2, 3, 4, 5]
    tallest = defaultdict(int)
    nearest = defaultdict(lambda: np.inf)
    for camera in truth_of(root)["cameras"]:
        frames, boxes = frames_of(root / camera["video"]), boxes_of(root / camera["annotations"])
        for frame, people in boxes.items():
            for pid, (left, top, _, bottom, seen) in people.items():
                if seen == 1.0:
                    tallest[pid] = max(tallest[pid], bottom - top)
                height, width = photos[pid].shape[:2]
                margin = round(0.04 * (bottom - top))
                x, y = max(left - margin, 0), max(top - margin, 0)
                there = frames[frame - 1][y : y + height, x : x + width]
                if there.shape == photos[pid].shape:
                    nearest[pid] = min(nearest[pid], np.abs(there.astype(int) - photos[pid]).mean())
    for pid, photo in photos.items():
        assert photo.shape[0] >= 0.9 * tallest[pid]
        assert nearest[pid] < 8, "a photo is cut out of a frame, but for what JPEG changes"


def test_persons_are_seen_when_the_truth_says_so(filmed):
    root, _ = filmed
    truth = truth_of(root)
    expected = defaultdict(set)
    for passage in truth["passages"]:
        expected[passage["camera"]].add(passage["pid"])
    for camera in truth["cameras"]:
        start, rate = seconds(camera["start"]), camera["frame_rate"]
        boxes = boxes_of(root / camera["annotations"])
        assert {pid for present in boxes.values() for pid in present} == expected[camera["name"]]
        for frame, present in boxes.items():
            now = start + (frame - 1) / rate
            for pid in present:
                assert any(
                    seconds(passage["enter"]) - 1 <= now <= seconds(passage["leave"]) + 1
                    for passage in truth["passages"]
                    if (passage["pid"], passage["camera"]) == (pid, camera["name"])
                )


def test_a_box_is_where_the_picture_changes(filmed):
    root, _ = filmed
    for name in ("c1", "c2", "c3"):
        frames = np.stack(frames_of(root / f"{name}.avi")).astype(int)
        empty = np.median(frames, axis=0)
        boxes = boxes_of(root / f"{name}.txt")
        outside, inside = [], []
        for frame, present in boxes.items():
            change = np.abs(frames[frame - 1] - empty).max(axis=2)
            covered = np.zeros(change.shape, bool)
            for left, top, right, bottom, seen in present.values():
                # The shadow lies around the feet.
                covered[max(top - 6, 0) : bottom + 10, max(left - 20, 0) : right + 20] = True
                if seen > 0.9:
                    inside.append(change[top:bottom, left:right].mean())
            outside.append(change[~covered].mean())
        assert min(inside) > 2 * np.mean(outside)


def test_several_are_in_a_picture_and_hide_each_other(tmp_path):
    film(tmp_path / "crowd", 8, 3, **{**SMALL, "cameras": 2, "frame_rate": 2.0})
    boxes = {name: boxes_of(tmp_path / "crowd" / f"{name}.txt") for name in ("c1", "c2")}
    assert max(len(present) for frames in boxes.values() for present in frames.values()) >= 2
    inner = [
        box
        for frames in boxes.values()
        for present in frames.values()
        for box in present.values()
        if box[0] > 0 and box[2] < 128 and box[3] < 96
    ]
    assert any(box[4] < 0.8 for box in inner)
    assert np.mean([box[4] == 1 for box in inner]) > 0.3


@pytest.mark.parametrize("cameras", [2, 4, 7])
def test_travel_times_lie_around_their_mean(cameras):
    place = Place(5, range(1, 200), cameras, Lens(240, 320))
    routes = defaultdict(list)
    for passage in place.passages():
        routes[passage.pid].append(passage)
    assert set(routes) == set(place.persons)
    shares = []
    for passages in routes.values():
        for before, after in zip(passages, passages[1:]):
            forward = after.camid == (before.camid + 1) % cameras
            backward = before.camid == (after.camid + 1) % cameras
            assert forward or backward
            means = [place.travel_mean(before.camid)] * forward + [place.travel_mean(after.camid)] * backward
            shares.append(
                min(((after.enter - before.leave) / mean for mean in means), key=lambda s: abs(s - 1))
            )
        assert len({passage.camid for passage in passages}) == len(passages)
    assert 0.97 < np.mean(shares) < 1.03
    assert 0.5 < min(shares) < 0.9 < 1.1 < max(shares) < 1.5
    assert 0.1 < np.mean([len(passages) == 1 for passages in routes.values()]) < 0.3


def test_a_person_walks_where_it_faces():
    place = Place(2, range(1, 40), 4, Lens(240, 320))
    for passage in place.passages():
        right, down, tall = place.lens.person(passage.ground(np.array([passage.enter, passage.leave])), 1.72)
        moves_right, comes_nearer = right[1] > right[0], tall[1] > tall[0]
        assert (0 < passage.azimuth < 180) == moves_right
        assert (abs(passage.azimuth) < 90) == comes_nearer == (down[1] > down[0])
        np.testing.assert_allclose(sorted(right), [0, 320], atol=1e-6)


def test_more_persons_leave_the_first_ones_as_they_were():
    few, many = (Place(2, range(1, end), 4, Lens(240, 320)).passages() for end in (5, 30))
    assert [passage for passage in many if passage.pid < 5] == few


def test_the_same_seed_writes_the_same_bytes(filmed, tmp_path):
    root, _ = filmed
    film(tmp_path / "again", 5, 3, **SMALL)
    names = sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
    assert len(names) == 8 + 5
    assert all((root / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in names)


def test_the_command_writes_what_the_reader_of_mot_sequences_takes(tmp_path, capsys):
    options = ["--ids", "9", "--seed", "3", "--cameras", "2", "--size", "256x192", "--frame-rate", "4"]
    assert main(["data", "film", "--root", str(tmp_path / "f"), *options, "--first-id", "50"]) == 0
    assert "frames of c1" in capsys.readouterr().out
    assert {passage["pid"] for passage in truth_of(tmp_path / "f")["passages"]} == set(range(50, 59))
    sequence = ["--video", str(tmp_path / "f" / "c1.avi"), "--annotations", str(tmp_path / "f" / "c1.txt")]
    assert main(["data", "from-mot", *sequence, "--root", str(tmp_path / "m")]) == 0
    dataset = mindreid.load_dataset("market1501", str(tmp_path / "m"))
    assert len(dataset.query) + len(dataset.train) > 0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"ids": 0}, "numbered from 1"),
        ({"first_id": 0}, "numbered from 1"),
        ({"seed": -1}, "not negative"),
        ({"cameras": 1}, "2 to 99 cameras"),
        ({"size": (95, 128)}, "96 to 4096"),
        ({"size": (97, 128)}, "even"),
        ({"frame_rate": 0.0}, "1 to 100 frames"),
        ({"frame_rate": float("nan")}, "1 to 100 frames"),
    ],
)
def test_numbers_that_make_no_sense(tmp_path, change, problem):
    arguments = {"ids": 2, "seed": 1, **SMALL, **change}
    with pytest.raises(InvalidArgumentError, match=problem):
        film(tmp_path / "f", **arguments)
    assert not (tmp_path / "f").exists()
