"""Released trees of images to pickled sequences: CASIA-B's masks, CCPG's two trees."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mindreid.data.formats.pickles import read_array
from mindreid.data.formats.silhouettes import align_silhouette
from mindreid.data.open_dataset import load_dataset
from mindreid.data.sample_loaders import open_frames
from mindreid.errors import DataError
from mindreid.preprocess.gait.ccpg_release import organize_ccpg
from mindreid.preprocess.gait.raw_silhouettes import align_raw_silhouettes


def mask(shift=0):
    made = np.zeros((80, 60), np.uint8)
    made[10:70, 20 + shift : 40 + shift] = 255
    made[30:34, 10 + shift : 50 + shift] = 255
    return made


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def casia(tmp_path):
    for subject, kind, view in (("001", "nm-01", "090"), ("001", "bg-01", "000"), ("100", "nm-05", "090")):
        for frame in range(6):
            name = f"{subject}-{kind}-{view}-{frame + 1:03d}.png"
            write(tmp_path / "raw" / subject / kind / view / name, mask(frame if subject == "001" else 0))
    return tmp_path / "raw"


def test_masks_become_the_dataset(casia, tmp_path):
    write(casia / "001/nm-01/090/001-nm-01-090-000.png", np.zeros((80, 60), np.uint8))
    counts = align_raw_silhouettes(casia, tmp_path / "out", reader_threads=2)
    assert counts == {"sequences": 3, "frames": 18, "empty": 0, "blank frames": 1}
    left_out = (tmp_path / "out" / "left_out.csv").read_text(encoding="utf-8").splitlines()
    assert left_out == ["image,reason", f"{casia}/001/nm-01/090/001-nm-01-090-000.png,blank frames"]
    dataset = load_dataset("casia_b", tmp_path / "out")
    assert [(r.condition, r.camera) for r in dataset.train] == [("bg-01", "000"), ("nm-01", "090")]
    expected = [align_silhouette(mask(frame)) for frame in range(6)]
    np.testing.assert_array_equal(read_array(dataset.train[1].path), expected)


def test_frames_are_in_the_order_of_their_numbers(tmp_path):
    for frame in range(1, 13):
        write(tmp_path / f"raw/001/nm-01/090/{frame}.png", mask(frame))
        write(
            tmp_path / f"colour/001/nm-01/090/{frame}.jpg",
            np.full((80, 60, 3), (200, 20 * frame, 0), np.uint8),
        )
    align_raw_silhouettes(tmp_path / "raw", tmp_path / "out")
    expected = [align_silhouette(mask(frame)) for frame in range(1, 13)]
    np.testing.assert_array_equal(read_array(tmp_path / "out/001/nm-01/090/090.pkl"), expected)
    organize_ccpg(tmp_path / "colour", tmp_path / "raw", tmp_path / "ccpg")
    colours = read_array(tmp_path / "ccpg/001/nm-01/090/090-rgbs.pkl")[:, 1, 64, 64]
    np.testing.assert_allclose(colours, np.arange(20, 260, 20), atol=4)


def test_a_tilde_is_the_home_folder(casia, ccpg, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert align_raw_silhouettes(Path("~/raw"), tmp_path / "out")["sequences"] == 3
    assert organize_ccpg(Path("~/colour"), Path("~/masks"), tmp_path / "ccpg")["sequences"] == 2


def test_the_modality_names_the_files(casia, tmp_path):
    align_raw_silhouettes(casia, tmp_path / "out", modality="aligned-sils")
    assert len(load_dataset("casia_b", tmp_path / "out", modality="aligned-sils").train) == 2


def test_empty_sequences_are_left_out_and_short_ones_named(casia, tmp_path, caplog):
    (casia / "001/cl-01/090").mkdir(parents=True)
    write(casia / "001/cl-02/090/a.png", np.zeros((80, 60), np.uint8))
    write(casia / "001/nm-02/090/a.png", mask())
    counts = align_raw_silhouettes(casia, tmp_path / "out")
    assert counts == {"sequences": 4, "frames": 19, "empty": 2, "blank frames": 1}
    assert not (tmp_path / "out/001/cl-01").exists()
    assert "cl-01/090 shows nothing (it has no image)" in caplog.text
    assert "cl-02/090 shows nothing (largest value of its 1 images: 0)" in caplog.text
    assert "nm-02/090 has 1 frames only" in caplog.text


def test_masks_of_0_and_1_and_dark_walkers_give_the_same_dataset(casia, tmp_path):
    align_raw_silhouettes(casia, tmp_path / "expected")
    for number, path in enumerate(sorted(casia.rglob("*.png"))):
        with Image.open(path) as image:
            pixels = np.asarray(image)
        write(path, pixels // 255 if "bg-01" in str(path) else 255 - pixels)
        assert number < 18
    counts = align_raw_silhouettes(casia, tmp_path / "out")
    assert counts == {"sequences": 3, "frames": 18, "empty": 0, "inverted": 2}
    for path in sorted((tmp_path / "expected").rglob("*.pkl")):
        found = read_array(tmp_path / "out" / path.relative_to(tmp_path / "expected"))
        np.testing.assert_array_equal(found, read_array(path))


def test_full_frames_are_left_out_and_a_tree_of_nothing_is_refused(casia, tmp_path):
    write(casia / "001/nm-01/090/001-nm-01-090-000.png", np.full((80, 60), 255, np.uint8))
    counts = align_raw_silhouettes(casia, tmp_path / "out")
    assert counts == {"sequences": 3, "frames": 18, "empty": 0, "full frames": 1}
    for path in casia.rglob("*.png"):
        write(path, np.zeros((80, 60), np.uint8))
    with pytest.raises(DataError, match="no mask shows a walker"):
        align_raw_silhouettes(casia, tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_an_unreadable_mask_leaves_nothing(casia, tmp_path):
    (casia / "001/nm-01/090/001-nm-01-090-003.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match="003"):
        align_raw_silhouettes(casia, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_link_that_leads_nowhere_leaves_no_sequence_out(casia, tmp_path):
    (casia / "001/nm-01/090/001-nm-01-090-007.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(DataError, match=r"leads nowhere: .*nm-01-090-007"):
        align_raw_silhouettes(casia, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.getuid() == 0, reason="everything is permitted to root")
def test_a_folder_without_permission_leaves_no_sequence_out(casia, tmp_path):
    (casia / "001/nm-01/090").chmod(0)
    with pytest.raises(DataError, match="cannot list the folder"):
        align_raw_silhouettes(casia, tmp_path / "out")
    (casia / "001/nm-01/090").chmod(0o755)


def test_a_tree_of_another_depth_is_one_error(tmp_path):
    write(tmp_path / "raw/001/a.png", mask())
    with pytest.raises(DataError, match="no sequence"):
        align_raw_silhouettes(tmp_path / "raw", tmp_path / "out")
    with pytest.raises(DataError, match="not there"):
        align_raw_silhouettes(tmp_path / "nowhere", tmp_path / "out")


@pytest.fixture
def ccpg(tmp_path):
    """A tree in colour and one of masks; a frame without a mask, and one with an empty one."""
    rng = np.random.default_rng(0)
    for subject in ("000", "100"):
        for frame in range(5):
            place = f"{subject}/U0_D0_BG/01_0/{frame:03d}"
            colour = rng.integers(0, 256, (2, 2, 3)).astype(np.uint8).repeat(40, 0).repeat(30, 1)
            write(tmp_path / "colour" / f"{place}.jpg", colour)
            if frame != 1:
                write(tmp_path / "masks" / f"{place}.png", mask(frame) * (frame != 3))
    return tmp_path / "colour", tmp_path / "masks"


def test_two_trees_become_four_modalities(ccpg, tmp_path):
    colour, masks = ccpg
    counts = organize_ccpg(colour, masks, tmp_path / "out")
    assert counts == {"sequences": 2, "frames": 6, "unpaired": 4}
    left_out = (tmp_path / "out" / "left_out.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [line.rsplit("/", 1)[1] for line in left_out] == [
        "001.jpg,frames without a mask", "003.png,blank frames",
    ] * 2  # fmt: skip
    shapes = {"aligned-sils": (3, 64, 64), "sils": (3, 128, 128), "rgbs": (3, 3, 128, 128), "ratios": (3,)}
    for modality, shape in shapes.items():
        dataset = load_dataset("ccpg", tmp_path / "out", modality=modality)
        assert read_array(dataset.train[0].path).shape == shape
    np.testing.assert_allclose(read_array(dataset.train[0].path), 60 / 80)
    record = load_dataset("ccpg", tmp_path / "out", modality="rgbs").train[0]
    with Image.open(colour / "000/U0_D0_BG/01_0/002.jpg") as image:
        expected = np.asarray(image.convert("RGB"))[20, 15]
    np.testing.assert_allclose(open_frames(record)[1][32, 32].astype(int), expected.astype(int), atol=12)
    aligned = read_array(load_dataset("ccpg", tmp_path / "out").train[0].path)
    figure = mask(2)[10:70]
    scaled = cv2.resize(figure, (64, 64), interpolation=cv2.INTER_AREA)
    assert aligned[1].sum() == pytest.approx(scaled.sum(), rel=0.02)


@pytest.mark.parametrize("order", ["interchanged", "colour twice", "masks twice"])
def test_trees_are_told_apart_by_content(ccpg, tmp_path, order):
    colour, masks = ccpg
    for path in list(colour.rglob("*.jpg")):
        with Image.open(path) as image:
            image.save(path.with_suffix(".png"))
        path.unlink()
    for path in colour.rglob("*.png"):
        other = masks / path.relative_to(colour)
        if not other.exists():
            write(other, mask())
    trees = {"interchanged": (masks, colour), "colour twice": (colour,) * 2, "masks twice": (masks,) * 2}[
        order
    ]
    with pytest.raises(DataError, match="interchanged, or the same one twice"):
        organize_ccpg(*trees, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert organize_ccpg(colour, masks, tmp_path / "out")["sequences"] == 2


def test_a_tree_without_masks_is_one_error(ccpg, tmp_path):
    with pytest.raises(DataError, match="no mask of this frame"):
        organize_ccpg(ccpg[0], tmp_path / "nowhere", tmp_path / "out")
