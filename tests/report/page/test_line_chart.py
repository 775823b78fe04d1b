"""Charts: where points are drawn, what is left out, what the axes say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mindreid.report.page.line_chart import line_chart, ticks
from tests.pages.page_reading import read_markup


def points(element):
    return np.array([[float(n) for n in pair.split(",")] for pair in element.attributes["points"].split()])


def test_points_rise_with_their_values_within_the_picture():
    steps, values = np.arange(1, 6), np.array([3.0, 1.0, np.nan, 2.0, 5.0])
    chart = read_markup(line_chart("loss", {"loss": (steps, values)}))
    (line,) = chart.find("polyline")
    x, y = points(line).T
    assert len(x) == 4
    assert (np.argsort(-y) == np.argsort(values[[0, 1, 3, 4]])).all()
    np.testing.assert_allclose(np.diff(x) / np.diff(x)[0], [1, 2, 1], rtol=0.01)
    assert x.min() >= 0
    assert x.max() <= 330
    assert y.min() >= 0
    assert y.max() <= 190
    assert chart.find("svg")[0].attributes["aria-label"] == "loss over step, at the end: loss 5"


def test_a_long_curve_is_its_means_within_their_range():
    values = np.random.default_rng(0).random(5000)
    chart = read_markup(line_chart("loss", {"loss": (np.arange(5000), values)}))
    (line,), (band,) = chart.find("polyline"), chart.find("polygon")
    y, rim = points(line)[:, 1], points(band)[:, 1]
    low, high = rim[: len(y)], rim[len(y) :][::-1]
    assert (high <= y).all()
    assert (y <= low).all()
    assert len(y) < 300


def test_runs_differ_in_dashes_as_well_as_in_colours():
    lines = {name: (np.arange(3), np.arange(3.0)) for name in "abcd"}
    drawn = read_markup(line_chart("loss", lines)).find("polyline")
    assert len({line.attributes.get("stroke-dasharray") for line in drawn}) == 4


@pytest.mark.parametrize("values", [[], [np.nan, np.inf]])
def test_nothing_to_draw_is_said(values):
    chart = read_markup(line_chart("loss", {"loss": (np.arange(len(values)), np.array(values))}))
    assert chart.find("svg") == []
    assert "nothing yet" in chart.text


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_ascending_and_within_the_range(low, share):
    """A range down to a millionth of its numbers, which is what 64 bits tell apart with room to spare."""
    width = share * max(abs(low), 1.0)
    found = ticks(low, low + width)
    assert found == sorted(set(found))
    assert 1 <= len(found) <= 6
    assert all(low - 1e-3 * width <= tick <= low + 1.001 * width for tick in found)
