"""Which pose belongs to which image, the table, and the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from mindreid import load_dataset
from mindreid.cli import main
from mindreid.data.keypoints import KEYPOINT_INDEX
from mindreid.data.view_table import ViewRow, read_views
from mindreid.errors import InvalidArgumentError
from mindreid.preprocess.views.labelling import make_views
from mindreid.preprocess.views.view_angles import ViewBins
from mindreid.preprocess.views.view_labels import ViewRules, list_images, summarize_views
from mindreid.walkers import Walk, render_walk, synthesize
from tests.preprocess.views.stick_figure import stick_figure
from tests.preprocess.views.test_keypoint_orders import BODY_25


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
    assert rows["B/nobody.jpg"].reason == "no keypoints of this image"
    assert [rows[f"{name}/rgb001.jpg"].bin for name in "AB"] == [3, 2]
    said = capsys.readouterr().out
    assert (
        "6 images, 66.7% labelled (1 back, 1 front, 1 left, 1 right, 2 unknown: no keypoints of this image)"
        in said
    )


def test_the_command_leaves_out_labels_that_are_not_sure_enough(folder):
    arguments = ["--images", f"{folder}/images", "--keypoints", f"{folder}/poses"]
    names, reasons = {}, {}
    for least, words in ((None, []), (0, ["--min-confidence", "0"]), (1, ["--min-confidence", "1"])):
        assert main(["data", "views", *arguments, "--output", f"{folder}/{least}.csv", *words]) == 0
        rows = read_views(folder / f"{least}.csv")
        names[least] = {image: row.name for image, row in rows.items() if "nobody" not in image}
        reasons[least] = {row.reason for image, row in rows.items() if "nobody" not in image}
    assert names[None] == names[0]
    assert sorted(names[0].values()) == ["back", "front", "side", "side"]
    assert (reasons[0], reasons[1]) == ({""}, {"the cues disagree"})
    # Cues are never that sure, not even those of a drawn figure.
    assert set(names[1].values()) == {""}


def test_linked_folders_and_every_kind_of_image_get_rows(folder):
    elsewhere = folder / "elsewhere"
    (folder / "images" / "B").rename(elsewhere)
    (elsewhere / "up").symlink_to(folder / "images")
    (folder / "images" / "B").symlink_to("../elsewhere")
    for name in ("itself", "nothing.jpg"):
        (folder / "images" / name).symlink_to(name if name == "itself" else "nowhere")
    for hidden in (".thumbnails/1.jpg", ".hidden.jpg", "A/folder.jpg/1.txt"):
        (folder / "images" / hidden).parent.mkdir(exist_ok=True)
        (folder / "images" / hidden).touch()
    for suffix in (".webp", ".tif", ".TIFF", ".gif", ".jfif"):
        Image.new("RGB", (20, 40)).save(folder / "images" / f"1{suffix}", format="PNG")
    (folder / "images" / "link.jpg").symlink_to("A/rgb000.jpg")
    rows = make_views(folder / "views.csv", ViewRules(), images=folder / "images", keypoints=folder / "poses")
    assert [row.image for row in rows] == [
        "1.TIFF", "1.gif", "1.jfif", "1.tif", "1.webp",
        "A/nobody.jpg", "A/rgb000.jpg", "A/rgb001.jpg",
        "B/nobody.jpg", "B/rgb000.jpg", "B/rgb001.jpg", "link.jpg",
    ]  # fmt: skip
    assert rows[9].name == "back"


def test_a_dataset_of_linked_folders_finds_its_rows(tmp_path):
    synthesize("market1501", tmp_path / "all", 4, 3, size=(128, 64), annotations=True)
    keypoints = tmp_path / "all" / "annotations" / "frames.jsonl"
    root = tmp_path / "root"
    root.mkdir()
    for split in ("bounding_box_train", "bounding_box_test", "query"):
        (root / split).symlink_to(tmp_path / "all" / split)
    make_views(tmp_path / "views.csv", ViewRules(), images=root, keypoints=keypoints)
    dataset = load_dataset("market1501", root, views=tmp_path / "views.csv")
    assert {record.view is not None for record in dataset.train} == {True}


@pytest.mark.parametrize("extra", ["", "--method paper", "--camera-pitch 15", "--camera-pitch auto"])
def test_keypoints_alone_name_the_images(folder, extra):
    arguments = ["--keypoints", f"{folder}/poses", "--output", f"{folder}/views.csv", *extra.split()]
    assert main(["data", "views", *arguments]) == 0
    rows = read_views(folder / "views.csv")
    assert [row.name for row in rows.values()] == ["front", "side", "back", "side"]
    assert list(rows) == ["A/rgb000.jpg", "A/rgb001.jpg", "B/rgb000.jpg", "B/rgb001.jpg"]


WIDTH, HEIGHT = 200, 240


def views_of(tmp_path, keypoints, *names, size=(WIDTH, HEIGHT)):
    """Run the command on images of one size and a folder of OpenPose's files or a list."""
    for name in names:
        (tmp_path / "images").mkdir(exist_ok=True)
        Image.new("RGB", size).save(tmp_path / "images" / name)
    path = tmp_path / "keypoints.json"
    if isinstance(keypoints, list):
        path.write_text(json.dumps(keypoints), encoding="utf-8")
    else:
        path = tmp_path / "openpose"
        path.mkdir(exist_ok=True)
        for name, people in keypoints.items():
            text = json.dumps({"version": 1.3, "people": people})
            (path / f"{name}_keypoints.json").write_text(text, encoding="utf-8")
    arguments = ["--keypoints", str(path), "--output", f"{tmp_path}/views.csv"]
    arguments += ["--images", f"{tmp_path}/images"] if names else []
    assert main(["data", "views", *arguments]) == 0
    return read_views(tmp_path / "views.csv")


