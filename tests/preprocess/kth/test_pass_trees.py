"""Painted walkers on painted ground, in videos named as KTH's, become two trees that load."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest

from mindreid import load_dataset
from mindreid.cli import main
from mindreid.data.formats.pickles import read_array
from mindreid.preprocess.kth.moving_walker import find_passes

HEIGHT, WIDTH = 120, 160
GROUND = np.random.default_rng(0).integers(110, 130, (HEIGHT, WIDTH)).astype(np.float32)
BODY = (70, 24)


def painted(lefts, *, shadow=False, light=1.0):
    """Frames ``[T, H, W]`` of a dark walker whose left edge is at each of ``lefts``; ``None`` is nobody."""
    frames = []
    for left in lefts:
        frame = GROUND.copy()
        if left is not None:
            if shadow:
                cv2.ellipse(frame, (left + 34, 60), (20, 34), 0, 0, 360, 0.0, -1)
                frame = np.where(frame == 0, GROUND * 0.85, frame)
            cv2.ellipse(frame, (left + 12, 35), (6, 10), 0, 0, 360, 30.0, -1)
            cv2.ellipse(frame, (left + 12, 65), (11, 25), 0, 0, 360, 40.0, -1)
            cv2.line(frame, (left + 8, 80), (left + 4, 94), 40.0, 6)
            cv2.line(frame, (left + 15, 80), (left + 19, 94), 40.0, 6)
        frames.append(frame * light)
    return np.stack(frames).clip(0, 255).astype(np.uint8)


#: To the right, away for a while, and back.
TO_AND_FRO = [*range(-30, 165, 4), *[None] * 20, *range(165, -30, -4), *[None] * 20]


def write_video(path, frames):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25.0, (WIDTH, HEIGHT))
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()


@pytest.mark.parametrize("shadow", [False, True])
def test_passes_are_told_by_direction_and_cut_where_the_walker_is_whole(shadow):
    passes, left_out = find_passes(painted(TO_AND_FRO, shadow=shadow), 10)
    assert [one.direction for one in passes] == ["right", "left"]
    assert left_out["at the picture's edge"] > 0
    for one in passes:
        numbers = [sighting.frame for sighting in one.sightings]
        assert numbers == sorted(set(numbers))
        for sighting in one.sightings:
            box = sighting.box
            # The shadow, which reaches 30 pixels beyond the walker, belongs to nobody.
            assert abs(box.left + box.width / 2 - (TO_AND_FRO[sighting.frame] + 12)) <= 3
            assert abs(box.height - BODY[0]) <= 6
            assert box.width <= BODY[1] + 6


def test_a_change_of_light_is_no_walker():
    frames = np.concatenate([painted(TO_AND_FRO), painted([None] * 40, light=1.25)])
    passes, _ = find_passes(frames, 10)
    assert len(passes) == 2
    assert max(sighting.frame for one in passes for sighting in one.sightings) < len(TO_AND_FRO)


def test_an_empty_picture_has_no_pass():
    passes, left_out = find_passes(painted([None] * 30), 10)
    assert (passes, left_out) == ([], {})


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    frames = painted(TO_AND_FRO)
    for person in (1, 2, 3, 4):
        for scenario in ("d1", "d3", "d4"):
            if (person, scenario) != (2, "d4"):
                write_video(folder / f"person{person:02d}_walking_{scenario}_uncomp.avi", frames)
    write_video(folder / "person04_walking_d2_uncomp.avi", painted([None] * 30))
    return folder


def test_both_trees_load_and_say_what_was_left_out(videos, tmp_path, capsys):
    root = tmp_path / "kth"
    assert main(["data", "from-kth", "--videos", str(videos), "--root", str(root), "--splits", "2"]) == 0
    assert "4 persons, 22 passes" in capsys.readouterr().out
    gait = load_dataset("gait_pickles", str(root / "gait"))
    sequences = [(record.condition, record.camera) for record in (*gait.train, *gait.query)]
    assert len(sequences) == 22
    assert {condition[:2] == camera for condition, camera in sequences} == {True}
    silhouettes = read_array(gait.query[0].path)
    assert silhouettes.dtype == np.uint8
    assert silhouettes.shape[1:] == (64, 64)
    crops = load_dataset("csv_list", str(root / "crops"))
    assert list(crops.protocols) == ["standard", "clothes_changing", "same_clothes"]
    assert crops.num_train_pids == 2
    assert crops.num_train_clothes == 4
    with (root / "left_out.csv").open(encoding="utf-8", newline="") as stream:
        rows = {(row["video"], row["reason"]): int(row["count"]) for row in csv.DictReader(stream)}
    assert {video for video, reason in rows if reason == "no video"} == {
        "p01-d2", "p02-d2", "p02-d4", "p03-d2",
    }  # fmt: skip
    assert rows["p04-d2", "no pass"] == 1
    assert rows["p01-d1", "at the picture's edge"] > 0


def test_splits_test_the_same_persons_in_both_trees(videos, tmp_path):
    root = tmp_path / "kth"
    command = ["data", "from-kth", "--videos", str(videos), "--root", str(root), "--splits", "3"]
    assert main([*command, "--train-persons", "1"]) == 0
    for suffix in ("", "-2", "-3"):
        gait = load_dataset("gait_pickles", str(root / "gait"), partition=f"partition{suffix}.json")
        names = {split: f"{split}{suffix}.csv" for split in ("train", "query", "gallery")}
        crops = load_dataset("csv_list", str(root / "crops"), **names)
        assert gait.num_train_pids == crops.num_train_pids == 1
        tested = {record.path.rsplit("/images/", 1)[1][:3] for record in crops.query}
        assert {record.path.rsplit("/gait/", 1)[1][:3] for record in gait.query} == tested
    assert not {record.path for record in crops.query} & {record.path for record in crops.gallery}


@pytest.mark.parametrize(
    "options", [["--least-frames", "1"], ["--crop-every", "20"], ["--splits", "0"], ["--train-persons", "0"]]
)
def test_senseless_options_write_nothing(videos, tmp_path, options):
    root = tmp_path / "kth"
    assert main(["data", "from-kth", "--videos", str(videos), "--root", str(root), *options]) == 2
    assert not root.exists()


def test_more_training_persons_than_there_are_write_nothing(videos, tmp_path, capsys):
    root = tmp_path / "kth"
    command = ["data", "from-kth", "--videos", str(videos), "--root", str(root)]
    assert main([*command, "--train-persons", "4"]) == 2
    assert "train_persons=4 of 4" in capsys.readouterr().err
    assert not root.exists()
