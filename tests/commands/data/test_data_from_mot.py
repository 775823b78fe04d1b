"""``mindreid data from-mot`` and ``data silhouettes --images`` as a user calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest

from mindreid.cli import main
from tests.preprocess.mot.painted_sequence import (
    lines,
    painted,
    shown_by_frame,
    write_annotations,
    write_pictures,
    write_video,
)

WALK = ["--video", "walk.avi", "--annotations", "gt.txt"]


@pytest.fixture(scope="module")
def sequence(tmp_path_factory):
    """Folder with img1/, named without leading zeros, and gt.txt."""
    folder = tmp_path_factory.mktemp("sequence")
    write_pictures(folder / "img1", {f"{number}.png": number for number in range(1, 41)})
    write_annotations(folder / "gt.txt", lines())
    return folder


def run(capsys, sequence, root, *options, action="from-mot", annotations="gt.txt", source="img1"):
    arguments = ["data", action, "--images", sequence / source, "--annotations", sequence / annotations]
    code = main([str(argument) for argument in [*arguments, "--root", root, *options]])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def refused(capsys, sequence, root, *options, **files):
    code, _, told = run(capsys, sequence, root, *options, **files)
    errors = [line for line in told.splitlines() if line.startswith("error: ")]
    assert code == 2
    assert len(errors) == 1
    assert "Traceback" not in told
    assert not root.exists()
    return errors[0]


def test_the_counts_that_are_printed_are_the_files_on_disk(sequence, tmp_path, capsys):
    # One box of identity 1 leaves the picture, and one is small.
    written = [line for line in lines() if not line.startswith(("5,1,", "6,1,"))]
    written += ["5,1,-15,33,24,30,1,-1,-1,-1", "6,1,35,33,24,3,1,-1,-1,-1"]
    annotations = write_annotations(tmp_path / "gt.txt", written)
    code, told, _ = run(capsys, sequence, tmp_path / "out", "--min-height", 20, annotations=annotations)
    assert code == 0
    folders = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
    on_disk = {split: len(list((tmp_path / "out" / name).iterdir())) for split, name in folders.items()}
    assert told.splitlines()[-1].endswith(", ".join(f"{count} {split}" for split, count in on_disk.items()))
    marker = json.loads((tmp_path / "out" / "generated.json").read_text())
    assert marker["images"] == on_disk
    persons = {path.name[:4] for path in (tmp_path / "out").rglob("*.jpg")}
    assert marker["persons"] == len(persons) == 6
    assert all(frames == {frame} for frame, frames in shown_by_frame(tmp_path / "out").items())


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ([], set()),
        (["--min-confidence", "0.3"], {5}),
        (["--min-inside", "0.5"], {6}),
        (["--min-confidence", "0.3", "--min-inside", "0.5"], {5, 6}),
        (["--min-confidence", "0.35", "--min-inside", "0.6"], set()),
    ],
)
def test_doubtful_boxes_are_taken_if_asked(sequence, tmp_path, capsys, options, kept):
    """Of identity 1 the detector was hardly sure in frame 5; in frame 6 half of it is outside."""
    written = [line for line in lines() if not line.startswith(("5,1,", "6,1,"))]
    written += ["5,1,30,33,24,30,0.3,-1,-1,-1", "6,1,-11,33,24,30,1,-1,-1,-1"]
    annotations = write_annotations(tmp_path / "gt.txt", written)
    words = ("--min-height", 20, "--gap", 2, *options)
    assert run(capsys, sequence, tmp_path / "out", *words, annotations=annotations)[0] == 0
    # Those of persons to test are also in gt_bbox, under the same names.
    names = {path.name for path in (tmp_path / "out").rglob("*.jpg")}
    frames = Counter(int(name.split("_")[2]) for name in names)
    assert [frames[frame] for frame in (4, 5, 6, 7)] == [6, 5 + (5 in kept), 5 + (6 in kept), 6]


def test_silhouettes_have_a_threshold_of_their_own(sequence, tmp_path, capsys, monkeypatch):
    """Whatever moves in the pictures, of which there is nothing to cut out."""
    taken = []

    def write(_source, _annotations, _root, *, rules, **_):
        taken.append(rules.min_confidence)
        return {"sequences": 0}

    monkeypatch.setattr("mindreid.preprocess.mot.gait_tree_writer.mot_to_silhouettes", write)
    for options in ([], ["--min-confidence", "0.3"]):
        assert run(capsys, sequence, tmp_path / "out", *options, action="silhouettes")[0] == 0
    assert taken == [0.5, 0.3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--every", "0"], "every is at least 1, not 0"),
        (["--gap", "-1"], "gap is a number of frames, 0 or more, not -1"),
        (["--train-share", "0"], "train_share is a share between 0 and 1, not 0.0"),
        (["--train-share", "1"], "train_share"),
        (["--train-share", "nan"], "train_share is a share between 0 and 1, not nan"),
        (["--min-visibility", "1.5"], "min_visibility is a share from 0 to 1, not 1.5"),
        (["--min-height", "nan"], "min_height"),
        (["--seed", "-1"], "seed is 0 or more, not -1"),
        (["--segments", "1"], "at least 2 segments"),
        (["--segments", "1000000000"], "0 persons are seen long"),
        (["--gap", "1" + "0" * 30], "0 persons are seen long"),
        (["--segments", "10", "--gap", "0"], "10 parts, which serve as cameras"),
        (["--queries", "0"], "queries is at least 1"),
        (["--queries", "1000000000"], "lower --queries"),
        (["--same-person", "1"], "at least two identities, not [1]"),
        (["--same-person", "1,2", "--same-person", "2,3"], "identity 2 twice"),
        (["--same-person", "1,99"], "[99]"),
        (["--same-person", "1,2"], "both in frame 1"),
        (["--first-frame", "-1"], "first_frame is 0 or more"),
        (["--first-frame", "7"], "no picture of frame 1 "),
        (["--person-class", "dog"], "say with --person-class"),
    ],
)
def test_options_out_of_range_are_one_line(sequence, tmp_path, capsys, options, message):
    assert message in refused(capsys, sequence, tmp_path / "out", "--min-height", 20, *options)


@pytest.mark.parametrize("option", ["--every", "--gap", "--same-person", "--first-frame"])
def test_what_is_no_number_is_refused(sequence, tmp_path, capsys, option):
    with pytest.raises(SystemExit) as caught:
        run(capsys, sequence, tmp_path / "out", option, "1,x")
    assert caught.value.code == 2
    assert f"argument {option}: invalid" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["from-mot", "silhouettes"])
def test_a_repeated_identity_leaves_nothing_behind(sequence, tmp_path, capsys, action):
    annotations = write_annotations(tmp_path / "gt.txt", [*lines(), "3,2,50,60,24,30,1,-1,-1,-1"])
    told = refused(capsys, sequence, tmp_path / "out", action=action, annotations=annotations)
    assert "identity 2 is already in frame 3, in line 14" in told
    assert "gt.txt:241" in told


def test_boxes_wholly_outside_are_named(sequence, tmp_path):
    annotations = write_annotations(tmp_path / "gt.txt", [*lines(), "3,9,500,60,24,30,1,-1,-1,-1"])
    arguments = ["--images", sequence / "img1", "--annotations", annotations, "--root", tmp_path / "out"]
    done = subprocess.run(
        [sys.executable, "-m", "mindreid", "data", "from-mot", *arguments, "--min-height", "20"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "identity 9 in frame 3 lies wholly outside of the picture of 320 × 240" in done.stderr
    assert "gt.txt:241; left out" in done.stderr


def test_annotations_of_a_larger_picture_are_refused(sequence, tmp_path, capsys):
    scaled = [
        ",".join(str(4 * int(v)) if 2 <= n < 6 else v for n, v in enumerate(line.split(",")))
        for line in lines()
    ]
    annotations = write_annotations(tmp_path / "gt.txt", scaled)
    told = refused(capsys, sequence, tmp_path / "out", annotations=annotations)
    assert "wholly outside of the picture" in told
    assert "pass the frames that were annotated, in that size" in told


def test_a_root_in_the_way_is_refused(sequence, tmp_path, capsys):
    told = refused(capsys, sequence, sequence / "img1" / "crops")
    assert "would lie in the folder of frames" in told
    assert "can't make a folder" in refused(capsys, sequence, sequence / "gt.txt" / "crops")
    (tmp_path / "crops").mkdir()
    (tmp_path / "crops" / "mine.txt").write_text("mine")
    code, _, told = run(capsys, sequence, tmp_path / "crops")
    assert code == 2
    assert "not an empty folder" in told
    assert [path.name for path in (tmp_path / "crops").iterdir()] == ["mine.txt"]


def test_relative_paths_work(sequence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(sequence)
    root = tmp_path / "with space" / "数据"
    code = main(["data", "from-mot", "--images", "./img1/", "--annotations", "gt.txt", "--root", f"{root}/",
                 "--min-height", "20"])  # fmt: skip
    assert code == 0
    assert json.loads((root / "generated.json").read_text())["kind"] == "crops of img1"


def test_a_damaged_video_is_one_line(tmp_path, capfd):
    path = write_video(tmp_path / "walk.avi", map(painted, range(1, 41)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    annotations = write_annotations(tmp_path / "gt.txt", lines(range(1, 11)))
    arguments = [
        "--video",
        path,
        "--annotations",
        annotations,
        "--root",
        tmp_path / "out",
        "--min-height",
        20,
    ]
    for action in ("from-mot", "silhouettes"):
        assert main([str(argument) for argument in ["data", action, *arguments]]) == 2
        assert "of 40 frames can be decoded" in capfd.readouterr().err
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--masks", "masks", "--gap", "3"], "--gap belongs to a video"),
        (["--masks", "masks", "--annotations", "gt.txt"], "--annotations belongs to a video"),
        (["--video", "walk.avi"], "needs --annotations"),
        (
            [*WALK, "--modality", "sils"],
            "--modality belongs to --masks",
        ),
        (
            [*WALK, "--max-overlap", "nan"],
            "max_overlap is a share",
        ),
        ([*WALK, "--length", "0"], "length is at least 1"),
    ],
)
def test_options_of_the_other_kind_of_silhouettes_are_refused(tmp_path, capsys, options, message):
    assert main(["data", "silhouettes", "--root", str(tmp_path / "out"), *options]) == 2
    assert message in capsys.readouterr().err
