"""Which frames of a record make a row, and the stream of rows that they make."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mindreid.config import Component, InputConfig
from mindreid.data.formats.images import read_image
from mindreid.data.formats.pickles import write_array
from mindreid.data.frame_selection import SingleFrames, UnorderedFrames
from mindreid.data.pipeline import multi_row_batches, training_batches
from mindreid.data.records import Record
from mindreid.data.sample_loaders import sample_loaders
from mindreid.data.samplers import IndependentBatchesSampler
from mindreid.data.transforms import evaluation_transform, training_transform
from mindreid.errors import ConfigError, DataError, InvalidArgumentError

SILHOUETTES = InputConfig(kind="silhouettes", height=64, width=44)
IMAGES = InputConfig(height=24, width=12)
AUGMENT = [
    Component(name=f"silhouette_{name}", probability=0.5)
    for name in ("perspective", "flip", "rotate", "affine", "erase", "dilate")
]
LENGTHS = (9, 3, 17, 5, 5, 30, 2, 12)


@pytest.fixture
def sequences(tmp_path):
    """Sequences of several lengths, every frame of one grey level of its own."""
    rng = np.random.default_rng(0)
    records = []
    for i, length in enumerate(LENGTHS):
        frames = np.zeros((length, 64, 64), np.uint8)
        frames[:, 4:60, 22:42] = rng.choice(np.arange(1, 256), length, replace=False)[:, None, None]
        write_array(tmp_path / f"{i}.pkl", frames)
        records.append(Record((str(tmp_path / f"{i}.pkl"),), i // 2, i % 2, condition="nm-01"))
    return records


@pytest.fixture
def tracklets(tmp_path):
    rng = np.random.default_rng(0)
    records = []
    for i, length in enumerate((3, 1, 5)):
        paths = tuple(str(tmp_path / f"{i}-{frame}.png") for frame in range(length))
        for path in paths:
            Image.fromarray(rng.integers(0, 256, (32, 16, 3), dtype=np.uint8)).save(path)
        records.append(Record(paths, i, 0))
    return records


def loaders(inputs=SILHOUETTES, **frames):
    return sample_loaders(Component(**(frames or {"name": "unordered", "count": 6})), inputs)


def levels(row):
    """The grey levels of a row's frames."""
    return np.rint(255 * row.max(axis=(1, 2))).astype(int).tolist()


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 9))
def test_training_repeats_frames_only_of_short_sequences(length, count, seed):
    drawn = UnorderedFrames(count=count).training(length, np.random.default_rng(seed))
    assert drawn.shape == (count,)
    assert 0 <= drawn.min() <= drawn.max() < length
    assert len(set(drawn.tolist())) == count or length < count


