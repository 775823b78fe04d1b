from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import mindreid
from mindreid import zoo
from mindreid.errors import DataError, InvalidArgumentError
from mindreid.metrics import evaluate_distances
from mindreid.walkers import KEYPOINT_NAMES, Walk, render_walk, synthesis, synthesize

SMALL = {"size": (64, 32), "frames": 3, "cameras": 2}
LAYOUTS = [name for name in zoo.DATASETS.names() if zoo.DATASETS[name].layout is not None]
#: Layouts that split test images otherwise than one query per walk, tie clothes to cameras, or have no
#: room for several outfits.
OTHERWISE = ("ccvid", "cuhk01", "pku_reid", "prcc", "vc_clothes")
WITHOUT_CAMERAS = ("celeb_reid", "celeb_reid_light", "last")


def files(root):
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("layout", sorted({*LAYOUTS} - {*OTHERWISE}))
def test_the_real_loader_reads_what_was_written(layout, tmp_path):
    root = tmp_path / "walkers"
    counts = synthesize(layout, root, 5, 1, outfits=2, test_share=0.4, **SMALL)
    dataset = mindreid.load_dataset(layout, str(root))
    per_person = 2 * 2 * 3
    assert counts == {"train": 3 * per_person, "query": 2 * 4, "gallery": 2 * 8}
    for split, expected in counts.items():
        assert len(dataset.split(split)) == expected
    assert dataset.num_train_pids == 3
    train, query, gallery = ({record.camid for record in dataset.split(name)} for name in counts)
    assert len(train) == (1 if layout in WITHOUT_CAMERAS else 2)
    assert query == gallery == train
    # Every query finds its person before the other camera.
    for record in dataset.query:
        matches = [item for item in dataset.gallery if item.pid == record.pid]
        assert layout in WITHOUT_CAMERAS or any(item.camid != record.camid for item in matches)
    assert not {record.path for record in dataset.query} & {record.path for record in dataset.gallery}


