"""Crops from MOT sequences: a scene of coloured boxes, as frames and as a video."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mindreid.data.open_dataset import load_dataset
from mindreid.data.records import SplitStatistics
from mindreid.errors import DataError
from mindreid.preprocess.mot.annotations import read_annotations
from mindreid.preprocess.mot.bounds import clip_box
from mindreid.preprocess.mot.boxes import Box, estimate_visibility
from mindreid.preprocess.mot.crops import mot_to_market
from mindreid.preprocess.mot.rules import CropRules, Cutting
from mindreid.preprocess.mot.tracks import cut_track

FRAMES, HEIGHT, WIDTH = 40, 240, 320
BOX_HEIGHT, BOX_WIDTH = 60, 24


def colour_of(person):
    return np.random.default_rng(person).integers(60, 256, 3)


def boxes_of_the_scene():
    """Six persons walk to the right, each in a lane of its own, so that nobody hides anybody."""
    return [
        (frame, person, 10 + 5 * frame, 1 + 35 * person)
        for frame in range(1, FRAMES + 1)
        for person in range(1, 6)
    ]


@pytest.fixture
def scene(tmp_path):
    """Folder with img1/, scene.avi and gt.txt."""
    (tmp_path / "img1").mkdir()
    video = cv2.VideoWriter(str(tmp_path / "scene.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 7, (WIDTH, HEIGHT))
    boxes = boxes_of_the_scene()
    for frame in range(1, FRAMES + 1):
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for number, person, left, top in boxes:
            if number == frame:
                image[top - 1 : top - 1 + 30, left - 1 : left - 1 + BOX_WIDTH] = colour_of(person)
        Image.fromarray(image).save(tmp_path / "img1" / f"{frame:06d}.png")
        video.write(image[..., ::-1])
    video.release()
    lines = [f"{f},{p},{x},{y},{BOX_WIDTH},30,1,-1,-1,-1" for f, p, x, y in boxes]
    (tmp_path / "gt.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


RULES = CropRules(min_height=20)


@pytest.mark.parametrize("source", ["img1", "scene.avi"])
def test_crops_show_the_person_whose_number_they_carry(scene, source):
    mot_to_market(scene / source, scene / "gt.txt", scene / "out", cutting=Cutting(gap=4), rules=RULES)
    for path in (scene / "out").rglob("*.jpg"):
        pixels = np.asarray(Image.open(path)).reshape(-1, 3)
        assert np.abs(pixels.mean(0) - colour_of(int(path.name[:4]))).max() < 12, path


def test_the_market_loader_reads_it_with_disjoint_persons(scene):
    counts = mot_to_market(
        scene / "img1", scene / "gt.txt", scene / "out", cutting=Cutting(gap=4), rules=RULES
    )
    dataset = load_dataset("market1501", scene / "out")
    assert dataset.variant == "crops of img1"
    assert {split: len(dataset.split(split)) for split in counts} == counts
    assert (dataset.num_train_pids, SplitStatistics.of(dataset.query).persons) == (2, 3)
    trained = {path.name[:4] for path in (scene / "out" / "bounding_box_train").iterdir()}
    tested = {path.name[:4] for path in (scene / "out" / "query").iterdir()}
    assert not trained & tested
    assert Counter((r.pid, r.camid) for r in dataset.query) == Counter(
        {(pid, camid): 1 for pid in {r.pid for r in dataset.query} for camid in (0, 1)}
    )


def test_segments_leave_the_gap_out(scene):
    mot_to_market(scene / "img1", scene / "gt.txt", scene / "out", cutting=Cutting(gap=10), rules=RULES)
    frames = {"c1": set(), "c2": set()}
    for path in (scene / "out" / "bounding_box_train").iterdir():
        _, camera, frame, _ = path.name.split("_")
        frames[camera[:2]].add(int(frame))
    assert frames == {"c1": set(range(1, 16)), "c2": set(range(26, 41))}


def test_the_seed_decides_who_is_trained_on(scene):
    def trained(seed):
        root = scene / f"out{seed}"
        mot_to_market(scene / "img1", scene / "gt.txt", root, cutting=Cutting(seed=seed), rules=RULES)
        return {path.name[:4] for path in (root / "bounding_box_train").iterdir()}

    first = trained(1)
    (scene / "out1").rename(scene / "before")
    assert trained(1) == first
    assert any(trained(seed) != first for seed in range(2, 6))


def test_tracks_of_one_person_become_its_cameras(scene):
    # Who was 1 leaves after frame 20 and comes back as 5.
    followed = [
        line
        for line in (scene / "gt.txt").read_text().splitlines()
        for frame, person in [map(int, line.split(",")[:2])]
        if {1: frame <= 20, 5: frame > 20}.get(person, True)
    ]
    (scene / "gt.txt").write_text("\n".join(followed))
    cutting = Cutting(same_person=[[1, 5]])
    mot_to_market(scene / "img1", scene / "gt.txt", scene / "out", cutting=cutting, rules=RULES)
    cameras = {}
    for path in (scene / "out").rglob("*.jpg"):
        cameras.setdefault(path.name[:4], set()).add(path.name[5:7])
    assert cameras == {"0001": {"c1", "c2", "c3", "c4"}, **{f"000{n}": {"c1", "c2"} for n in (2, 3, 4)}}
    assert json.loads((scene / "out" / "generated.json").read_text())["same_person"] == [[1, 5]]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("1,9,1,1,20,50,1,1,0.9", True),
        ("1,9,1,1,20,50,1,7,0.9", False),
        ("1,9,1,1,20,50,0,1,0.9", False),
        ("1,9,1,1,20,50,1,1,0.3", False),
        ("1,9,1,1,20,30,1,1,0.9", False),
        ("1,9,1,1,20,50,1,-1,-1,-1", True),
        ("1,9,1,1,20,50,1", True),
    ],
)
def test_columns_and_limits(tmp_path, line, kept):
    path = tmp_path / "gt.txt"
    path.write_text(f"1,1,1,1,20,50,1,1,1\n{line}\n" if line.count(",") == 8 else f"{line}\n")
    accepted = [box for box in read_annotations(path) if box.person == 9 and CropRules().accept(box)]
    assert bool(accepted) == kept
    assert all((box.left, box.top) == (0, 0) for box in accepted)


def test_visibility_is_what_the_box_in_front_leaves():
    behind = Box(1, 1, left=0, top=0, width=10, height=20)
    front = Box(1, 2, left=5, top=10, width=10, height=20)
    later = Box(2, 3, left=0, top=5, width=10, height=20)
    visible = [box.visibility for box in estimate_visibility([behind, front, later])]
    assert visible == [0.75, 1.0, 1.0]


def plain_parts(frames, segments, gap):
    """Frames of each part, in exact fractions: what the gaps leave of the time, in equal shares."""
    length = Fraction(frames[-1] - frames[0] + 1 - gap * (segments - 1), segments)
    begins = [frames[0] + part * (length + gap) for part in range(segments)]
    return [[frame for frame in frames if begin <= frame < begin + length] for begin in begins]


def frames_of_parts(frames, segments, gap):
    boxes = [Box(frame, 1, 0, 0, 1, 1) for frame in frames]
    return [[box.frame for box in part] for part in cut_track(boxes, segments, gap)]


@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=60, unique=True).map(sorted)
    | st.integers(1, 200).map(lambda last: list(range(5, 5 + last))),
    st.integers(2, 12),
    st.integers(0, 30),
)
def test_parts_are_of_equal_duration_in_order_and_apart(frames, segments, gap):
    parts = frames_of_parts(frames, segments, gap)
    assert parts == plain_parts(frames, segments, gap)
    kept = [frame for part in parts for frame in part]
    assert kept == sorted(set(kept))
    for earlier, later in zip(parts, parts[1:]):
        if earlier and later:
            assert later[0] - earlier[-1] > gap


def test_a_track_in_three_parts():
    first, middle, last = frames_of_parts(list(range(11, 31)), 3, 4)
    assert (first, middle, last) == ([11, 12, 13, 14], [19, 20, 21, 22], [27, 28, 29, 30])
    assert frames_of_parts([11, 12, 30], 3, 4) == [[11, 12], [], [30]]
    assert frames_of_parts(list(range(11, 19)), 3, 4) == [[], [], []]


def test_a_box_is_clipped_or_dropped():
    image = np.arange(100 * 80 * 3, dtype=np.uint32).reshape(100, 80, 3)
    size = image.shape[:2]
    inside = image[clip_box(Box(1, 1, 10, 20, 30, 40), size, 0.8)]
    np.testing.assert_array_equal(inside, image[20:60, 10:40])
    clipped = image[clip_box(Box(1, 1, -5, 20, 30, 40), size, 0.8)]
    np.testing.assert_array_equal(clipped, image[20:60, 0:25])
    assert clip_box(Box(1, 1, -15, 20, 30, 40), size, 0.8) is None
    assert clip_box(Box(1, 1, 200, 20, 30, 40), size, 0.0) is None


def annotate(scene, line):
    with (scene / "gt.txt").open("a") as stream:
        stream.write(line)


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda scene: annotate(scene, "41,1,10,10,20,60,1\n"), r"go to frame 41, but there are 40 frames"),
        (lambda scene: annotate(scene, "3,one,1,1,1,1\n"), r"gt\.txt:201"),
        (lambda scene: annotate(scene, "3,1,1,1,0,10,1\n"), r"gt\.txt:201"),
        (lambda scene: (scene / "gt.txt").write_text(""), r"no box of a person"),
        (lambda scene: (scene / "gt.txt").unlink(), r"can't read the file .*gt\.txt"),
        (lambda scene: (scene / "scene.avi").write_bytes(b"no video"), r"can't decode this video"),
        (lambda scene: (scene / "scene.avi").unlink(), r"no such video"),
    ],
)
def test_a_broken_sequence_is_one_error_and_leaves_nothing(scene, break_it, message):
    break_it(scene)
    with pytest.raises(DataError, match=message):
        mot_to_market(scene / "scene.avi", scene / "gt.txt", scene / "out", rules=RULES)
    assert not (scene / "out").exists()
    assert not list(scene.glob(".tmp-*"))


def test_an_unreadable_frame_is_named(scene):
    (scene / "img1" / "000007.png").write_bytes(b"\x89PNG but not really")
    with pytest.raises(DataError, match=r"000007\.png"):
        mot_to_market(scene / "img1", scene / "gt.txt", scene / "out", rules=RULES)


def test_too_few_persons_are_refused(scene):
    with pytest.raises(DataError, match="0 persons are seen long and well enough"):
        mot_to_market(scene / "img1", scene / "gt.txt", scene / "out", rules=CropRules(min_height=500))


def test_an_existing_dataset_is_not_overwritten(scene):
    with pytest.raises(DataError, match="not an empty folder"):
        mot_to_market(scene / "img1", scene / "gt.txt", scene / "img1", rules=RULES)


def test_several_queries_are_spread_over_a_segment(scene):
    mot_to_market(
        scene / "img1",
        scene / "gt.txt",
        scene / "out",
        cutting=Cutting(gap=4),
        rules=CropRules(min_height=20, queries=3),
    )
    of_a_segment = {}
    for path in (scene / "out" / "query").iterdir():
        pid, camera, frame, _ = path.name.split("_")
        of_a_segment.setdefault((pid, camera), []).append(int(frame))
    assert len(of_a_segment) == 6
    for frames in of_a_segment.values():
        assert [later - earlier for earlier, later in zip(sorted(frames), sorted(frames)[1:])] == [6, 6]


def test_identities_that_meet_are_no_one_person(scene):
    cutting = Cutting(same_person=[[4, 2]])
    with pytest.raises(DataError, match=r"identities 2 and 4 .* both in frame 1 \(lines 2 and 4"):
        mot_to_market(scene / "img1", scene / "gt.txt", scene / "out", cutting=cutting, rules=RULES)


def test_an_identity_without_boxes_is_named(scene):
    cutting = Cutting(same_person=[[1, 77]])
    with pytest.raises(DataError, match=r"\[77\]"):
        mot_to_market(scene / "img1", scene / "gt.txt", scene / "out", cutting=cutting, rules=RULES)
