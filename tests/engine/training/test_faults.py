"""What can go wrong under a run: one clear message, and what was saved stays; docs/faults.md."""

from __future__ import annotations

import logging
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mindreid.config import DeviceConfig
from mindreid.data.pipeline import training_batches
from mindreid.data.unreadable_files import StandIns
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.engine.evaluation.features import FeatureExtractor
from mindreid.engine.platform.device import select_device
from mindreid.engine.training.run import train
from mindreid.engine.training.run_folder import RunFolder
from mindreid.engine.training.step import TrainStep
from mindreid.errors import CheckpointError, DataError, DeviceError, TrainingError
from tests.engine.run_files import assert_equal_runs, steps
from tests.slow_cases import quick_only

#: A process that trains the recipe of argv[1] in the folder argv[2] after something went wrong.
TRAINING = """
import os, resource, signal, sys
sys.path.insert(0, {root!r})
from mindreid import cli
from tests.engine import register_toys
{fault}
code = cli.main(["train", *sys.argv[1:]])
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)
"""

#: No file can be larger.
FULL_DISK = """
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
"""

#: Memory for what is there and for an eighth of what one convolution's output needs.
LITTLE_MEMORY = """
import mindspore
from mindreid.engine.training.step import TrainStep
call = TrainStep.__call__
def scarce(*arguments):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))
    return call(*arguments)
TrainStep.__call__ = scarce
"""


def train_in_process(*arguments, fault=""):
    script = TRAINING.format(root=str(Path(__file__).parents[3]), fault=fault)
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)


def error_of(finished):
    return [line for line in finished.stderr.splitlines() if line.startswith("error: ")]


def start(recipe, folder):
    """A run that is prepared and has not begun."""
    folder.mkdir()
    RunFolder(folder).prepare(recipe, resume=False)