@settings(deadline=None)
@given(st.integers(1, 60))
def test_evaluation_takes_every_frame_up_to_the_limit(length):
    (row,) = UnorderedFrames(lengths=(4, 10, 40)).evaluation(length)
    assert len(row) == next((n for n in (4, 10, 40) if n >= length), 40)
    assert set(row.tolist()) == set(range(min(length, 40)))


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 20))
def test_single_frames_are_spread_over_the_sequence(length, limit):
    rows = SingleFrames(limit=limit).evaluation(length)
    assert len(rows) == min(length, limit)
    assert (np.diff(rows) >= 1).all()
    assert rows[0] == 0
    assert length - rows[-1] <= -(-length // len(rows))


@pytest.mark.parametrize("options", [{"count": 0}, {"lengths": ()}, {"lengths": (8, 4)}, {"lengths": (4, 4)}])
def test_senseless_options_are_refused(options):
    with pytest.raises(InvalidArgumentError):
        UnorderedFrames(**options)


def test_training_rows_are_sets_of_the_records_frames(sequences):
    sampler = IndependentBatchesSampler(sequences, persons=3, sequences=2, batches=4)
    transform = evaluation_transform(SILHOUETTES)
    made = loaders().training
    batches = list(training_batches(sequences, sampler, transform, 0, seed=1, reader_threads=2, load=made))
    assert len(batches) == 4
    for batch in batches:
        assert (batch["images"].shape, batch["images"].dtype) == ((6, 6, 64, 44), np.float32)
        assert 0 <= batch["images"].min() <= batch["images"].max() <= 1
        for row, index in zip(batch["images"], batch["index"]):
            drawn, stored = levels(row), levels(whole(sequences[index]))
            assert set(drawn) <= set(stored)
            assert len(set(drawn)) == 6 or len(stored) < 6
            assert batch["pid"].tolist() == [sequences[i].pid for i in batch["index"]]


def whole(record):
    """All frames, cut and scaled, without repetition."""
    made = loaders(name="unordered", lengths=(len_of(record),)).evaluation
    return made(record, evaluation_transform(SILHOUETTES), np.random.default_rng(0))[0]


def len_of(record):
    return LENGTHS[int(record.path.split("/")[-1].removesuffix(".pkl"))]


def test_the_augmented_stream_depends_on_the_seed_alone(sequences):
    def stream(reader_threads, seed=1, rank=0, world_size=1):
        sampler = IndependentBatchesSampler(sequences, 1, rank, world_size, persons=4, sequences=2, batches=3)
        transform = training_transform(AUGMENT, SILHOUETTES)
        made = loaders().training
        batches = training_batches(
            sequences, sampler, transform, 0, seed=seed, reader_threads=reader_threads, load=made
        )
        return np.stack([batch["images"] for batch in batches])

    one = stream(1)
    np.testing.assert_array_equal(one, stream(2))
    np.testing.assert_array_equal(one, stream(5))
    np.testing.assert_array_equal(
        one, np.concatenate([stream(2, rank=r, world_size=2) for r in (0, 1)], axis=1)
    )
    assert (one != stream(1, seed=2)).any()


def test_evaluation_batches_hold_every_sequence_once_in_few_shapes(sequences):
    made = loaders(name="unordered", lengths=(4, 8, 16)).evaluation
    batches = list(
        multi_row_batches(
            sequences, evaluation_transform(SILHOUETTES),
            batch_size=16, reader_threads=3, load=made, frame_size=64 * 44,
        )
    )  # fmt: skip
    # As many rows as hold 16 frames: 4 of 4, 2 of 8, 1 of 16.
    assert {batch["images"].shape for batch in batches} == {(4, 4, 64, 44), (2, 8, 64, 44), (1, 16, 64, 44)}
    seen = {}
    for batch in batches:
        valid = batch["valid"]
        for row, index in zip(batch["images"][:valid], batch["index"][:valid]):
            assert index not in seen
            seen[int(index)] = set(levels(row))
        for row in batch["images"][valid:]:
            np.testing.assert_array_equal(row, batch["images"][valid - 1])
    assert seen == {i: set(levels(whole(record))[:16]) for i, record in enumerate(sequences)}


def test_ranks_share_the_sequences(sequences):
    made, seen = loaders().evaluation, []
    for rank in range(3):
        for batch in multi_row_batches(
            sequences, evaluation_transform(SILHOUETTES), batch_size=40, reader_threads=2, load=made,
            frame_size=64 * 44, rank=rank, world_size=3,
        ):  # fmt: skip
            seen += batch["index"][: batch["valid"]].tolist()
    assert sorted(seen) == list(range(len(sequences)))


def test_a_rank_without_a_share_gets_the_shape_of_rows(sequences):
    (batch,) = multi_row_batches(
        sequences[:1], evaluation_transform(SILHOUETTES), batch_size=40, reader_threads=2,
        load=loaders().evaluation, frame_size=64 * 44, rank=1, world_size=2,
    )  # fmt: skip
    assert (batch["valid"], batch["images"].shape[1:]) == (0, (16, 64, 44))


def test_an_unreadable_sequence_is_one_error(sequences):
    with open(sequences[5].path, "wb") as file:
        file.write(b"\x80\x04")
    batches = multi_row_batches(
        sequences, evaluation_transform(SILHOUETTES), batch_size=8, reader_threads=2,
        load=loaders().evaluation, frame_size=64 * 44,
    )  # fmt: skip
    with pytest.raises(DataError, match=r"5\.pkl"):
        list(batches)


def test_single_frames_of_a_tracklet_are_images(tracklets):
    transform, made = evaluation_transform(IMAGES), loaders(IMAGES, name="single", limit=4)
    for record in tracklets:
        frames = [transform(read_image(path), np.random.default_rng()) for path in record.paths]
        row = made.training(record, transform, np.random.default_rng(3))
        assert any(np.array_equal(row, frame) for frame in frames)
        rows = made.evaluation(record, transform, np.random.default_rng(3))
        assert rows.shape == (min(len(frames), 4), 3, 24, 12)
        assert all(any(np.array_equal(row, frame) for frame in frames) for row in rows)


def test_colour_frames_in_one_file_are_images(tmp_path, tracklets):
    transform, made = evaluation_transform(IMAGES), loaders(IMAGES, name="single")
    stored = np.stack([read_image(path).transpose(2, 0, 1) for path in tracklets[2].paths])
    write_array(tmp_path / "rgbs.pkl", stored)
    rows = made.evaluation(Record((str(tmp_path / "rgbs.pkl"),), 0, 0), transform, np.random.default_rng(0))
    np.testing.assert_array_equal(rows, made.evaluation(tracklets[2], transform, np.random.default_rng(0)))


def test_a_clip_of_images_is_augmented_alike(tracklets):
    """Frames that are equal before are equal after."""
    record = Record((tracklets[0].path,) * 9, 0, 0)
    augment = training_transform([Component(name=n) for n in ("flip", "pad_crop", "random_erasing")], IMAGES)
    made = loaders(IMAGES, name="unordered", count=9).training
    clips = [made(record, augment, np.random.default_rng(seed)) for seed in range(8)]
    assert clips[0].shape == (3, 9, 24, 12)
    assert all((clip == clip[:, :1]).all() for clip in clips)
    assert any((clip != clips[0]).any() for clip in clips)


@pytest.mark.parametrize(
    ("array", "inputs", "problem"),
    [
        (np.zeros((0, 64, 64), np.uint8), SILHOUETTES, "no frames"),
        (np.full((3, 64, 64), 300, np.int64), SILHOUETTES, "values from 0 to 255"),
        (np.zeros((3, 3, 64, 64), np.uint8), SILHOUETTES, "colour frames"),
        (np.zeros((3, 64, 64), np.uint8), IMAGES, "these are silhouettes"),
        (np.zeros((3, 2, 64, 64), np.uint8), IMAGES, "uint8"),
    ],
)
def test_files_of_other_things_are_one_error(tmp_path, array, inputs, problem):
    write_array(tmp_path / "a.pkl", array)
    record = Record((str(tmp_path / "a.pkl"),), 0, 0)
    made = loaders(inputs, name="unordered")
    with pytest.raises(DataError, match=problem):
        made.training(record, evaluation_transform(inputs), np.random.default_rng(0))


def test_silhouettes_of_another_size_are_one_error(tmp_path):
    write_array(tmp_path / "a.pkl", np.zeros((3, 128, 128), np.uint8))
    with pytest.raises(InvalidArgumentError, match="128×128 pixels can't be cut to 64×44"):
        loaders().training(
            Record((str(tmp_path / "a.pkl"),), 0, 0),
            evaluation_transform(SILHOUETTES),
            np.random.default_rng(),
        )


def test_silhouettes_need_a_selection_and_images_none():
    assert sample_loaders(None, IMAGES) is None
    with pytest.raises(InvalidArgumentError, match="frames"):
        sample_loaders(None, SILHOUETTES)


@pytest.mark.parametrize(("name", "inputs"), [("flip", SILHOUETTES), ("silhouette_flip", IMAGES)])
def test_transforms_of_the_other_kind_are_refused(name, inputs):
    with pytest.raises(ConfigError, match="is for input of the kind"):
        training_transform([Component(name=name)], inputs)