def test_open_pose_s_output_as_it_is(tmp_path, capsys):
    order = [KEYPOINT_INDEX.get(name, 0) for name in BODY_25]
    people = {str(angle): [{"pose_keypoints_2d": stick_figure(angle)[order].ravel().tolist()}] for angle in
              (0, 90, 180)}  # fmt: skip
    rows = views_of(tmp_path, {**people, "nobody": []}, "0.jpg", "90.jpg", "180.jpg", "nobody.jpg", "new.jpg")
    assert {image: row.name for image, row in rows.items() if row.name} == {
        "0.jpg": "front", "90.jpg": "side", "180.jpg": "back",
    }  # fmt: skip
    said = capsys.readouterr().out
    assert "1 unknown: no person found" in said
    assert "1 unknown: no keypoints of this image" in said


def entries(angles, scale=(1.0, 1.0, 1.0), shift=(0.0, 0.0, 0.0)):
    return [
        {"image_id": f"{angle}.jpg", "keypoints": (stick_figure(angle) * scale + shift).ravel().tolist()}
        for angle in angles
    ]


def test_shares_of_the_image_s_size_become_pixels(tmp_path):
    """In shares a wide image looks narrow: the same numbers say another view."""
    shares = (1 / WIDTH, 1 / HEIGHT, 1.0)
    angles = (0, 60, 90, 180)
    expected = views_of(tmp_path, entries(angles), *[f"{angle}.jpg" for angle in angles])
    assert views_of(tmp_path, entries(angles, shares), *[f"{angle}.jpg" for angle in angles]) == expected
    (tmp_path / "images" / "60.jpg").write_bytes(b"no image")
    rows = views_of(tmp_path, entries(angles, shares), "0.jpg")
    assert rows["60.jpg"].reason == "the image cannot be read"
    assert rows["0.jpg"] == expected["0.jpg"]


def test_the_size_of_postscript_by_another_name_is_not_read(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / "images" / "0.jpg", "EPS")
    rows = views_of(tmp_path, entries([0, 90], (1 / WIDTH, 1 / HEIGHT, 1.0)), "90.jpg")
    assert [row.reason for row in rows.values()] == ["the image cannot be read", ""]


def test_shares_without_images_are_refused(tmp_path, capsys):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(entries((0, 90), (1 / WIDTH, 1 / HEIGHT, 1.0))), encoding="utf-8")
    arguments = ["--keypoints", str(path), "--output", f"{tmp_path}/views.csv"]
    assert main(["data", "views", *arguments]) == 2
    assert "shares of the image's width and height" in capsys.readouterr().err
    assert not (tmp_path / "views.csv").exists()


def test_keypoints_far_outside_of_their_images_are_said(tmp_path, capsys):
    views_of(tmp_path, entries((0, 90), shift=(4000.0, 0.0, 0.0)), "0.jpg", "90.jpg")
    assert "the keypoints of 2 images, such as 0.jpg, lie far outside of them" in capsys.readouterr().err
    views_of(tmp_path, entries((0, 90), shift=(-30.0, 0.0, 0.0)), "0.jpg", "90.jpg")
    assert "outside" not in capsys.readouterr().err


def test_a_detection_in_one_place_is_no_view(tmp_path):
    poses = [*entries((0, 90)), {"image_id": "x.jpg", "keypoints": [0.5, 0.5, 0.9] * 26}]
    rows = views_of(tmp_path, poses, "0.jpg", "90.jpg", "x.jpg")
    assert [row.reason for row in rows.values()] == ["", "", "all keypoints lie in one place"]


def test_names_without_endings_are_said(tmp_path, capsys):
    people = [{"pose_keypoints_2d": stick_figure(0.0)[:18].ravel().tolist()}]
    views_of(tmp_path, {"0": people})
    assert "1 images are named without their endings, such as '0_keypoints'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "votes"], "there is no method 'votes' (did you mean 'vote'?)"),
        (["--bins", "front"], "'front' names no bins"),
        (["--bins", "361"], "1 to 360 bins"),
        (["--bins", "9" * 5000], "1 to 360 bins"),
        (["--threshold", "1.5"], "shares between 0 and 1"),
        (["--camera-pitch", "-5"], "above 0 and up to 90 degrees"),
        ([], "views are of images, of keypoints, or of both"),
        (["--images", "nowhere"], "cannot list the folder (No such file or directory): nowhere"),
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
