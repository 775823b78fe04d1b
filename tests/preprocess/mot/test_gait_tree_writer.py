"""Silhouettes from a video: figures that walk before a textured wall, which casts noise."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from mindreid.data.formats.pickles import read_array
from mindreid.data.formats.silhouettes import align_silhouette
from mindreid.data.open_dataset import load_dataset
from mindreid.errors import DataError
from mindreid.preprocess.mot.background import StillBackground, walker_in_box
from mindreid.preprocess.mot.boxes import Box
from mindreid.preprocess.mot.gait_tree_writer import mot_to_silhouettes
from mindreid.preprocess.mot.rules import Cutting, SilhouetteRules

FRAMES, HEIGHT, WIDTH = 60, 300, 400
TALL, WIDE = 50, 24
PERSONS = range(1, 6)
CUTTING, RULES = Cutting(gap=4), SilhouetteRules(length=10)


def place(person, frame):
    """Left and top of a person's box; everybody has a lane, and two turn round half-way."""
    walked = frame if person % 2 else abs(2 * (FRAMES // 2) - 2 * frame) // 2
    return 20 + 4 * walked, 5 + 57 * (person - 1)


def figure(person, frame):
    """A head, a trunk as wide as the person's number tells, and two moving legs, in the box."""
    mask = np.zeros((TALL, WIDE), np.uint8)
    cv2.circle(mask, (12, 6), 5, 255, -1)
    cv2.rectangle(mask, (9 - person // 2, 12), (15 + person // 2, 30), 255, -1)
    step = 3 + frame % 4
    cv2.line(mask, (12, 30), (12 - step, 48), 255, 4)
    cv2.line(mask, (12, 30), (12 + step, 48), 255, 4)
    return mask


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Folder with img1/ and gt.txt."""
    folder, rng = tmp_path_factory.mktemp("scene"), np.random.default_rng(0)
    (folder / "img1").mkdir()
    wall = cv2.GaussianBlur(rng.integers(90, 170, (HEIGHT, WIDTH, 3)).astype(np.uint8), (5, 5), 0)
    lines = []
    for frame in range(1, FRAMES + 1):
        image = wall.copy()
        for person in PERSONS:
            left, top = place(person, frame)
            colour = np.random.default_rng(person).choice([10, 245], 3)
            image[top : top + TALL, left : left + WIDE][figure(person, frame) > 0] = colour
            lines.append(f"{frame},{person},{left + 1},{top + 1},{WIDE},{TALL},1,-1,-1,-1")
        noisy = image + rng.normal(0, 2, image.shape)
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(folder / "img1" / f"{frame:04d}.png")
    (folder / "gt.txt").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def sequences(scene):
    counts = mot_to_silhouettes(scene / "img1", scene / "gt.txt", scene / "out", cutting=CUTTING, rules=RULES)
    return scene / "out", counts


def test_the_loader_reads_persons_apart(sequences):
    root, counts = sequences
    dataset = load_dataset("gait_pickles", root)
    assert (dataset.num_train_pids, len({r.pid for r in dataset.query})) == (2, 3)
    assert {"train": len(dataset.train), "test": len(dataset.query)} == {
        split: counts[split] for split in ("train", "test")
    }
    # Two halves of 28 frames, in sequences of 10, 10 and the rest.
    assert counts == {"train": 12, "test": 18, "frames": 280}
    assert {record.camera for record in dataset.query} == {"01", "02"}
    assert dataset.variant == "silhouettes of img1"
    assert dataset.query == dataset.gallery
    (protocol,) = dataset.protocols.values()
    assert protocol.rule == "standard"


def test_silhouettes_are_the_figures(sequences):
    root, _ = sequences
    for person in PERSONS:
        expected = [align_silhouette(cv2.resize(figure(person, f), None, fx=2, fy=2)) > 127 for f in range(4)]
        for path in (root / f"{person:03d}").rglob("*.pkl"):
            for frame in read_array(path):
                found = frame > 127
                overlap = max((found & pose).sum() / (found | pose).sum() for pose in expected)
                assert overlap > 0.75, path


def test_pictures_are_taken_by_their_numbers(scene, sequences, tmp_path):
    (tmp_path / "img1").mkdir()
    for frame in range(1, FRAMES + 1):
        (tmp_path / "img1" / f"{frame}.png").symlink_to(scene / "img1" / f"{frame:04d}.png")
    counts = mot_to_silhouettes(
        tmp_path / "img1", scene / "gt.txt", tmp_path / "out", cutting=CUTTING, rules=RULES
    )
    assert counts == sequences[1]
    for path in sequences[0].rglob("*.pkl"):
        again = tmp_path / "out" / path.relative_to(sequences[0])
        np.testing.assert_array_equal(read_array(again), read_array(path))


def test_what_is_counted_is_on_disk(sequences):
    root, counts = sequences
    files = list(root.rglob("*.pkl"))
    assert counts["train"] + counts["test"] == len(files)
    assert counts["frames"] == sum(len(read_array(path)) for path in files)
    assert json.loads((root / "generated.json").read_text())["sequences"] == counts


def test_persons_without_a_silhouette_do_not_count_as_persons(scene, tmp_path):
    """Only three walk before the wall, and others are annotated where nobody is."""
    somewhere = [f"{frame},{9 + n},{310 + 30 * n},100,20,45,1" for frame in range(1, 61) for n in range(3)]
    moving = [line for line in (scene / "gt.txt").read_text().splitlines() if line.split(",")[1] in "245"]
    (tmp_path / "gt.txt").write_text("\n".join(moving + somewhere))
    with pytest.raises(DataError, match="3 persons are seen whole, as silhouettes, at least 4"):
        mot_to_silhouettes(scene / "img1", tmp_path / "gt.txt", tmp_path / "out", cutting=CUTTING)
    assert not (tmp_path / "out").exists()


def test_a_root_that_is_there_is_refused_before_the_work(scene, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="not an empty folder"):
        mot_to_silhouettes(tmp_path / "nothing", tmp_path / "gt.txt", tmp_path / "out")


def test_the_background_ignores_who_stands_still_for_a_while(scene):
    wall = np.full((40, 60, 3), 120, np.uint8)
    someone = wall.copy()
    someone[10:30, 20:30] = 240
    # Present in an eighth of the video, without moving.
    background = StillBackground([*[wall] * 30, *[someone] * 5, *[wall] * 5])
    for _ in range(50):
        mask = background.foreground(someone)
    assert (mask[12:28, 22:28] == 255).all()
    assert mask[:6].max() == 0
    assert background.foreground(wall).max() == 0


def test_pieces_of_others_and_noise_are_left_out():
    mask = np.zeros((100, 100), np.uint8)
    mask[20:70, 40:55] = 255
    mask[30:80, 57:80] = 255  # a neighbour, who reaches into the box
    mask[18, 39] = 255
    box = Box(1, 1, 38, 18, 20, 54)
    walker = walker_in_box(mask, box, fill=(0.25, 0.9))
    assert np.count_nonzero(walker) == 50 * 15
    assert walker_in_box(mask, box, fill=(0.8, 0.9)) is None
    assert walker_in_box(mask, box, fill=(0.1, 0.2)) is None
    assert walker_in_box(np.zeros_like(mask), box, fill=(0, 1)) is None
    mask[40:45] = 0  # cut in two below the chest: the lower part alone is too low
    mask[20:40] = 0
    assert walker_in_box(mask, box, fill=(0.0, 1.0)) is None


@pytest.mark.parametrize("place", [(-1, 10), (10, -1), (90, 10), (10, 80)])
def test_a_box_that_leaves_the_image_has_no_whole_person(place):
    left, top = place
    mask = np.zeros((140, 140), np.uint8)
    mask[20 + top : 50 + top, 20 + left : 35 + left] = 255
    assert walker_in_box(mask[20:-20, 20:-20], Box(1, 1, left, top, 15, 30), fill=(0, 1)) is None
    assert np.count_nonzero(walker_in_box(mask, Box(1, 1, left + 20, top + 20, 15, 30), fill=(0, 1))) == 450


def test_who_is_joined_to_somebody_else_or_cut_off_is_no_whole_person():
    mask = np.zeros((100, 100), np.uint8)
    mask[20:70, 0:15] = 255
    assert walker_in_box(mask, Box(1, 1, 0, 18, 17, 54), fill=(0.2, 1)) is None
    mask = np.roll(mask, 20, axis=1)
    box = Box(1, 1, 19, 18, 17, 54)
    assert walker_in_box(mask, box, fill=(0.2, 1)) is not None
    mask[30:34, 35:60] = 255  # hand in hand
    mask[20:70, 60:75] = 255
    assert walker_in_box(mask, box, fill=(0.2, 1)) is None


def test_persons_who_touch_are_left_out(scene, tmp_path):
    lines = (scene / "gt.txt").read_text().splitlines()
    moved = [f"{f},9,{place(1, f)[0] + 10},7,{WIDE},{TALL},1,-1,-1,-1" for f in range(1, 41)]
    (tmp_path / "gt.txt").write_text("\n".join(lines + moved) + "\n")
    arguments = scene / "img1", tmp_path / "gt.txt"
    alone = mot_to_silhouettes(*arguments, tmp_path / "a", cutting=CUTTING, rules=RULES)
    touching = mot_to_silhouettes(
        *arguments, tmp_path / "b", cutting=CUTTING, rules=SilhouetteRules(length=10, max_overlap=1.0)
    )
    assert alone["frames"] < touching["frames"]
    # Person 1 is alone in the last third only, which makes two parts of at most 10 frames.
    assert sum(len(read_array(path)) for path in (tmp_path / "a/001").rglob("*.pkl")) <= 20


def test_it_says_how_it_was_made(sequences):
    made_by = json.loads((sequences[0] / "generated.json").read_text())
    assert (made_by["kind"], made_by["rules"]["length"], made_by["rules"]["max_overlap"]) == (
        "silhouettes of img1",
        10,
        0.05,
    )


def test_the_partition_follows_the_seed(scene, tmp_path):
    trained = []
    for number, seed in enumerate((1, 1, 2)):
        mot_to_silhouettes(
            scene / "img1",
            scene / "gt.txt",
            tmp_path / str(number),
            cutting=Cutting(gap=4, seed=seed),
            rules=SilhouetteRules(length=30),
        )
        trained.append(json.loads((tmp_path / str(number) / "partition.json").read_text())["TRAIN_SET"])
    assert trained[0] == trained[1] != trained[2]


def test_a_video_without_any_silhouette_is_one_error(scene, tmp_path):
    (tmp_path / "img").mkdir()
    for frame in range(1, FRAMES + 1):
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), 99, np.uint8)).save(tmp_path / "img" / f"{frame:04d}.png")
    with pytest.raises(DataError, match="no whole silhouette"):
        mot_to_silhouettes(tmp_path / "img", scene / "gt.txt", tmp_path / "out")
    assert not (tmp_path / "out").exists()
