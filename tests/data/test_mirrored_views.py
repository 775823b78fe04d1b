"""A mirrored image shows another view; where images are mirrored at random, both are one class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mindreid import load_dataset
from mindreid.config import load_recipe
from mindreid.data.datasets.outfit_walkers import VIEWS, OutfitWorld
from mindreid.data.mirrored_views import mirrored_bins
from mindreid.data.open_dataset import open_dataset
from mindreid.data.view_table import ViewRow, write_views
from mindreid.preprocess.views.view_angles import ViewBins

ALL_ROUND = np.arange(-179.0, 181.0)


@pytest.mark.parametrize(
    ("bins", "expected"),
    [
        ("front-back-side", {}),
        ("front-back-left-right", {"left": "right", "right": "left"}),
        ("4", {"90": "-90", "-90": "90"}),
    ],
)
def test_bins_that_tell_left_from_right_are_found(bins, expected):
    own = ViewBins.parse(bins)
    found = mirrored_bins(zip(ALL_ROUND.tolist(), own.numbers(ALL_ROUND).tolist()))
    assert {own.names[number]: own.names[other] for number, other in found.items()} == expected


@given(st.integers(1, 30))
def test_equal_sectors_are_mirrored_in_pairs(count):
    numbers = ViewBins.parse(str(count)).numbers(ALL_ROUND)
    found = mirrored_bins(zip(ALL_ROUND.tolist(), numbers.tolist()))
    # By hand: the bin of a sector's middle, of which the first is 0, and that of its negative.
    middles = np.arange(count) * 360.0 / count
    wrapped = [180 - (180 - sign * middles) % 360 for sign in (1, -1)]
    here, there = (ViewBins.parse(str(count)).numbers(angles).tolist() for angles in wrapped)
    assert found == {a: b for a, b in zip(here, there) if a != b}


def test_nothing_is_told_of_sides_that_no_image_shows():
    assert mirrored_bins([]) == {}
    assert mirrored_bins([(0.0, 0), (90.0, 1)]) == {}


@pytest.mark.parametrize("flips", [True, False])
def test_training_views_are_joined_where_images_are_mirrored(tmp_path, flips):
    OutfitWorld(1, 8, 2, outfits=6).write(tmp_path)
    sets = [f"dataset.root={tmp_path}", *([] if flips else ["augment=[{name: normalize}]"])]
    opened = open_dataset(load_recipe("val/outfits", sets))
    plain = load_dataset("outfit_walkers", tmp_path)
    own = [record.view for record in plain.train]
    assert set(own) == set(range(VIEWS))
    expected = [min(view, VIEWS - view) for view in own] if flips else own
    assert [record.view for record in opened.train] == expected
    # Nobody mirrors what is tested.
    assert opened.query == plain.query
    assert opened.protocols == plain.protocols


def test_a_table_of_sides_is_joined_as_well(tiny_market, tmp_path):
    names = sorted(path.name for path in (tiny_market / "bounding_box_train").iterdir())
    sides = [(0.0, 0, "front"), (-90.0, 1, "left"), (90.0, 2, "right")]
    rows = [
        ViewRow(f"bounding_box_train/{name}", *sides[index % 3], confidence=1.0)
        for index, name in enumerate(names)
    ]
    write_views(tmp_path / "views.csv", rows)
    sets = [f"dataset.root={tiny_market}", f"dataset.views={tmp_path / 'views.csv'}"]
    assert {record.view for record in open_dataset(load_recipe("mgn/market1501", sets)).train} == {0, 1}
    still = [*sets, "augment=[{name: normalize}]"]
    assert {record.view for record in open_dataset(load_recipe("mgn/market1501", still)).train} == {0, 1, 2}
