"""Options of `mindreid search` that change what is kept, found or told."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mindreid.search.calibration import calibration_path
from mindreid.search.index import open_index
from mindreid.search.labels import write_labels
from tests.commands.search.two_cameras import START, calibrated, run
from tests.search.constant_network import write_constant_network
from tests.search.recordings import COLOURS, WALKS, write_colour_network, write_walk

for package in ("av", "norfair"):
    pytest.importorskip(package, reason="needs the extra `search`")


def add_video(scene, index, name, *more, start=START, camera="hall"):
    words = ["--video", scene / f"{name}.mp4", "--boxes", scene / f"{name}.mp4.json", "--start", start]
    return run("add", index, *words, "--camera", camera, "--model", scene / "colours.onnx", *more)


def label(index, path):
    """Write who is who: persons are known by how high up in the picture they walk."""
    persons = {top: str(person) for person, (_, _, top) in WALKS.items()}
    tracklets = open_index(index).tracklets()
    write_labels({t.id: persons[round(float(t.boxes["top"][0]))] for t in tracklets}, path)
    return path


def put_photos(folder, persons):
    """Photos of 40 × 100, each of one person's colour with somebody else's above it."""
    folder.mkdir()
    for person in persons:
        image = Image.new("RGB", (40, 100), COLOURS[4])
        image.paste(COLOURS[person], (0, 50, 40, 100))
        image.save(folder / f"{person}.png")
    return folder


def test_so_many_crops_are_kept_of_a_tracklet(scene, tmp_path):
    counts = {}
    for most in (1, 2, None):
        index = tmp_path / f"at most {most}"
        assert add_video(scene, index, "hall", *([] if most is None else ["--crops", most])) == 0
        opened = open_index(index)
        counts[most] = [len(tracklet.crops) for tracklet in opened.tracklets()]
        assert len(list((index / "crops").rglob("*.jpg"))) == sum(counts[most])
    assert counts == {1: [1, 1], 2: [2, 2], None: [5, 5]}


def test_the_class_of_persons_is_the_one_that_was_named(scene, tmp_path):
    """A detector whose class 0 is in the upper half of each photo, and class 1 in the lower one."""
    output = np.zeros((1, 4 + 2, 9), np.float32)
    output[0, :, 0] = 20, 25, 40, 50, 0.9, 0
    output[0, :, 1] = 20, 75, 40, 50, 0, 0.9
    detector = write_constant_network(tmp_path / "two.onnx", {"out": output}, size=(100, 40))
    photos = put_photos(tmp_path / "photos", (1, 2))
    tops = {}
    for number, more in (("none", []), ("0", ["--person-class", 0]), ("1", ["--person-class", 1])):
        words = [
            "--photos",
            photos,
            "--camera",
            "x",
            "--model",
            scene / "colours.onnx",
            "--detector",
            detector,
        ]
        assert run("add", tmp_path / number, *words, *more) == 0
        tops[number] = [t.boxes["top"].tolist() for t in open_index(tmp_path / number).tracklets()]
    assert tops == {"none": [[0], [0]], "0": [[0], [0]], "1": [[50], [50]]}


def test_what_a_network_of_others_takes_may_stand_elsewhere(scene, tmp_path, capsys):
    """Beside one network there is no description; beside the other one there is a wrong one."""
    photos = put_photos(tmp_path / "photos", (1, 2))
    plain, wrong, finer = (tmp_path / f"{name}.onnx" for name in ("plain", "wrong", "finer"))
    for network, height in ((plain, 16), (wrong, 16), (finer, 32)):
        write_colour_network(network, height=height)
    described = tmp_path / "inputs.json"
    Path(f"{plain}.input.json").rename(described)
    other = tmp_path / "finer.json"
    Path(f"{finer}.input.json").rename(other)
    beside = Path(f"{wrong}.input.json")
    beside.write_text(json.dumps({**json.loads(beside.read_text()), "colours": "bgr"}))

    def vectors(index):
        return np.array([tracklet.embedding for tracklet in open_index(index).tracklets()])

    add = ["add", "--photos", photos, "--whole", "--camera", "x"]
    assert run(*add, tmp_path / "refused", "--model", plain) == 2
    assert "plain.onnx" in capsys.readouterr().err
    for name, words in (
        ("given", ["--model", plain, "--model-input", described]),
        ("rightly", ["--model", wrong, "--model-input", described]),
        ("wrongly", ["--model", wrong]),
    ):
        assert run(*add, tmp_path / name, *words) == 0
    assert np.array_equal(vectors(tmp_path / "given"), vectors(tmp_path / "rightly"))
    assert not np.allclose(vectors(tmp_path / "given"), vectors(tmp_path / "wrongly"))

    assert run("reembed", tmp_path / "given", "--model", finer) == 2
    assert run("reembed", tmp_path / "given", "--model", finer, "--model-input", other) == 0
    assert vectors(tmp_path / "given").shape[1] == 2 * vectors(tmp_path / "rightly").shape[1]


def test_a_calibration_is_learnt_from_the_layout_that_is_named(scene, tmp_path):
    """The names are DukeMTMC-reID's, and the network says nowhere what it takes."""
    generator = np.random.default_rng(0)
    for folder, persons in (
        ("bounding_box_train", (1, 2)),
        ("query", (3, 20)),
        ("bounding_box_test", (3, 20)),
    ):
        (tmp_path / "duke" / folder).mkdir(parents=True)
        for person in range(*persons):
            colour = np.random.default_rng(person).integers(0, 255, 3)
            for camera in (1, 2):
                pixels = np.clip(colour + generator.normal(0, 12, 3), 0, 255).astype(np.uint8)
                name = f"{person:04d}_c{camera}_f{len(folder):07d}.jpg"
                Image.new("RGB", (16, 48), tuple(map(int, pixels))).save(tmp_path / "duke" / folder / name)
    network = write_colour_network(tmp_path / "colours.onnx")
    Path(f"{network}.input.json").rename(tmp_path / "inputs.json")
    words = ["calibrate", "--root", tmp_path / "duke", "--model", network]
    named, described = ["--name", "dukemtmc"], ["--model-input", tmp_path / "inputs.json"]
    assert run(*words, *described) == 2
    assert run(*words, *named) == 2
    assert run(*words, *named, *described) == 0
    assert json.loads(calibration_path(network).read_text())["searches"] == 34


