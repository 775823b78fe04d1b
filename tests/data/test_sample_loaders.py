"""The frames of a record, whatever form its array was stored in."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from PIL import Image

from mindreid.config import Component, InputConfig
from mindreid.data.pipeline import multi_row_batches
from mindreid.data.records import Record
from mindreid.data.sample_loaders import open_frames, sample_loaders
from mindreid.data.transforms import evaluation_transform
from mindreid.errors import DataError, InvalidArgumentError


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


def test_five_crops_are_five_rows_of_their_image(tmp_path):
    """In the batches of an evaluation, each with its image's number."""
    inputs, pixels = InputConfig(height=16, width=8), np.random.default_rng(0).integers(0, 255, (2, 18, 9, 3))
    records = []
    for number, image in enumerate(pixels.astype(np.uint8)):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
        records.append(Record((str(tmp_path / f"{number}.png"),), pid=0, camid=0))
    batches = multi_row_batches(
        records, evaluation_transform(inputs), batch_size=4, reader_threads=1,
        load=sample_loaders(None, inputs, 1.125).evaluation, frame_size=3 * 16 * 8,
    )  # fmt: skip
    rows = [row for batch in batches for row in zip(batch["index"][: batch["valid"]], batch["images"])]
    assert [index for index, _ in rows] == [0] * 5 + [1] * 5
    whole = (pixels[1] / 255 - inputs.mean) / inputs.std
    for (_, row), (top, left) in zip(rows[5:], [(0, 0), (0, 1), (2, 0), (2, 1), (1, 1)]):
        expected = whole[top : top + 16, left : left + 8].transpose(2, 0, 1)
        np.testing.assert_allclose(row, expected, atol=1e-5)


def test_crops_are_of_single_images_only():
    with pytest.raises(InvalidArgumentError, match="single images"):
        sample_loaders(Component(name="unordered"), InputConfig(height=64, width=44, kind="silhouettes"), 1.1)
    assert sample_loaders(None, InputConfig(height=16, width=8), 1.0) is None
