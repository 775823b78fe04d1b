"""Silhouettes of training images: every image has one, and it is read as it is."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mindreid.data.fingerprint import fingerprint
from mindreid.data.open_dataset import load_dataset
from mindreid.data.silhouette_files import read_silhouette, training_silhouettes
from mindreid.errors import DataError
from mindreid.walkers import synthesize


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    place = tmp_path_factory.mktemp("walkers") / "a tree"
    synthesize("ltcc", place, 4, 1, outfits=2, cameras=2, frames=2, size=(48, 24), annotations=True)
    return place


def test_walkers_have_theirs_and_they_fit_the_images(root):
    dataset = load_dataset("ltcc", str(root), silhouettes=str(root / "annotations" / "silhouettes"))
    silhouettes = training_silhouettes(dataset.train, 12, 6)
    assert silhouettes.shape == (len(dataset.train), 12, 6)
    assert silhouettes.dtype == np.uint8
    for record, silhouette in zip(dataset.train, silhouettes):
        whole = np.asarray(Image.open(record.silhouette)).astype(float)
        means = whole.reshape(12, 4, 6, 4).mean((1, 3))
        assert np.abs(silhouette - means).max() <= 1
    assert all(record.silhouette is None for record in (*dataset.query, *dataset.gallery))


def test_without_any_the_way_to_have_them_is_said(root):
    with pytest.raises(DataError, match=r"dataset\.silhouettes=FOLDER"):
        training_silhouettes(load_dataset("ltcc", str(root)).train, 12, 6)


def test_a_missing_one_is_named(root, tmp_path):
    with pytest.raises(DataError, match=r"training images have no silhouette: .*\.png"):
        load_dataset("ltcc", str(root), silhouettes=str(tmp_path))
    with pytest.raises(DataError, match="no such folder of silhouettes"):
        load_dataset("ltcc", str(root), silhouettes=str(tmp_path / "none"))


def test_values_of_a_mask(tmp_path):
    mask = np.zeros((8, 4), np.uint8)
    mask[2:6, 1:3] = 1
    Image.fromarray(mask).save(tmp_path / "ones.png")
    Image.fromarray(mask * 255).save(tmp_path / "white.png")
    Image.fromarray(mask * 0).save(tmp_path / "empty.png")
    expected = read_silhouette(tmp_path / "white.png", 8, 4)
    np.testing.assert_array_equal(expected, mask * 255)
    np.testing.assert_array_equal(read_silhouette(tmp_path / "ones.png", 8, 4), expected)
    assert not read_silhouette(tmp_path / "empty.png", 8, 4).any()


def test_hidden_persons_are_counted_and_masks_of_nobody_alone_are_refused(root, tmp_path, caplog):
    """As a segmentation leaves them of somebody behind something."""
    train = load_dataset("ltcc", str(root), silhouettes=str(root / "annotations" / "silhouettes")).train
    hidden = tmp_path / "hidden.png"
    Image.new("L", (24, 48)).save(hidden)
    behind = [
        replace(record, silhouette=str(hidden)) if i in (1, 3) else record for i, record in enumerate(train)
    ]
    shown = training_silhouettes(behind, 12, 6).any((1, 2))
    assert list(np.flatnonzero(~shown)) == [1, 3]
    assert f"2 of {len(train)} training images' silhouettes show nobody" in caplog.text
    with pytest.raises(DataError, match="show nobody at 12×6 pixels"):
        training_silhouettes([replace(record, silhouette=str(hidden)) for record in train], 12, 6)


def test_silhouettes_are_told_by_the_fingerprint_and_no_list_without_them_changes(root):
    records = load_dataset("ltcc", str(root)).train
    with_silhouettes = [replace(record, silhouette="a.png") for record in records]
    assert fingerprint(records, root) != fingerprint(with_silhouettes, root)
