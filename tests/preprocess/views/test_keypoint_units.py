"""Units of confidences and of places: read where they are clear, else refused."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mindreid.errors import DataError
from mindreid.preprocess.views.keypoint_units import are_shares, to_confidences, within_shares
from tests.preprocess.views.stick_figure import stick_figure


@given(st.lists(st.floats(0.01, 1), min_size=1), st.floats(1, 1e6), st.integers(0, 50))
def test_a_confidence_above_1_changes_no_other(confidences, odd, place):
    values = np.array(confidences * 3)
    values[place % len(values)] = odd
    expected = np.minimum(values, 1)
    np.testing.assert_array_equal(to_confidences(values, "a.json"), expected)


def test_what_is_no_number_is_no_confidence():
    found = to_confidences(np.array([np.nan, np.inf, -np.inf, -2.0, 0.5]), "a.json")
    assert found.tolist() == [0, 0, 0, 0, 0.5]
    assert to_confidences(np.zeros((0, 26)), "a.json").shape == (0, 26)


def test_heat_maps_up_to_6_are_clipped():
    assert to_confidences(np.array([6.0, 0.2, 1.5]), "a.json").tolist() == [1, 0.2, 1]


def test_per_cent_are_read_where_they_are_clear(caplog):
    assert to_confidences(np.array([0.0, 40, 93, 100]), "a.json").tolist() == [0, 0.4, 0.93, 1]
    assert "a.json: the confidences are read as per cent, they go up to 100" in caplog.text


def test_other_scales_are_refused():
    with pytest.raises(DataError, match=r"go up to 255, half of them are above 128.*per cent"):
        to_confidences(np.array([0.0, 255, 128, 127]), "a.json")


SHARES = stick_figure(30.0) / [200.0, 240.0, 1.0]


def test_shares_are_told_from_pixels():
    assert are_shares([SHARES, SHARES], "a")
    assert not are_shares([stick_figure(0.0)] * 3, "a")
    assert not are_shares([], "a")
    assert within_shares(SHARES)
    assert not within_shares(stick_figure(0.0))


def test_points_that_are_not_seen_tell_nothing():
    unseen = stick_figure(0.0)
    unseen[:, 2] = 0
    assert are_shares([SHARES, unseen], "a")
    hidden_far_away = SHARES.copy()
    hidden_far_away[4] = [300, 300, 0]
    assert are_shares([hidden_far_away], "a")


def test_a_mixture_of_units_is_refused_but_not_a_failed_detection(caplog):
    caplog.set_level(logging.INFO)
    with pytest.raises(DataError, match=r"2 of 3 persons lie within 0..1"):
        are_shares([SHARES, stick_figure(0.0), SHARES], "a")
    assert not are_shares([SHARES, stick_figure(0.0), stick_figure(10.0)], "a")
