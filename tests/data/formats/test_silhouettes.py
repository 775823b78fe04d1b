"""Aligned silhouettes against the published steps, written out plainly."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindreid.data.formats.silhouettes import align_sequence, align_silhouette, stored_silhouettes
from mindreid.errors import DataError, InvalidArgumentError


def figure(height=120, width=90, box=(20, 100, 30, 60)):
    mask = np.zeros((height, width), np.uint8)
    mask[box[0] : box[1], box[2] : box[3]] = 255
    return mask


def plain_alignment(mask):
    """The published steps, row by row and column by column."""
    top = next(row for row in range(len(mask)) if mask[row].any())
    bottom = next(row for row in reversed(range(len(mask))) if mask[row].any())
    cut = mask[top : bottom + 1]
    scaled = cv2.resize(cut, (int(64 * cut.shape[1] / cut.shape[0]), 64), interpolation=cv2.INTER_CUBIC)
    total, passed = int(scaled.astype(int).sum()), 0
    for centre in range(scaled.shape[1]):
        passed += int(scaled[:, centre].astype(int).sum())
        if passed > total / 2:
            break
    result = np.zeros((64, 64), np.uint8)
    for column in range(64):
        source = centre - 32 + column
        if 0 <= source < scaled.shape[1]:
            result[:, column] = scaled[:, source]
    return result


@settings(deadline=None)
@given(
    top=st.integers(0, 40), height=st.integers(30, 79), left=st.integers(0, 60), width=st.integers(10, 30),
    arm=st.integers(0, 25),
)  # fmt: skip
def test_alignment_follows_the_published_steps(top, height, left, width, arm):
    mask = figure(box=(top, top + height, left, left + width))
    mask[top + 5 : top + 9, left : left + width + arm] = 255
    np.testing.assert_array_equal(align_silhouette(mask), plain_alignment(mask))


@settings(deadline=None)
@given(down=st.integers(-20, 19), right=st.integers(-30, 29))
def test_alignment_does_not_depend_on_where_the_walker_is(down, right):
    moved = np.roll(figure(), down, axis=0)
    np.testing.assert_array_equal(align_silhouette(moved), align_silhouette(figure()))
    # Sideways the centre shifts by up to one pixel, and two columns at the rim by parts of one.
    expected = align_silhouette(figure())
    aside = align_silhouette(np.roll(moved, right, axis=1))
    assert min(np.abs(np.roll(aside, by, axis=1) - expected.astype(int)).mean() for by in (-1, 0, 1)) <= 4


def test_the_walker_fills_the_height_and_stands_in_the_middle():
    aligned = align_silhouette(figure())
    rows, columns = np.nonzero(aligned > 127)
    assert (rows.min(), rows.max()) == (0, 63)
    assert abs(columns.mean() - 31.5) <= 1
    assert np.ptp(columns) + 1 == pytest.approx(30 * 64 / 80, abs=1.5)


def test_empty_frames_are_left_out():
    faint = figure(box=(0, 3, 0, 13))  # 39 pixels of 255: 9945
    assert align_silhouette(faint) is None
    assert align_sequence([figure(), faint, np.zeros((5, 5), np.uint8), figure()]).shape == (2, 64, 64)
    assert align_sequence([faint]).shape == (0, 64, 64)


def test_other_arrays_are_refused():
    for array in (np.ones((8, 8)), np.ones((8, 8, 3), np.uint8)):
        with pytest.raises(InvalidArgumentError, match="uint8"):
            align_silhouette(array)


WALK = np.stack([figure(64, 44, (2, 62, shift, shift + 20)) for shift in (10, 12, 14)])
STORED = {
    "bytes": WALK,
    "truth values": WALK > 0,
    "0 and 1": WALK // 255,
    "shares": (WALK / 255).astype(np.float32),
    "half precision": (WALK / 255).astype(np.float16),
    "numbers in 0..255": WALK.astype(np.float64),
    "long integers": WALK.astype(np.int64),
    "a channel": WALK[:, None],
    "a channel of shares": (WALK / 255)[:, None],
    "a channel at the end": WALK[..., None],
}


@pytest.mark.parametrize("kind", STORED)
def test_stored_silhouettes_are_brought_to_one_form(kind):
    found = stored_silhouettes(STORED[kind], "a.pkl")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, WALK)


def test_grey_levels_stay():
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    np.testing.assert_array_equal(stored_silhouettes(grey, "a.pkl"), grey)
    np.testing.assert_array_equal(stored_silhouettes(grey / 255, "a.pkl"), grey)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((2, 8, 8), 15, np.uint8), r"these have 15 to 15: a\.pkl"),
        (np.full((2, 8, 8), -1, np.int8), "these have -1 to -1"),
        (np.full((2, 8, 8), 256, np.int16), "these have 256 to 256"),
        (np.full((2, 8, 8), np.nan), "these have nan to nan"),
        (np.full((2, 8, 8), 1.5), "these have 1.5 to 1.5"),
        (np.ones((2, 8)), r"not float64 \[2, 8\]"),
        (np.ones((2, 2, 8, 8), np.uint8), r"not uint8 \[2, 2, 8, 8\]"),
        (np.array(1.0), r"not float64 \[\]"),
    ],
)
def test_stored_arrays_of_other_values_are_refused_by_them(array, message):
    with pytest.raises(DataError, match=message):
        stored_silhouettes(array, "a.pkl")