def test_a_full_disk_ends_the_run_and_it_goes_on_from_what_was_saved(recipe_of, tmp_path):
    recipe = recipe_of("train.epochs=2", "model.network.width=64")
    train(recipe, tmp_path / "whole")
    train(recipe_of("train.epochs=1", "model.network.width=64"), tmp_path / "parts")
    RunFolder(tmp_path / "parts").note(recipe)
    saved = RunFolder(tmp_path / "parts").state.read_bytes()
    finished = train_in_process("--resume", tmp_path / "parts", fault=FULL_DISK)
    assert finished.returncode == 2, finished.stderr
    (line,) = error_of(finished)
    assert line.startswith("error: can't write the checkpoint")
    assert "free space" in line
    assert RunFolder(tmp_path / "parts").state.read_bytes() == saved
    train(recipe, tmp_path / "parts", resume=True)
    assert_equal_runs(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.slow
def test_losses_that_no_longer_fit_on_the_disk_end_the_run(recipe_of, tmp_path):
    """They are not written by the writer of checkpoints."""
    rare = ("train.evaluate_every=0", "train.checkpoint_every=10", "train.log_every=1")
    start(recipe_of("train.epochs=10", *rare), tmp_path / "run")
    arguments = ("--config", tmp_path / "run" / "config.yaml", "--output", tmp_path / "run")
    finished = train_in_process(*arguments, fault=FULL_DISK)
    assert finished.returncode == 2
    (line,) = error_of(finished)
    assert "there is no space left (File too large)" in line
    assert "--resume" in line


@pytest.mark.parametrize("kept", quick_only([0.3, 0.97], 0.97))
def test_a_truncated_state_is_refused_and_the_weights_can_start_a_new_run(recipe_of, begun, tmp_path, kept):
    folder = RunFolder(begun("train.epochs=1"))
    content = folder.state.read_bytes()
    folder.state.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(CheckpointError, match=r"damaged.*state\.ckpt.*train\.init_checkpoint"):
        train(recipe_of(), folder.root, resume=True)
    start_again = recipe_of("train.epochs=1", f"train.init_checkpoint={folder.last}")
    assert train(start_again, tmp_path / "again")


def spoil(tiny_market, *numbers):
    images = sorted((tiny_market / "bounding_box_train").iterdir())
    for number in numbers:
        images[number].write_bytes(images[number].read_bytes()[:200])
    return [images[number].name for number in numbers]


def test_an_unreadable_image_ends_the_run_and_is_named(recipe_of, tiny_market, tmp_path):
    (name,) = spoil(tiny_market, 13)
    with pytest.raises(DataError, match=name):
        train(recipe_of(), tmp_path / "run")
    assert not (tmp_path / "run" / "last.ckpt").exists()


def test_a_few_unreadable_images_are_left_out_if_the_recipe_says_so(recipe_of, tiny_market, tmp_path, caplog):
    names = spoil(tiny_market, 13, 40)
    logging.getLogger("mindreid").propagate = True
    recipe = recipe_of("train.unreadable_share=0.05")
    with caplog.at_level(logging.WARNING, logger="mindreid"):
        train(recipe, tmp_path / "run")
    said = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert len(said) == 2
    assert all(sum(name in line for line in said) == 1 for name in names)
    assert "of at most 3" in said[0]
    train(recipe, tmp_path / "again")
    assert_equal_runs(tmp_path / "run", tmp_path / "again")


def test_more_unreadable_images_than_allowed_end_the_run(recipe_of, tiny_market, tmp_path):
    spoil(tiny_market, 3, 13, 23, 40)
    expected = r"4 training files cannot be read, train\.unreadable_share = 0\.05 allows 3"
    with pytest.raises(DataError, match=expected):
        train(recipe_of("train.unreadable_share=0.05"), tmp_path / "run")


def test_a_stand_in_brings_its_own_labels(recipe_of, tiny_market):
    spoil(tiny_market, 0, 1)
    records = EvaluationRun(recipe_of(), None).dataset.train

    class EveryRecord:
        batch_size, first_row, batches_per_epoch = 8, 0, len(records) // 8

        def batches(self, epoch):
            return np.arange(len(records)).reshape(-1, 8)

    def load(record, transform, generator):
        return np.full((1, 1, 1), Path(record.path).stat().st_size, np.float32)

    def refuse_broken(record, transform, generator):
        if Path(record.path).stat().st_size == 200:
            raise DataError("broken", where=record.path)
        return load(record, transform, generator)

    batches = training_batches(
        records, EveryRecord(), None, 0, seed=1, reader_threads=2,
        load=refuse_broken, stand_ins=StandIns(records, share=0.1),
    )  # fmt: skip
    (first, *others) = batches
    assert first["index"].tolist() == [2, 2, 2, 3, 4, 5, 6, 7]
    assert (first["pid"] == records[2].pid).all()
    assert first["images"].ravel().tolist() == [Path(records[i].path).stat().st_size for i in first["index"]]
    assert np.concatenate([batch["index"] for batch in others]).tolist() == list(range(8, len(records)))


def test_a_person_without_a_readable_image_ends_the_run(recipe_of, tiny_market, tmp_path):
    spoil(tiny_market, *range(8))
    with pytest.raises(DataError, match="no file of this person"):
        train(recipe_of("train.unreadable_share=0.5"), tmp_path / "run")


def test_an_unreadable_test_image_ends_the_evaluation_and_no_step_is_lost(
    recipe_of, tiny_market, trained, tmp_path, monkeypatch
):
    recipe = recipe_of("train.unreadable_share=0.5", "train.epochs=1")
    query = sorted((tiny_market / "query").iterdir())[0]
    content = query.read_bytes()
    query.write_bytes(content[:200])
    with pytest.raises(DataError, match=query.name):
        train(recipe, tmp_path / "parts")
    query.write_bytes(content)
    monkeypatch.setattr(TrainStep, "__call__", lambda *_: pytest.fail("a step was taken again"))
    train(recipe, tmp_path / "parts", resume=True)
    monkeypatch.undo()
    assert_equal_runs(trained("train.epochs=1"), tmp_path / "parts")


def test_a_network_is_in_training_again_after_an_evaluation_that_failed(recipe_of, tiny_market):
    run = EvaluationRun(recipe_of(), None)
    run.network.set_train(True)
    spoil_all = sorted((tiny_market / "query").iterdir())
    spoil_all[0].write_bytes(b"")
    with pytest.raises(DataError):
        run.evaluate()
    assert run.network.training
    assert run.network.bn.training


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda image: image.unlink(), r"64 records \(\w+\) then, 63 \(\w+\) now"),
        (
            lambda image: image.rename(image.with_name(image.name.replace("_c1s1", "_c1s2"))),
            r"64 records \((\w+)\) then, 64 \((?!\1)\w+\) now",
        ),
    ],
    ids=["one less", "another name"],
)
def test_a_dataset_that_changed_under_the_run_is_refused(recipe_of, tiny_market, begun, change, expected):
    run = begun("train.epochs=1")
    state = (run / "state.ckpt").read_bytes()
    change(sorted((tiny_market / "bounding_box_train").glob("*_c1s1_*"))[5])
    with pytest.raises(TrainingError, match=expected):
        train(recipe_of(), run, resume=True)
    assert (run / "state.ckpt").read_bytes() == state


