"""``mindreid data list``: whose image it is, a split by person, queries with an answer, what is left out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mindreid import load_dataset
from mindreid.cli import main
from mindreid.engine.evaluation.protocol_check import check_protocols
from mindreid.preprocess.lists.list_rules import ListRules

PEOPLE = ["anna", "ben", "carl", "dora", "emil", "fred"]
CAMERA = r"/(\w+)_\d+"


@pytest.fixture
def photos(tmp_path, write_images, monkeypatch):
    """Write images at paths below ``photos``, in the current folder."""
    monkeypatch.chdir(tmp_path)
    return lambda paths: write_images(Path("photos"), paths)


@pytest.fixture
def listed(capsys):
    """Run the command; return its code, what it said, and each list's rows."""

    def listed(*options, root="photos", images="photos"):
        code = main(["data", "list", "--images", images, "--root", root, *options])
        captured = capsys.readouterr()
        rows = {}
        for name in ("train", "query", "gallery"):
            file = Path(root, f"{name}.csv")
            rows[name] = list(csv.DictReader(file.open(encoding="utf-8"))) if code == 0 else None
        return code, captured.out + captured.err, rows

    return listed


def persons_of(rows):
    return {row["pid"] for row in rows}


def test_persons_are_split_and_every_image_is_listed_once(photos, listed):
    paths = [f"{name}/{number}.jpg" for name in PEOPLE for number in range(4)]
    photos(paths)
    code, out, rows = listed()
    assert code == 0
    assert sorted(row["path"] for own in rows.values() for row in own) == sorted(paths)
    assert all(row["pid"] == row["path"].split("/")[0] for own in rows.values() for row in own)
    assert len(persons_of(rows["train"])) == 3
    assert persons_of(rows["query"]) == persons_of(rows["gallery"]) == set(PEOPLE) - persons_of(rows["train"])
    assert len(rows["query"]) == 3
    assert "train.csv 12 images of 3 persons, query.csv 3 images of 3 persons, gallery.csv 9 images" in out
    assert "left out" not in out
    dataset = load_dataset("csv_list", "photos")
    found = check_protocols(dataset)
    assert (found.obstacles, found.warnings) == ({}, ())


def test_with_cameras_every_query_has_a_match_of_another_camera(photos, listed):
    seen = {"anna": "aabb", "ben": "ab", "carl": "aab", "dora": "aaaa", "emil": "abc", "fred": "aabbcc"}
    photos(f"{name}/{camera}_{n}.jpg" for name, own in seen.items() for n, camera in enumerate(own))
    for seed in range(6):
        root = f"lists{seed}"
        code, out, rows = listed("--camera-from", CAMERA, "--seed", str(seed), root=root)
        assert code == 0
        assert "persons seen by one camera alone, who can't be searched for: 1 (dora)" in out
        assert "dora" in persons_of(rows["train"])
        assert persons_of(rows["train"]).isdisjoint(persons_of(rows["query"]))
        assert {row["camid"] for own in rows.values() for row in own} <= set("abc")
        found = check_protocols(load_dataset("csv_list", root))
        assert (found.obstacles, found.warnings) == ({}, ())