def test_a_person_who_comes_back_to_a_camera_is_looked_for_there_if_asked(scene, tmp_path):
    """Person 1 is seen by the hall alone, twice; person 2 twice by the hall and once by the gate."""
    write_walk(scene, "later.mp4", (1, 2))
    index = tmp_path / "index"
    assert add_video(scene, index, "hall") == 0
    assert add_video(scene, index, "later", start="2026-11-01T09:00Z") == 0
    assert add_video(scene, index, "gate", camera="gate") == 0
    labels = label(index, tmp_path / "labels.csv")
    figures = {}
    for name, words in (("between", []), ("within", ["--within-cameras"])):
        path = tmp_path / f"{name}.json"
        assert run("eval", index, "--labels", labels, "--json", path, *words) == 0
        content = json.loads(path.read_text())
        figures[name] = content["mated"], content["nonmated"]
    # Of the six tracklets, three are person 2's and in both cameras; all but person 3's are seen again.
    assert figures == {"between": (3, 6), "within": (5, 6)}


def test_a_calibration_is_drawn_where_there_is_one(scene, index, tmp_path, capsys):
    labels = label(index, tmp_path / "labels.csv")
    words = ["eval", index, "--labels", labels, "--picture", tmp_path / "drawn.png"]
    assert run(*words) == 2
    assert "there is no calibration to draw" in capsys.readouterr().err
    with calibrated(scene, index):
        assert run(*words[:-2]) == 0
        assert not (tmp_path / "drawn.png").exists()
        assert run(*words) == 0
    drawn = np.asarray(Image.open(tmp_path / "drawn.png").convert("RGB"))
    assert (drawn != drawn[0, 0]).any()


@pytest.mark.parametrize(
    ("words", "lengths"), [([], [2, 2]), (["--gap", 7], [2, 2]), (["--gap", 3], [1, 1, 1, 1])]
)
def test_who_is_lost_in_a_view_for_long_is_somebody_else(scene, tmp_path, capsys, words, lengths):
    """The persons of a video of three seconds come back five seconds after its end."""
    write_walk(scene, "again.mp4", (1, 2))
    assert add_video(scene, tmp_path / "index", "hall") == 0
    assert add_video(scene, tmp_path / "index", "again", start="2026-11-01T08:00:08Z") == 0
    capsys.readouterr()
    assert run("paths", tmp_path / "index", "--json", "--similarity", 0.9, *words) == 0
    paths = json.loads(capsys.readouterr().out)["paths"]
    assert sorted((len(path["steps"]) for path in paths), reverse=True) == lengths