def test_a_dataset_that_moved_is_the_same(recipe_of, tiny_market, begun, tmp_path):
    run = begun("train.epochs=1")
    tiny_market.rename(tmp_path / "elsewhere")
    moved = recipe_of(f"dataset.root={tmp_path / 'elsewhere'}")
    train(moved, run, resume=True)
    assert steps(RunFolder(run))[-1]["epoch"] == 1


def hold(folder, ready, done):
    with RunFolder(folder).claimed():
        ready.set()
        done.wait(60)


@pytest.mark.slow
def test_two_runs_into_one_folder_are_refused_until_the_first_ends(recipe_of, tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path / "run", ready, done))
    other.start()
    try:
        assert ready.wait(60)
        with pytest.raises(
            TrainingError, match=rf"another run is writing.*process {other.pid} on .*--output"
        ):
            train(recipe_of(), tmp_path / "run")
        assert sorted(os.listdir(tmp_path / "run")) == [".lock"]
    finally:
        done.set()
        other.join()
    train(recipe_of("train.epochs=1"), tmp_path / "run")


def test_a_killed_holder_lets_go_of_the_folder(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, never = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path / "run", ready, never))
    other.start()
    assert ready.wait(60)
    other.kill()
    other.join()
    with RunFolder(tmp_path / "run").claimed():
        assert str(os.getpid()) in (tmp_path / "run" / ".lock").read_text()


@pytest.mark.slow
def test_too_little_memory_names_the_knobs(recipe_of, tmp_path):
    recipe = recipe_of("train.epochs=1", "model.network.width=600000")
    start(recipe, tmp_path / "run")
    arguments = ("--config", tmp_path / "run" / "config.yaml", "--output", tmp_path / "run")
    finished = train_in_process(*arguments, fault=LITTLE_MEMORY)
    assert finished.returncode == 2, finished.stderr
    (line,) = error_of(finished)
    assert line.startswith("error: the memory does not suffice for training: ")
    for knob in ("sampler.persons", "sampler.images", "input.height", "device.amp_level"):
        assert knob in line


def test_too_little_memory_for_embeddings_names_the_batch_size(recipe_of):
    run = EvaluationRun(recipe_of(), None)

    def scarce(*arguments):
        raise RuntimeError("Memory not enough: alloc size[34359738368] exceeds what is left.\n\nC++ stack")

    run.extract._embed = scarce
    expected = r"for embeddings: Memory not enough.*evaluation\.batch_size"
    with pytest.raises(DeviceError, match=expected) as error:
        run.evaluate()
    assert "\n" not in str(error.value)


def test_other_errors_of_the_framework_are_not_called_memory(recipe_of):
    run = EvaluationRun(recipe_of(), None)

    def broken(*arguments):
        raise RuntimeError("a kernel failed")

    run.extract._embed = broken
    with pytest.raises(RuntimeError, match="a kernel failed"):
        run.evaluate()


@pytest.mark.parametrize("target", ["Ascend", "GPU"])
def test_a_device_that_is_not_there_is_told_with_what_is_installed(target):
    expected = rf"can't use {target}: available here: CPU\. .*install MindSpore for {target}"
    with pytest.raises(DeviceError, match=expected):
        select_device(DeviceConfig(target=target))


def test_an_extractor_without_a_share_still_knows_the_shape(recipe_of):
    """What a worker does that gets nothing of a small dataset; workers together: test_distributed."""
    run = EvaluationRun(recipe_of(), None)
    other: FeatureExtractor = run.extract
    other.workers = type(run.workers)(rank=3, size=4)
    rows, indices = other._embed_share(other._batches(run.dataset.query[:2], None), flip=True)
    assert (rows.shape, rows.dtype, indices.tolist()) == ((0, 8), np.float32, [])
