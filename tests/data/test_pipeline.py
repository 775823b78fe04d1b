from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading

import mindspore.dataset as ds
import numpy as np
import pytest
from mindspore import Tensor
from PIL import Image

from mindreid.config import Component, InputConfig
from mindreid.data.formats.images import read_image
from mindreid.data.pipeline import evaluation_batches, training_batches
from mindreid.data.records import Record
from mindreid.data.samplers import DistinctPersonsSampler
from mindreid.data.transforms import evaluation_transform, training_transform
from mindreid.errors import DataError

INPUTS = InputConfig(height=24, width=12)
AUGMENT = training_transform([Component(name=n) for n in ("flip", "pad_crop", "random_erasing")], INPUTS)
PLAIN = evaluation_transform(INPUTS)


@pytest.fixture
def records(tmp_path):
    rng = np.random.default_rng(0)
    made = []
    for i in range(40):
        path = tmp_path / f"{i:02}.jpg"
        Image.fromarray(rng.integers(0, 256, (32, 16, 3), dtype=np.uint8)).save(path)
        clothes = None if i % 2 else i
        made.append(Record((str(path),), pid=i // 4, camid=i % 3, clothes_id=clothes, view=i % 5))
    return made


@pytest.fixture(autouse=True)
def leave_nothing_behind(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cwd")
    monkeypatch.chdir(folder)
    yield
    assert not reading_threads()
    assert os.listdir(folder) == []


def reading_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("mindreid-read")]


def sampler_of(records, rank=0, world_size=1):
    return DistinctPersonsSampler(records, 1, rank, world_size, persons=4, images=2)


def train(records, *, epoch=0, reader_threads=2, seed=1, skip=0, sampler=None):
    sampler = sampler or sampler_of(records)
    return list(
        training_batches(
            records, sampler, AUGMENT, epoch, seed=seed, reader_threads=reader_threads, skip=skip
        )
    )


def images_of(batches):
    return np.stack([batch["images"] for batch in batches])


def test_batches_hold_the_samplers_rows_with_their_labels(records):
    sampler = sampler_of(records)
    batches = list(training_batches(records, sampler, PLAIN, 3, seed=1, reader_threads=2))
    np.testing.assert_array_equal([batch["index"] for batch in batches], sampler.batches(3))
    for batch in batches:
        rows = [records[index] for index in batch["index"]]
        assert batch["pid"].tolist() == [record.pid for record in rows]
        assert batch["camid"].tolist() == [record.camid for record in rows]
        assert batch["view"].tolist() == [record.view for record in rows]
        assert batch["clothes_id"].tolist() == [-1 if r.clothes_id is None else r.clothes_id for r in rows]
        assert {str(batch[name].dtype) for name in ("pid", "camid", "clothes_id", "view", "index")} == {
            "int32"
        }
        expected = [PLAIN(read_image(record.path), np.random.default_rng()) for record in rows]
        np.testing.assert_array_equal(batch["images"], np.stack(expected))


def test_the_stream_does_not_depend_on_the_number_of_threads(records):
    one, two, four = (images_of(train(records, reader_threads=count)) for count in (1, 2, 4))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, four)


def test_seed_and_epoch_decide_the_augmentation(records):
    class SameRows:
        batch_size, first_row, batches_per_epoch = 8, 0, 5

        def batches(self, epoch):
            return np.arange(40).reshape(5, 8)

    base = images_of(train(records, sampler=SameRows()))
    assert (base != images_of(train(records, sampler=SameRows(), epoch=1))).any(axis=(2, 3, 4)).mean() > 0.9
    assert (base != images_of(train(records, sampler=SameRows(), seed=2))).any(axis=(2, 3, 4)).mean() > 0.9


def test_a_record_drawn_twice_into_a_batch_is_augmented_twice(records):
    few = records[::4]
    (batch, *_) = train(few)
    pairs = batch["images"].reshape(4, 2, -1)
    assert (batch["index"].reshape(4, 2)[:, 0] == batch["index"].reshape(4, 2)[:, 1]).all()
    assert (pairs[:, 0] != pairs[:, 1]).any(axis=1).all()


def test_an_epoch_can_be_entered_at_any_batch(records):
    whole, rest = train(records, epoch=2), train(records, epoch=2, skip=3)
    np.testing.assert_array_equal(images_of(whole)[3:], images_of(rest))
    assert train(records, skip=len(whole)) == []


def test_ranks_together_see_what_one_process_sees(records):
    parts = [images_of(train(records, sampler=sampler_of(records, rank, 2))) for rank in (0, 1)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), images_of(train(records)))


def test_batches_stay_what_they_were_while_the_iteration_goes_on(records):
    kept, copies = [], []
    for batch in training_batches(records, sampler_of(records), AUGMENT, 0, seed=1, reader_threads=2):
        kept.append(Tensor.from_numpy(batch["images"]))
        copies.append(batch["images"].copy())
    for tensor, copy in zip(kept, copies):
        np.testing.assert_array_equal(tensor.asnumpy(), copy)