def test_the_seed_decides_and_the_share_is_kept(photos, listed):
    photos(f"{number}/{image}.png" for number in range(10) for image in "ab")
    drawn = [
        persons_of(listed("--train-share", "0.8", "--seed", seed, root=f"{n}")[2]["train"])
        for n, seed in enumerate("112")
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {len(own) for own in drawn} == {8}
    for n, share in enumerate(("0.001", "0.999")):
        rows = listed("--train-share", share, root=f"share{n}")[2]
        assert len(persons_of(rows["train"])) == [1, 9][n]


def test_images_elsewhere_are_found_from_any_folder(photos, listed, tmp_path, monkeypatch):
    photos(f"{name}/{number}.jpg" for name in PEOPLE for number in range(2))
    assert listed(root="lists/mine")[0] == 0
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert listed(root="here", images="../photos")[0] == 0
    roots = ["../lists/mine", "here", str(tmp_path / "other" / "here")]
    assert len({len(load_dataset("csv_list", root).train) for root in roots}) == 1
    # A folder that has the images in it may move with them.
    assert listed(root="..", images="../photos")[0] == 0
    tmp_path.rename(tmp_path.with_name("moved"))
    monkeypatch.chdir(tmp_path.with_name("moved"))
    assert load_dataset("csv_list", ".").train


def test_expressions_find_persons_and_cameras_in_names(photos, listed):
    photos(
        f"0{pid}_c{camera}s1_{number}.jpg" for pid in range(1, 5) for camera in (1, 2) for number in (1, 2)
    )
    photos(["-1_c1s1_1.jpg", "notes.png", "05_s1_1.jpg"])
    code, out, rows = listed("--person-from", r"^(-?\d+)_", "--camera-from", r"_c(\d)")
    assert code == 0
    assert persons_of(rows["train"]) | persons_of(rows["query"]) == {"01", "02", "03", "04"}
    assert "images whose path does not tell the person: 1 (notes.png)" in out
    assert "images whose path does not tell the camera: 1 (05_s1_1.jpg)" in out
    assert "images of nobody (-1): 1 (-1_c1s1_1.jpg)" in out


def test_what_is_left_out_is_said(photos, listed):
    photos(f"{name}/{number}.jpg" for name in PEOPLE for number in range(2))
    photos(["gina/1.jpg", "group.jpg", "line\nend/1.jpg"])
    code, out, rows = listed()
    assert code == 0
    assert "persons with one image alone, whom no other shows: 1 (gina)" in out
    assert "images whose path does not tell the person: 1 (group.jpg)" in out
    assert "images with a name that a list can't hold: 1 ('line\\nend/1.jpg')" in out
    assert "gina" not in persons_of(rows["train"]) | persons_of(rows["gallery"])


def test_odd_names_come_back_as_they_are(photos, listed):
    names = ["Anna, B.", " ben", 'c "x"', "d;e", "名", "007"]
    paths = {f"{name}/ {number}.jpg" for name in names for number in range(2)}
    photos(paths)
    assert listed()[0] == 0
    dataset = load_dataset("csv_list", "photos")
    records = (*dataset.train, *dataset.query, *dataset.gallery)
    assert {str(Path(record.path).relative_to("photos")) for record in records} == paths


def test_a_list_that_is_there_is_not_overwritten(photos, listed):
    photos(f"{name}/{number}.jpg" for name in PEOPLE for number in range(2))
    Path("photos/gallery.csv").write_text("mine", encoding="utf-8")
    code, out, _ = listed()
    assert code == 2
    assert "there is such a list already: photos/gallery.csv" in out
    assert Path("photos/gallery.csv").read_text(encoding="utf-8") == "mine"
    assert not Path("photos/train.csv").exists()


@pytest.mark.parametrize(
    ("paths", "options", "message"),
    [
        (
            ["1.jpg", "2.jpg"],
            [],
            "put each person's images into a folder of their own, or pass --person-from",
        ),
        (["anna/1.jpg", "anna/2.jpg"], [], "too few persons to train on some and search for others: photos"),
        (
            ["a/x_1.jpg", "a/x_2.jpg", "b/x_3.jpg", "b/x_4.jpg"],
            ["--camera-from", CAMERA],
            "searched for: 2 (a, b)",
        ),
        (["1/a.jpg", "1/b.jpg", "01/a.jpg", "01/b.jpg"], [], "'01' and '1' would be one person"),
        (["1.5/a.jpg", "1.5/b.jpg"], [], "rename it, or tell the person by --person-from"),
        (["-7/a.jpg", "-7/b.jpg"], [], "a person is a name or a number from 0, not '-7'"),
    ],
)
def test_folders_that_make_no_lists_are_refused_and_nothing_is_written(
    photos, listed, paths, options, message
):
    photos(paths)
    code, out, _ = listed(*options)
    assert code == 2
    assert message in out
    assert not list(Path("photos").glob("*.csv"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--train-share", "1"], "train_share is between 0 and 1, not 1.0"),
        (["--seed", "-1"], "seed is 0 or more, not -1"),
        (["--person-from", "(a"], "this is no regular expression"),
        (["--person-from", "folders"], "has no group, whose text would be the label: --person-from folders"),
        (["--camera-from", r"c\d"], "--camera-from"),
        (["--images", "nowhere"], "there is no such folder of images: nowhere"),
    ],
)
def test_senseless_options_are_refused(photos, listed, options, message):
    photos(["anna/1.jpg"])
    code, out, _ = listed(*options)
    assert code == 2
    assert message in out


def test_a_label_of_spaces_is_none():
    assert ListRules(person_from="^(.*)_").person(" _1.jpg") is None
    assert ListRules().person("1.jpg") is None
    assert ListRules().person("a/b/1.jpg") == "a"
    assert ListRules().camera("a/b/1.jpg") is None


def test_the_error_of_a_folder_of_persons_names_the_command(photos, capsys):
    photos(["anna/1.jpg", "anna/2.jpg", "ben/1.jpg"])
    command = ["train", "--config", "mgn/walkers", "--set", "dataset.name=csv_list", "--root", "photos"]
    assert main(command) == 2
    assert "mindreid data list --images <images> --root <root>" in capsys.readouterr().err
