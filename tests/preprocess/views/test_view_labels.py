"""Which pose belongs to which image, the table, and the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from mindreid import load_dataset
from mindreid.cli import main
from mindreid.data.view_table import ViewRow, read_views
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.preprocess.views.labelling import make_views
from mindreid.preprocess.views.pose_files import ImageName, Pose
from mindreid.preprocess.views.view_angles import ViewBins
from mindreid.preprocess.views.view_labels import ViewRules, list_images, match_images, summarize_views
from mindreid.walkers import Walk, render_walk, synthesize
from tests.preprocess.views.stick_figure import stick_figure


def pose(mark=0.0):
    return Pose(np.full((26, 3), mark), 1.0)


@pytest.mark.parametrize(
    ("name", "image"),
    [
        (ImageName("", "c.jpg"), "b/c.jpg"),
        (ImageName("", "a/1.jpg"), "a/1.jpg"),
        (ImageName("", "c"), "b/c.jpg"),
        (ImageName("", "x"), "x.y.png"),
        (ImageName("", 7), "val_000007.jpg"),
        (ImageName("b", "1.jpg"), "b/1.jpg"),
        (ImageName("b", "1"), "b/1.jpg"),
    ],
)
def test_every_way_to_name_an_image(name, image):
    images = ["a/1.jpg", "b/1.jpg", "b/c.jpg", "val_000007.jpg", "x.y.png"]
    matched = match_images({name: pose(1.0)}, images)
    assert list(matched) == images
    assert [key for key, found in matched.items() if found is not None] == [image]


def test_equal_base_names_are_not_mixed_up():
    with pytest.raises(DataError, match=r"'1.jpg' fits 2 images: A/1.jpg, B/1.jpg.*folder by folder"):
        match_images({ImageName("", "1.jpg"): pose()}, ["A/1.jpg", "B/1.jpg"])
    matched = match_images(
        {ImageName("A", "1.jpg"): pose(1.0), ImageName("B", "1.jpg"): pose(2.0)}, ["A/1.jpg", "B/1.jpg"]
    )
    assert [found.keypoints[0, 0] for found in matched.values()] == [1.0, 2.0]


def test_poses_of_other_images(caplog):
    poses = {ImageName("", "1.jpg"): pose(), ImageName("", "gone.jpg"): pose()}
    match_images(poses, ["1.jpg", "2.jpg"])
    assert "1 poses are of other images, such as 'gone.jpg'" in caplog.text
    with pytest.raises(DataError, match=r"none of the 1 poses.*there is no 'gone.jpg', but '2.jpg'"):
        match_images({ImageName("", "gone.jpg"): pose()}, ["2.jpg"])


@pytest.fixture
def folder(tmp_path):
    """Images of the four quarters in two folders of equal names, and their keypoints in a tree."""
    for name, angles in (("A", (0, 90)), ("B", (180, -90))):
        (tmp_path / "images" / name).mkdir(parents=True)
        (tmp_path / "poses" / name).mkdir(parents=True)
        entries = []
        for number, angle in enumerate(angles):
            image = f"rgb00{number}.jpg"
            Image.new("RGB", (20, 40)).save(tmp_path / "images" / name / image)
            flat = stick_figure(angle).ravel().tolist()
            entries.append({"image_id": image, "keypoints": flat, "score": 2.0})
        Image.new("RGB", (20, 40)).save(tmp_path / "images" / name / "nobody.jpg")
        text = json.dumps(entries)
        (tmp_path / "poses" / name / "alphapose-results.json").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_command_writes_a_row_for_every_image(folder, capsys):
    table = folder / "views.csv"
    arguments = ["--images", f"{folder}/images", "--keypoints", f"{folder}/poses", "--output", str(table)]
    assert main(["data", "views", *arguments, "--bins", "front-back-left-right"]) == 0
    rows = read_views(table)
    assert {image: row.name for image, row in rows.items()} == {
        "A/nobody.jpg": "", "A/rgb000.jpg": "front", "A/rgb001.jpg": "right",
        "B/nobody.jpg": "", "B/rgb000.jpg": "back", "B/rgb001.jpg": "left",
    }  # fmt: skip
    assert rows["B/nobody.jpg"].reason == "no person found"
    assert [rows[f"{name}/rgb001.jpg"].bin for name in "AB"] == [3, 2]
    said = capsys.readouterr().out
    assert "6 images, 66.7% labelled (1 back, 1 front, 1 left, 1 right, 2 unknown: no person found)" in said


@pytest.mark.parametrize("extra", ["", "--method paper", "--camera-pitch 15", "--camera-pitch auto"])
def test_keypoints_alone_name_the_images(folder, extra):
    arguments = ["--keypoints", f"{folder}/poses", "--output", f"{folder}/views.csv", *extra.split()]
    assert main(["data", "views", *arguments]) == 0
    rows = read_views(folder / "views.csv")
    assert [row.name for row in rows.values()] == ["front", "side", "back", "side"]
    assert list(rows) == ["A/rgb000.jpg", "A/rgb001.jpg", "B/rgb000.jpg", "B/rgb001.jpg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "votes"], "there is no method 'votes' (did you mean 'vote'?)"),
        (["--bins", "front"], "'front' names no bins"),
        (["--threshold", "1.5"], "shares between 0 and 1"),
        (["--camera-pitch", "-5"], "above 0 and up to 90 degrees"),
        ([], "views are of images, of keypoints, or of both"),
        (["--images", "nowhere"], "no images below this folder"),
    ],
)
def test_wrong_arguments_are_one_error(tmp_path, capsys, arguments, message):
    assert main(["data", "views", "--output", f"{tmp_path}/views.csv", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "views.csv").exists()


def test_generated_walkers_from_keypoints_to_a_dataset_s_records(tmp_path):
    root = tmp_path / "walkers"
    synthesize("market1501", root, 4, 3, size=(128, 64), annotations=True)
    assert all(not image.startswith("annotations/") for image in list_images(root))
    make_views(
        tmp_path / "views.csv", ViewRules(), images=root, keypoints=root / "annotations" / "frames.jsonl"
    )
    lines = (root / "annotations" / "frames.jsonl").read_text(encoding="utf-8").splitlines()
    angles = {entry["path"]: entry["azimuth"] for entry in map(json.loads, lines)}
    bins = ViewBins.parse("front-back-side")
    dataset = load_dataset("market1501", root, views=tmp_path / "views.csv")
    right = [
        record.view == bins.numbers(np.array(angles[record.path[len(str(root)) + 1 :]]))
        for record in dataset.train
    ]
    assert np.mean(right) > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_walkers_are_seen_from_all_sides(seed):
    bins = ViewBins.parse("front-back-left-right")
    angles = [
        render_walk(seed, Walk(pid, camid=camid), 1, size=(64, 32))[0].azimuth
        for pid in range(1, 26)
        for camid in range(4)
    ]
    shares = np.bincount(bins.numbers(np.array(angles)), minlength=4) / len(angles)
    assert shares.min() > 0.08


def test_the_summary_counts_names_and_reasons():
    rows = [ViewRow("a", 0.0, 0, "front", 1.0), ViewRow("b", reason="x"), ViewRow("c", reason="x")]
    assert summarize_views(rows) == "3 images, 33.3% labelled (1 front, 2 unknown: x)"


def test_rules_are_checked():
    with pytest.raises(InvalidArgumentError, match="min_confidence"):
        ViewRules(min_confidence=-0.1)
