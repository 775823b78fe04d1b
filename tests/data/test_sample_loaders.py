"""The frames of a record, whatever form its array was stored in."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from mindreid.data.records import Record
from mindreid.data.sample_loaders import open_frames
from mindreid.errors import DataError


@pytest.fixture
def record(tmp_path):
    def store(content):
        (tmp_path / "090.pkl").write_bytes(pickle.dumps(content))
        return Record((str(tmp_path / "090.pkl"),), pid=0, camid=0)

    return store


def test_masks_of_0_and_1_are_seen(record):
    frames = open_frames(record(np.ones((3, 1, 64, 44), bool)))
    assert frames.shape == (3, 64, 44)
    assert frames.min() == 255


def test_colour_frames_end_with_their_channels(record):
    colour = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    np.testing.assert_array_equal(open_frames(record(colour))[1][2, 3], colour[1, :, 2, 3])


@pytest.mark.parametrize("content", [[], np.zeros((0, 64, 64), np.uint8), np.zeros((0, 64, 64))])
def test_an_empty_sequence_is_refused(record, content):
    with pytest.raises(DataError, match=r"no frames.*090\.pkl"):
        open_frames(record(content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([np.zeros((64, 22), np.uint8), np.zeros((64, 27), np.uint8)], r"64×22 \(1 frames\), 64×27"),
        (np.zeros(5), r"not float64 \[5\]"),
        (np.float64(2.0), r"not float64 \[\]"),
    ],
)
def test_what_are_no_frames_is_named(record, content, message):
    with pytest.raises(DataError, match=message):
        open_frames(record(content))
