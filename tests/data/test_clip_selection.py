"""Clips of tracklets: which frames, the same draws for all of them, and pieces for training."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from mindreid.config import Component, InputConfig
from mindreid.data.formats.images import read_image
from mindreid.data.frame_selection import ClipFrames, cover_frames, draw_frames, split_tracklet
from mindreid.data.pipeline import multi_row_batches, training_batches
from mindreid.data.records import Record
from mindreid.data.sample_loaders import sample_loaders
from mindreid.data.samplers import GroupedIdentitiesSampler
from mindreid.data.transforms import evaluation_transform, training_transform
from mindreid.errors import InvalidArgumentError

INPUTS = InputConfig(height=24, width=12)
AUGMENT = training_transform(
    [Component(name=name) for name in ("flip", "pad_crop", "random_erasing")], INPUTS
)
PLAIN = evaluation_transform(INPUTS)


def cover_slowly(frames, clip, stride):
    """The description word by word, on a list of frames."""
    clips = []
    while len(frames) >= clip * stride:
        block, frames = frames[: clip * stride], frames[clip * stride :]
        clips += [block[first::stride] for first in range(stride)]
    largest = max((s for s in range(1, stride) if clip * s <= len(frames)), default=0)
    block, frames = frames[: clip * largest], frames[clip * largest :]
    clips += [block[first::largest] for first in range(largest)]
    if frames:
        looped = frames * clip
        clips.append(looped[:clip])
    return clips


@given(st.integers(1, 200), st.integers(1, 9), st.integers(1, 5))
@example(64, 8, 4)
@example(1, 8, 4)
@example(8 * 4 - 1, 8, 4)
def test_evaluation_clips_cover_every_frame_in_as_few_clips_as_possible(length, frames, stride):
    clips = cover_frames(length, frames, stride)
    assert clips.tolist() == cover_slowly(list(range(length)), frames, stride)
    assert clips.shape == (math.ceil(length / frames), frames)
    times = Counter(clips.ravel().tolist())
    assert set(times) == set(range(length))
    repeated = [frame for frame, count in times.items() if count > 1]
    assert all(frame >= length - length % frames for frame in repeated)


@given(st.integers(1, 200), st.integers(1, 9), st.integers(1, 5), st.integers(0, 100))
def test_training_clips_are_strided_or_spread_or_repeated(length, frames, stride, seed):
    drawn = draw_frames(length, frames, stride, np.random.default_rng(seed))
    assert drawn.shape == (frames,)
    assert (drawn >= 0).all()
    assert (drawn < length).all()
    if length >= frames * stride:
        assert (np.diff(drawn) == stride).all()
    elif length >= frames:
        assert (drawn // (length // frames)).tolist() == list(range(frames))
    else:
        assert (np.diff(drawn) >= 0).all()


def test_training_clips_begin_anywhere_and_reach_the_last_frame():
    starts = Counter(draw_frames(34, 8, 4, np.random.default_rng(seed))[0] for seed in range(600))
    # 34 - 7 * 4 = 6 places, each about 100 times of 600 (standard deviation 9).
    assert set(starts) == set(range(6))
    assert min(starts.values()) > 55


@given(st.integers(1, 400), st.integers(1, 70))
@example(63, 64)
@example(64, 64)
@example(127, 64)
@example(128, 64)
def test_pieces_for_training_have_the_chunk_and_the_last_takes_the_rest(length, chunk):
    record = Record(tuple(map(str, range(length))), pid=3, camid=1, clothes_id=2)
    pieces = split_tracklet(record, chunk)
    assert sum((piece.paths for piece in pieces), ()) == record.paths
    lengths = [len(piece.paths) for piece in pieces]
    assert lengths[:-1] == [chunk] * (len(pieces) - 1)
    assert lengths[-1] < 2 * chunk
    assert lengths[-1] >= min(chunk, length)
    assert {(piece.pid, piece.camid, piece.clothes_id) for piece in pieces} == {(3, 1, 2)}


@pytest.fixture
def tracklet(tmp_path):
    paths = []
    for frame in range(11):
        pixels = np.random.default_rng(frame).integers(0, 256, (32, 16, 3), dtype=np.uint8)
        paths.append(str(tmp_path / f"{frame:05}.png"))
        Image.fromarray(pixels).save(paths[-1])
    return Record(tuple(paths), pid=0, camid=0)


def loaders(**options):
    return sample_loaders(Component(name="clips", **options), INPUTS)


def test_a_training_clip_holds_the_drawn_frames_channels_first(tracklet):
    clip = loaders(count=3, stride=2).training(tracklet, PLAIN, np.random.default_rng(5))
    assert (clip.shape, clip.dtype) == ((3, 3, 24, 12), np.float32)
    drawn = draw_frames(11, 3, 2, np.random.default_rng(5))
    for position, frame in enumerate(drawn):
        expected = PLAIN(read_image(tracklet.paths[frame]), None)
        np.testing.assert_array_equal(clip[:, position], expected)


def test_all_frames_of_a_clip_are_augmented_alike(tracklet):
    still = Record(tracklet.paths[:1] * 8, pid=0, camid=0)
    read = loaders(count=4, stride=2).training
    clips = [read(still, AUGMENT, np.random.default_rng(seed)) for seed in range(20)]
    for clip in clips:
        np.testing.assert_array_equal(clip, clip[:, :1].repeat(4, axis=1))
    assert len({clip.tobytes() for clip in clips}) == 20


def test_clips_go_through_the_pipeline(tracklet):
    made = loaders(count=2, stride=2, chunk=3)
    whole = (tracklet, Record(tracklet.paths[:7], pid=1, camid=0))
    records = [piece for record in whole for piece in made.pieces(record)]
    assert [len(record.paths) for record in records] == [3, 3, 5, 3, 4]
    sampler = GroupedIdentitiesSampler(records, persons=2, images=1)
    options = {"seed": 1, "load": made.training}
    one, two = (
        [
            batch["images"]
            for batch in training_batches(records, sampler, AUGMENT, 0, reader_threads=n, **options)
        ]
        for n in (1, 3)
    )
    assert np.shape(one) == (2, 2, 3, 2, 24, 12)
    np.testing.assert_array_equal(one, two)
    # Two frames a clip and ten a batch: six clips of the first tracklet and four of the second.
    batches = list(
        multi_row_batches(
            whole, PLAIN, batch_size=10, reader_threads=2, load=made.evaluation, frame_size=3 * 24 * 12
        )
    )
    assert [(batch["images"].shape, batch["valid"]) for batch in batches] == [((5, 3, 2, 24, 12), 5)] * 2
    assert np.concatenate([batch["index"] for batch in batches]).tolist() == [0] * 6 + [1] * 4


@pytest.mark.parametrize("option", ["count", "stride", "chunk"])
def test_senseless_options_are_refused(option):
    with pytest.raises(InvalidArgumentError, match="at least 1"):
        ClipFrames(**{option: 0})
