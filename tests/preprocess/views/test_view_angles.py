"""Bins of the view angle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mindreid.errors import InvalidArgumentError
from mindreid.preprocess.views.view_angles import PRESETS, ViewBins, wrap_angle

#: Thousandths, for those nearer to a border than rounding errors have no side; 180 mirrors itself.
ANGLES = st.integers(-179_999, 179_999).map(lambda number: number / 1000)


def test_front_back_side():
    bins = ViewBins.parse("front-back-side")
    for angle in range(-179, 181):
        expected = "front" if abs(angle) <= 45 else "back" if abs(angle) >= 135 else "side"
        assert bins.names[int(bins.numbers(np.array(angle)))] == expected


@given(angle=ANGLES, count=st.integers(1, 40))
def test_equal_sectors_hold_the_nearest_middle(angle, count):
    bins = ViewBins.parse(str(count))
    middles = np.array([float(name) for name in bins.names])
    away = np.abs((middles - angle + 180) % 360 - 180)
    assert away[int(bins.numbers(np.array(angle)))] == pytest.approx(away.min(), abs=1e-3)


@given(angle=ANGLES, count=st.integers(1, 40))
def test_the_mirror_image_is_in_the_mirrored_bin(angle, count):
    bins = ViewBins.parse(str(count))
    name, mirror = (bins.names[int(bins.numbers(np.array(wrap_angle(a))))] for a in (angle, -angle))
    assert float(mirror) == pytest.approx(wrap_angle(-float(name)))


def test_sectors_of_ones_own():
    bins = ViewBins.parse("away:100:-100, here:-100:0,here:0:100")
    assert bins.names == ("away", "here")
    assert bins.numbers(np.array([180, 99, 101, -100, 0])).tolist() == [0, 1, 0, 0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("front", "names no bins"),
        ("a:1", "names no bins"),
        ("a:x:3", "names no bins"),
        ("a:nan:3", "names no bins"),
        (":0:360", "names no bins"),
        ("0", "1 to 360 bins"),
        ("a:-45:45,b:45:135", "0 sectors cover the angle -135"),
        ("a:-45:45,b:40:-45", "2 sectors cover the angle 42.5"),
    ],
)
def test_sectors_that_do_not_cover_the_circle_once_are_refused(text, message):
    with pytest.raises(InvalidArgumentError, match=message):
        ViewBins.parse(text)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_are_complete(name):
    assert set(np.unique(ViewBins.parse(name).numbers(np.arange(-180, 181)))) == set(
        range(len(ViewBins.parse(name).names))
    )