@pytest.mark.parametrize("bad", [0, 20])
@pytest.mark.parametrize("damage", ["truncated", "missing", "text"])
def test_an_unreadable_image_is_one_error_in_its_turn(records, bad, damage, capfd):
    spoil(records[bad].path, damage)
    sampler = sampler_of(records)
    turn = int(np.argwhere((sampler.batches(0) == bad).any(axis=1))[0, 0])
    seen = []
    with pytest.raises(DataError) as caught:
        seen.extend(training_batches(records, sampler, AUGMENT, 0, seed=1, reader_threads=2))
    assert len(seen) == turn
    assert records[bad].path in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_an_unreadable_first_evaluation_image_is_one_error(records, capfd):
    spoil(records[0].path, "truncated")
    with pytest.raises(DataError, match=r"00\.jpg"):
        list(evaluation_batches(records, PLAIN, batch_size=8, reader_threads=2))
    assert capfd.readouterr() == ("", "")


def spoil(path, damage):
    if damage == "missing":
        os.remove(path)
        return
    with open(path, "rb") as file:
        content = file.read()
    with open(path, "wb") as file:
        file.write(content[: len(content) // 2] if damage == "truncated" else b"no image")


def test_an_epoch_can_be_left_in_the_middle(records, capfd):
    iterator = training_batches(records, sampler_of(records), AUGMENT, 0, seed=1, reader_threads=2)
    next(iterator)
    assert reading_threads()
    iterator.close()
    assert not reading_threads()
    for _ in training_batches(records, sampler_of(records), AUGMENT, 0, seed=1, reader_threads=2):
        break
    for _ in evaluation_batches(records, PLAIN, batch_size=8, reader_threads=2):
        break
    assert capfd.readouterr() == ("", "")


def test_a_process_that_leaves_in_the_middle_ends_quietly(records, tmp_path):
    script = """
        import sys
        from mindreid.config import InputConfig
        from mindreid.data.pipeline import evaluation_batches
        from mindreid.data.records import Record
        from mindreid.data.transforms import evaluation_transform
        records = [Record((path,), 0, 0) for path in sys.argv[1:]] * 20
        transform = evaluation_transform(InputConfig(height=24, width=12))
        batches = evaluation_batches(records, transform, batch_size=8, reader_threads=2)
        next(batches)
        sys.exit(3)
    """
    paths = [record.path for record in records]
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *paths], capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "", "")


def test_mindspore_keeps_its_usual_queue_length(records):
    before = ds.config.get_prefetch_size()
    train(records)
    assert ds.config.get_prefetch_size() == before


def test_reading_ahead_is_bounded(records):
    """Waiting batches are memory: a slow network must not fill it."""
    read = []

    def load(record, transform, generator):
        read.append(record)
        return transform(read_image(record.path), generator)

    many = records * 10
    batches = evaluation_batches(many, PLAIN, batch_size=8, reader_threads=2, load=load)
    next(batches)
    threading.Event().wait(0.5)
    assert len(read) <= 7 * 8
    batches.close()


def test_the_last_evaluation_batch_is_padded_and_says_how_many_count(records):
    batches = list(evaluation_batches(records[:19], PLAIN, batch_size=8, reader_threads=2))
    assert [batch["valid"] for batch in batches] == [8, 8, 3]
    assert {batch["images"].shape for batch in batches} == {(8, 3, 24, 12)}
    assert batches[-1]["index"].tolist() == [16, 17, 18, 18, 18, 18, 18, 18]
    np.testing.assert_array_equal(batches[-1]["images"][3:], batches[-1]["images"][[2] * 5])


@pytest.mark.parametrize("count", [1, 2, 19, 40])
def test_ranks_share_the_evaluation_without_gap_or_overlap(records, count):
    seen = []
    for rank in range(3):
        share = evaluation_batches(
            records[:count], PLAIN, batch_size=4, reader_threads=2, rank=rank, world_size=3
        )
        indices = [index for batch in share for index in batch["index"][: batch["valid"]].tolist()]
        assert indices == list(range(rank, count, 3))
        seen += indices
    assert sorted(seen) == list(range(count))


def test_nothing_to_evaluate_is_an_error():
    with pytest.raises(DataError, match="no images"):
        evaluation_batches([], PLAIN, batch_size=4, reader_threads=2)


def test_loading_is_replaceable_for_tracklets(records):
    def load_clip(record, transform, generator):
        frames = generator.choice(len(record.paths), 3)
        return np.stack([transform(read_image(record.paths[frame]), generator) for frame in frames])

    tracklets = [
        Record(tuple(r.path for r in records[i : i + 4]), pid=i // 4, camid=0) for i in range(0, 40, 4)
    ]
    sampler = DistinctPersonsSampler(tracklets, persons=4, images=2)
    batches = list(training_batches(tracklets, sampler, AUGMENT, 0, seed=1, reader_threads=2, load=load_clip))
    assert {batch["images"].shape for batch in batches} == {(8, 3, 3, 24, 12)}