def test_clothes_changing_walkers_are_seen_from_all_sides_and_found_in_any_clothes(tmp_path):
    root = tmp_path / "walkers"
    synthesize("ltcc", root, 8, 1, annotations=True, size=(32, 16))
    dataset = mindreid.load_dataset("ltcc", str(root))
    assert (dataset.num_train_pids, dataset.num_train_clothes) == (4, 12)
    for protocol in dataset.protocols.values():
        labels = [
            np.array([getattr(record, name) for record in side])
            for name in ("pid", "camid", "clothes_id")
            for side in (protocol.query, protocol.gallery)
        ]
        distances = np.zeros((len(protocol.query), len(protocol.gallery)))
        result = evaluate_distances(distances, *labels, protocol=protocol.rule)
        assert result.num_valid_queries == len(protocol.query) == 4 * 3 * 4
    lines = (root / "annotations/frames.jsonl").read_text().splitlines()
    azimuths = np.array([json.loads(line)["azimuth"] for line in lines])
    quarters = np.bincount(((azimuths + 45) // 90 % 4).astype(int), minlength=4) / len(azimuths)
    assert quarters.min() > 0.1


def test_prcc_walkers_change_before_the_last_camera(tmp_path):
    root = tmp_path / "walkers"
    counts = synthesize("prcc", root, 4, 1, size=(32, 16), frames=3)
    assert counts == {"train": 2 * 3 * 3, "query": 2 * 2 * 3, "gallery": 2 * 3}
    dataset = mindreid.load_dataset("prcc", str(root))
    assert (dataset.num_train_pids, dataset.num_train_clothes) == (2, 4)
    outfits = [{record.clothes_id for record in dataset.query if record.camid == camid} for camid in (1, 2)]
    worn_before_a = {record.clothes_id for record in dataset.gallery}
    assert outfits[0] == worn_before_a
    assert not outfits[1] & worn_before_a
    with pytest.raises(InvalidArgumentError, match="'prcc' takes 3 cameras, not 4"):
        synthesize("prcc", tmp_path / "more", 4, 1, cameras=4)


@pytest.mark.parametrize(("layout", "most"), [("cuhk01", 2), ("pku_reid", 8)])
def test_walkers_of_layouts_with_room_for_few_frames(layout, most, tmp_path):
    counts = synthesize(layout, tmp_path / "walkers", 4, 1, size=(32, 16), frames=most, cameras=2)
    dataset = mindreid.load_dataset(layout, str(tmp_path / "walkers"))
    assert sum(counts.values()) == sum(len(dataset.split(split)) for split in counts) == 4 * 2 * most
    assert (dataset.num_train_pids, len({record.pid for record in dataset.query})) == (2, 2)
    with pytest.raises(InvalidArgumentError, match=f"up to {most} frames"):
        synthesize(layout, tmp_path / "more", 4, 1, frames=most + 1, cameras=2)
    assert not (tmp_path / "more").exists()


def test_ccvid_walkers_are_tracklets(tmp_path):
    root = tmp_path / "walkers"
    counts = synthesize("ccvid", root, 4, 1, size=(32, 16), frames=5)
    assert counts == {"train": 2 * 2 * 4 * 5, "query": 2 * 2 * 5, "gallery": 2 * 2 * 3 * 5}
    dataset = mindreid.load_dataset("ccvid", str(root))
    assert [len(dataset.split(split)) for split in counts] == [2 * 2 * 4, 2 * 2, 2 * 2 * 3]
    assert {len(record.paths) for split in counts for record in dataset.split(split)} == {5}
    assert (dataset.num_train_pids, dataset.num_train_clothes) == (2, 4)
    assert {record.camid for record in dataset.query} == {0}
    assert {record.camid for record in dataset.gallery} == {1, 2, 3}


def test_vc_clothes_walkers_change_before_the_last_camera(tmp_path):
    root = tmp_path / "walkers"
    counts = synthesize("vc_clothes", root, 4, 1, size=(32, 16), frames=2)
    assert counts == {"train": 2 * 4 * 2, "query": 2 * 4, "gallery": 2 * 4}
    protocols = mindreid.load_dataset("vc_clothes", str(root)).protocols
    worn = {
        name: {(r.pid, r.camid): r.clothes_id for r in protocols[name].gallery}
        for name in ("clothes_changing", "same_clothes")
    }
    for pid in (3, 4):
        assert worn["clothes_changing"][pid, 2] != worn["clothes_changing"][pid, 3]
        assert worn["same_clothes"][pid, 1] == worn["same_clothes"][pid, 2]


def test_images_are_the_rendered_ones(tmp_path):
    synthesize("market1501", tmp_path / "m", 2, 3, annotations=True, **SMALL)
    for line in (tmp_path / "m/annotations/frames.jsonl").read_text().splitlines():
        entry = json.loads(line)
        walk = Walk(entry["pid"], entry["outfit"], entry["camid"], entry["sequence"])
        frame = render_walk(3, walk, 3, size=(64, 32))[entry["frame"]]
        with Image.open(tmp_path / "m" / entry["path"]) as image:
            stored = np.asarray(image)
        assert np.corrcoef(stored.ravel(), frame.image.ravel())[0, 1] > 0.95
        masks = {"silhouettes": frame.silhouette, "faces": frame.face, "shoes": frame.shoes}
        for kind, expected in masks.items():
            path = (tmp_path / "m/annotations" / kind / entry["path"]).with_suffix(".png")
            with Image.open(path) as image:
                np.testing.assert_array_equal(np.asarray(image), expected)
        np.testing.assert_allclose(entry["keypoints"], frame.keypoints, atol=0.051)
        assert entry["azimuth"] == pytest.approx(frame.azimuth, abs=0.006)
    assert json.loads((tmp_path / "m/annotations/keypoints.json").read_text()) == list(KEYPOINT_NAMES)


def test_a_person_looks_the_same_however_many_others_are_made(tmp_path):
    synthesize("market1501", tmp_path / "few", 4, 1, **SMALL)
    synthesize("market1501", tmp_path / "many", 8, 1, **SMALL)
    shared = {name for name in files(tmp_path / "few") if name.startswith("bounding_box_train")}
    assert shared
    for name in shared:
        assert (tmp_path / "few" / name).read_bytes() == (tmp_path / "many" / name).read_bytes()


def test_the_tree_says_how_it_was_made(tmp_path):
    synthesize("market1501", tmp_path / "m", 3, 9, outfits=2, occlusion=0.1, **SMALL)
    marker = json.loads((tmp_path / "m/generated.json").read_text())
    expected = {
        "ids": 3,
        "seed": 9,
        "outfits": 2,
        "cameras": 2,
        "frames": 3,
        "occlusion": 0.1,
        "size": [64, 32],
    }
    assert expected.items() <= marker.items()


def test_cameras_default_to_what_the_layout_can_tell_apart(tmp_path):
    synthesize("cuhk03", tmp_path / "c", 2, 1, frames=2, size=(64, 32))
    records = mindreid.load_dataset("cuhk03", str(tmp_path / "c")).train
    assert {record.camid for record in records} == {0, 1}


@pytest.mark.parametrize("failing", ["render_walk", "write_shot", "finish_tree"])
def test_a_failure_leaves_nothing_behind(failing, tmp_path, monkeypatch):
    real, calls = getattr(synthesis, failing), []

    def fail_later(*args, **options):
        calls.append(args)
        if failing == "finish_tree" or len(calls) > 3:
            raise OSError("no space left on device")
        return real(*args, **options)

    monkeypatch.setattr(synthesis, failing, fail_later)
    with pytest.raises(OSError, match="no space left"):
        synthesize("market1501", tmp_path / "m", 4, 1, annotations=True, **SMALL)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("keep")
    with pytest.raises(DataError, match="not an empty folder"):
        synthesize("market1501", tmp_path, 2, 1, **SMALL)
    assert files(tmp_path) == {"notes.txt"}


@pytest.mark.parametrize(
    ("ids", "change", "message"),
    [
        (1, {}, "ids is at least 2"),
        (4, {"outfits": 0}, "1 to 99 outfits"),
        (4, {"frames": 1}, "at least 2"),
        (4, {"cameras": 1}, "cameras"),
        (4, {"cameras": 100}, "cameras"),
        (4, {"test_share": 1.0}, "test_share"),
        (4, {"size": (8, 8)}, "32 × 16"),
        (4, {"occlusion": -0.1}, "occlusion"),
    ],
)
def test_senseless_arguments_are_refused_before_anything_is_written(ids, change, message, tmp_path):
    with pytest.raises(InvalidArgumentError, match=message):
        synthesize("market1501", tmp_path / "m", ids, 1, **{**SMALL, **change})
    assert list(tmp_path.iterdir()) == []


def test_a_layout_of_changing_clothes_wants_several_outfits(tmp_path):
    with pytest.raises(InvalidArgumentError, match="'ltcc' has 2 to 99 outfits, not 1"):
        synthesize("ltcc", tmp_path / "m", 4, 1, outfits=1, **SMALL)


def test_an_unknown_layout_names_the_known_ones(tmp_path):
    with pytest.raises(InvalidArgumentError, match="market1501"):
        synthesize("market1502", tmp_path / "m", 4, 1, **SMALL)
