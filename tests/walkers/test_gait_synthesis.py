"""Generated walks in the trees of gait datasets."""

import json

import numpy as np
import pytest

import mindreid
from mindreid.data.formats.pickles import read_array
from mindreid.data.formats.silhouettes import align_sequence
from mindreid.errors import InvalidArgumentError
from mindreid.walkers.gait_synthesis import synthesize_sequences
from mindreid.walkers.persons.clothing import combine_outfits, draw_outfit

SMALL = {"cameras": 2, "frames": 5, "rgb_every": 2, "size": (64, 32)}


@pytest.fixture(scope="module")
def ccpg(tmp_path_factory):
    root = tmp_path_factory.mktemp("walks") / "ccpg"
    assert synthesize_sequences("ccpg", root, 3, 1, **SMALL) == {"train": 14, "test": 28}
    return root


def test_the_real_loader_reads_what_was_written(ccpg):
    dataset = mindreid.load_dataset("ccpg", str(ccpg))
    assert (len(dataset.train), len(dataset.query), dataset.num_train_pids) == (14, 28, 1)
    assert dataset.num_train_clothes == 6
    assert {record.condition for record in dataset.query} == {
        "U0_D0", "U0_D0_BG", "U0_D3", "U1_D0", "U1_D1", "U2_D2", "U3_D3",
    }  # fmt: skip
    assert {record.camera for record in dataset.train} == {"01", "02"}
    assert json.loads((ccpg / "CCPG.json").read_text()) == {"TRAIN_SET": ["000"], "TEST_SET": ["001", "002"]}
    assert "generated walkers" in dataset.variant
    frames = read_array(dataset.train[0].path)
    assert (frames.shape, frames.dtype) == ((5, 64, 64), np.uint8)
    assert (frames[:, [0, -1]].max(axis=2) > 127).all()


def test_colour_frames_hide_what_their_name_says(ccpg):
    frames = {}
    for modality in ("rgbs", "rgbs-mask-face", "rgbs-mask-shoes", "rgbs-mask-face-shoes"):
        dataset = mindreid.load_dataset("ccpg", str(ccpg), modality=modality)
        frames[modality] = np.stack([read_array(record.path) for record in dataset.train])
        assert frames[modality].shape == (14, 3, 3, 64, 32)
    shown = frames.pop("rgbs")
    hidden = {name: (content != shown).any(axis=2) for name, content in frames.items()}
    for name, content in frames.items():
        changed = np.broadcast_to(hidden[name][:, :, None], content.shape)
        assert (content[changed] == 0).all()
    rows = {name: np.nonzero(where)[2] for name, where in hidden.items()}
    assert rows["rgbs-mask-face"].max() < 24
    assert rows["rgbs-mask-shoes"].min() > 40
    both = hidden["rgbs-mask-face"] | hidden["rgbs-mask-shoes"]
    np.testing.assert_array_equal(hidden["rgbs-mask-face-shoes"], both)


def test_casia_b_is_seen_from_its_angles(tmp_path):
    synthesize_sequences("casia_b", tmp_path / "c", 2, 1, cameras=11, frames=2, size=(64, 32))
    dataset = mindreid.load_dataset("casia_b", str(tmp_path / "c"))
    assert (len(dataset.train), len(dataset.query)) == (110, 110)
    assert [record.camera for record in dataset.train[:3]] == ["000", "018", "036"]
    assert {record.camid for record in dataset.query} == set(range(11))


def test_own_sequences_are_seen_from_four_sides(tmp_path):
    counts = synthesize_sequences("gait_pickles", tmp_path / "g", 2, 1, frames=2, size=(64, 32))
    dataset = mindreid.load_dataset("gait_pickles", str(tmp_path / "g"))
    assert counts == {"train": len(dataset.train), "test": len(dataset.query)} == {"train": 12, "test": 12}
    assert {record.camera for record in dataset.query} == {"towards", "right", "away", "left"}


def test_conditions_share_the_clothes_that_they_name_alike():
    plain = combine_outfits(1, 4, 0, 0, bag=False)
    assert (plain.top, plain.bottom) == (draw_outfit(1, 4, 0).top, draw_outfit(1, 4, 0).bottom)
    changed = combine_outfits(1, 4, 0, 3, bag=False)
    assert (changed.top, changed.bottom) == (plain.top, draw_outfit(1, 4, 3).bottom)
    assert plain.bag.kind == "none" != combine_outfits(1, 4, 0, 0, bag=True).bag.kind
    assert len({combine_outfits(1, 4, number, number, bag=False).shoes for number in range(4)}) == 1


def test_the_same_seed_writes_the_same_bytes(ccpg, tmp_path):
    synthesize_sequences("ccpg", tmp_path / "again", 3, 1, **SMALL)
    files = sorted(path.relative_to(ccpg) for path in ccpg.rglob("*") if path.is_file())
    assert len(files) == 42 * 5 + 2
    assert all((ccpg / file).read_bytes() == (tmp_path / "again" / file).read_bytes() for file in files)


def test_silhouettes_are_aligned_ones(ccpg):
    frames = read_array(mindreid.load_dataset("ccpg", str(ccpg)).query[3].path)
    # Aligning what is aligned changes nothing but interpolation at the rim.
    again = align_sequence(frames)
    assert (np.abs(again.astype(int) - frames) > 127).mean() < 0.03


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"ids": 1}, "at least 2"), ({"cameras": 11}, "2 to 10 cameras"), ({"test_share": 1.0}, "share")],
)
def test_numbers_that_make_no_sense(tmp_path, change, problem):
    arguments = {"ids": 4, "seed": 1, **SMALL, **change}
    with pytest.raises(InvalidArgumentError, match=problem):
        synthesize_sequences("ccpg", tmp_path / "w", **arguments)
    assert not (tmp_path / "w").exists()


def test_image_datasets_have_no_sequences(tmp_path):
    with pytest.raises(InvalidArgumentError, match="choose one of casia_b, ccpg, gait_pickles"):
        synthesize_sequences("market1501", tmp_path / "w", 4, 1)
