"""A run that ended early and was resumed equals the run that did not, wherever it ended."""

from __future__ import annotations

import os
import shutil
import signal

import mindspore as ms
import numpy as np
import pytest

from mindreid.config import load_recipe
from mindreid.engine.evaluation.features import FeatureExtractor
from mindreid.engine.training import run_state
from mindreid.engine.training.run import train
from mindreid.engine.training.run_folder import RunFolder
from mindreid.engine.training.step import TrainStep
from mindreid.errors import CheckpointError, InterruptedRunError, MindReidError, TrainingError
from tests.engine.run_files import assert_equal_runs, parameters, steps
from tests.engine.toy_methods import MiningObjective
from tests.slow_cases import quick_only

OVERRIDES = ("model.name=toy_mining", "train.epochs=3", "augment.0.probability=0.5")


@pytest.fixture(params=quick_only(["jit", "GRAPH", "PYNATIVE"], "jit"))
def mode(request, monkeypatch):
    """Compiled functions in eager mode, which is the default; all in graphs; nothing compiled."""
    if request.param == "PYNATIVE":
        monkeypatch.setenv("MS_JIT", "0")
    if request.param == "GRAPH":
        ms.set_context(mode=ms.GRAPH_MODE)
    yield request.param
    ms.set_context(mode=ms.PYNATIVE_MODE)


MOMENTS = {
    "a step": (TrainStep, "__call__", 5),
    "the last step of an epoch": (TrainStep, "__call__", 8),
    "the start of an epoch": (MiningObjective, "on_epoch_begin", 2),
    "an evaluation": (FeatureExtractor, "_embed_batch", 4),
    "a save": (run_state, "save_state", 1),
}


def signal_during(moment, monkeypatch, number):
    """Send this process a signal in the n-th call of what happens at ``moment``."""
    owner, name, turn = MOMENTS[moment]
    function = getattr(owner, name)
    calls = []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == turn:
            os.kill(os.getpid(), number)
        return function(*arguments)

    monkeypatch.setattr(owner, name, interrupted)


def stop_and_resume(recipe, folder, moment, number=signal.SIGTERM):
    with pytest.MonkeyPatch.context() as monkeypatch:
        signal_during(moment, monkeypatch, number)
        with pytest.raises(InterruptedRunError, match=r"stopped by SIG.*--resume") as stopped:
            train(recipe, folder)
    train(load_recipe(str(folder / "config.yaml")), folder, resume=True)
    return stopped.value


def test_a_run_stopped_in_a_step_resumes_bit_for_bit(mode, recipe_of, trained, tmp_path):
    recipe, whole = recipe_of(*OVERRIDES), tmp_path / "whole"
    if mode == "jit":
        whole = trained(*OVERRIDES)
    else:
        train(recipe, whole)
    stopped = stop_and_resume(recipe, tmp_path / "parts", "a step")
    assert stopped.exit_code == 143
    assert "up to step 5 is saved" in str(stopped)
    assert_equal_runs(whole, tmp_path / "parts")


@pytest.mark.parametrize("moment", quick_only(sorted(set(MOMENTS) - {"a step"})))
def test_a_run_stopped_elsewhere_resumes_bit_for_bit(moment, recipe_of, trained, tmp_path):
    whole = trained(*OVERRIDES)
    stop_and_resume(recipe_of(*OVERRIDES), tmp_path / "parts", moment)
    assert_equal_runs(whole, tmp_path / "parts")


@pytest.mark.slow
def test_ctrl_c_saves_like_sigterm(recipe_of, trained, tmp_path):
    """From the first batch on, MindSpore's pipeline turns SIGINT into SIGTERM."""
    whole = trained(*OVERRIDES)
    stopped = stop_and_resume(recipe_of(*OVERRIDES), tmp_path / "parts", "a step", signal.SIGINT)
    assert stopped.exit_code == 143
    assert_equal_runs(whole, tmp_path / "parts")


@pytest.mark.slow
def test_the_loss_scale_of_mixed_precision_is_resumed(recipe_of, tmp_path):
    recipe = recipe_of(*OVERRIDES, "device.amp_level=O2", "device.loss_scale=1e9")
    train(recipe, tmp_path / "whole")
    stop_and_resume(recipe, tmp_path / "parts", "a step")
    assert_equal_runs(tmp_path / "whole", tmp_path / "parts")
    scales = [v for k, v in parameters(tmp_path / "whole" / "state.ckpt").items() if "scale_value" in k]
    assert scales[0] < 1e9, "the first scale must overflow, or this test shows nothing"


def test_a_step_that_fails_after_a_save_within_the_epoch_is_repeated(
    recipe_of, trained, tmp_path, monkeypatch
):
    """And a run that is saved more often is the same run."""
    whole = trained(*OVERRIDES)
    recipe = recipe_of(*OVERRIDES, "train.checkpoint_steps=3")
    call, calls = TrainStep.__call__, []

    def failing(self, *arguments):
        calls.append(1)
        if len(calls) == 8:
            raise RuntimeError("a cable was pulled")
        return call(self, *arguments)

    monkeypatch.setattr(TrainStep, "__call__", failing)
    with pytest.raises(RuntimeError, match="cable"):
        train(recipe, tmp_path / "parts")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert len(steps(RunFolder(tmp_path / "parts"))) >= 6
    train(recipe, tmp_path / "parts", resume=True)
    assert_equal_runs(whole, tmp_path / "parts")


@pytest.mark.parametrize("moment", quick_only(["a step", "an evaluation"], "a step"))
def test_a_run_of_steps_resumes_bit_for_bit(moment, recipe_of, trained, tmp_path):
    """It ends within its second epoch, with an evaluation after each."""
    schedule = "optimizers.network.schedule={name: multi_step, milestones: [6], gamma: 0.1}"
    overrides = ("model.name=toy_mining", "train.epochs=null", "train.steps=11", schedule)
    whole = trained(*overrides)
    assert steps(RunFolder(whole))[-1]["step"] == 11
    stop_and_resume(recipe_of(*overrides), tmp_path / "parts", moment)
    assert_equal_runs(whole, tmp_path / "parts")


@pytest.mark.slow
@pytest.mark.parametrize(
    "schedule",
    ["{name: multi_step, milestones: [1, 3], gamma: 0.1}", "{name: cosine, epochs: 4}"],
)
def test_a_run_that_is_given_more_epochs_equals_one_that_had_them(schedule, recipe_of, tmp_path):
    """The rate follows the epoch, not the length of the run, so that it goes on where it was."""
    options = (
        "model.name=toy_mining",
        f"optimizers.network.schedule={schedule}",
        "augment.0.probability=0.5",
    )
    train(recipe_of(*options, "train.epochs=4"), tmp_path / "whole")
    train(recipe_of(*options, "train.epochs=2"), tmp_path / "parts")
    longer = load_recipe(str(tmp_path / "parts" / "config.yaml"), ["train.epochs=4"])
    train(longer, tmp_path / "parts", resume=True)
    assert_equal_runs(tmp_path / "whole", tmp_path / "parts")
    assert load_recipe(str(tmp_path / "parts" / "config.yaml")).train.epochs == 4


def test_a_run_that_is_given_fewer_epochs_than_it_has_done_changes_nothing(recipe_of, tmp_path):
    train(recipe_of(*OVERRIDES), tmp_path / "run")
    before, done = parameters(tmp_path / "run" / "last.ckpt"), len(steps(RunFolder(tmp_path / "run")))
    shorter = load_recipe(str(tmp_path / "run" / "config.yaml"), ["train.epochs=1"])
    train(shorter, tmp_path / "run", resume=True)
    assert len(steps(RunFolder(tmp_path / "run"))) == done
    for name, value in parameters(tmp_path / "run" / "last.ckpt").items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


@pytest.mark.parametrize(
    "mistake",
    [
        "dataset.root=/no/such/folder",
        "model.network.width=4",
        "optimizers.network.schedule={name: multi_step, milestones: [3, 1], gamma: 0.1}",
    ],
)
def test_a_refused_resume_leaves_the_runs_recipe(begun, mistake):
    run = begun(*OVERRIDES)
    before = (run / "config.yaml").read_bytes()
    with pytest.raises(MindReidError):
        train(load_recipe(str(run / "config.yaml"), [mistake, "train.epochs=4"]), run, resume=True)
    assert (run / "config.yaml").read_bytes() == before


def test_a_run_that_ended_before_its_first_save_begins_anew(recipe_of, trained, tmp_path):
    recipe = recipe_of(*OVERRIDES)
    RunFolder(tmp_path / "parts").root.mkdir()
    RunFolder(tmp_path / "parts").prepare(recipe, resume=False)
    train(recipe, tmp_path / "parts", resume=True)
    assert_equal_runs(trained(*OVERRIDES), tmp_path / "parts")


def test_there_must_be_something_to_resume(recipe_of, tmp_path):
    with pytest.raises(CheckpointError, match="no run to resume"):
        train(recipe_of(), tmp_path / "run", resume=True)


def test_a_resume_with_nothing_left_to_train_says_so(begun, caplog):
    run = begun("train.epochs=2")
    before = parameters(run / "last.ckpt")
    shorter = load_recipe(str(run / "config.yaml"), ["train.epochs=1"])
    with caplog.at_level("INFO"):
        train(shorter, run, resume=True)
    assert "nothing is left to train: epoch 2 of 1 was reached" in caplog.text
    after = parameters(run / "last.ckpt")
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_resume_on_other_persons_is_refused(recipe_of, tiny_market, begun):
    run = begun("train.epochs=1")
    for image in (tiny_market / "bounding_box_train").glob("0008_*"):
        image.unlink()
    with pytest.raises(TrainingError, match=r"64 records \(\w+\) then, 56 \(\w+\) now.*init_checkpoint"):
        train(recipe_of(), run, resume=True)


@pytest.mark.parametrize("further", quick_only(["13", "20"], "20"))
def test_a_run_that_is_given_more_steps_equals_one_that_had_them(recipe_of, trained, tmp_path, further):
    """Epochs have eight; the first part ends within the second one, and there's an evaluation behind it."""
    options = ("model.name=toy_mining", "train.epochs=null", "train.evaluate_every=null")
    train(recipe_of(*options, f"train.steps={further}"), tmp_path / "whole")
    parts = shutil.copytree(trained(*options, "train.steps=11"), tmp_path / "parts")
    longer = load_recipe(str(parts / "config.yaml"), [f"train.steps={further}"])
    train(longer, parts, resume=True)
    expected, found = (parameters(tmp_path / run / "state.ckpt") for run in ("whole", "parts"))
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    assert steps(RunFolder(parts)) == steps(RunFolder(tmp_path / "whole"))


def test_a_run_that_has_more_steps_than_it_is_given_changes_nothing(recipe_of, trained, tmp_path, caplog):
    """Neither one that had ended nor one that was stopped within an epoch."""
    options = ("model.name=toy_mining", "train.epochs=null", "train.evaluate_every=null")
    ended = shutil.copytree(trained(*options, "train.steps=11"), tmp_path / "ended")
    stopped = tmp_path / "stopped"
    with pytest.MonkeyPatch.context() as monkeypatch:
        signal_during("a step", monkeypatch, signal.SIGTERM)
        with pytest.raises(InterruptedRunError):
            train(recipe_of(*options, "train.steps=11"), stopped)
    for run, fewer, step in ((ended, 9, 11), (ended, 11, 11), (stopped, 4, 5)):
        before = {path: path.read_bytes() for path in run.iterdir() if path.suffix in (".ckpt", ".yaml")}
        with caplog.at_level("INFO"):
            train(load_recipe(str(run / "config.yaml"), [f"train.steps={fewer}"]), run, resume=True)
        assert f"nothing is left to train: step {step} of {fewer} was reached" in caplog.text
        assert before == {path: path.read_bytes() for path in before}


def test_a_run_of_steps_does_not_go_on_by_epochs(recipe_of, trained, tmp_path):
    """It would skip what is left of the epoch within which it ended, and read its rates by epoch."""
    run = shutil.copytree(
        trained("model.name=toy_mining", "train.epochs=null", "train.steps=11"), tmp_path / "run"
    )
    by_epochs = load_recipe(str(run / "config.yaml"), ["train.steps=null", "train.epochs=9"])
    before = {path: path.read_bytes() for path in run.iterdir() if path.suffix in (".ckpt", ".yaml")}
    with pytest.raises(TrainingError, match=r"counts steps.*set train\.steps"):
        train(by_epochs, run, resume=True)
    assert before == {path: path.read_bytes() for path in before}


STEPS = (
    "train={steps: 7, log_every: 1, evaluate_every: 2, reader_threads: 2}",
    "optimizers.network.schedule={name: multi_step, milestones: [3, 6], gamma: 0.5}",
    "sampler.epoch=persons",
    "augment.0.probability=0.5",
)


def test_a_run_of_steps_ends_within_an_epoch_and_counts_its_rates_in_steps(trained):
    rows = steps(RunFolder(trained(*STEPS)))
    assert [row["step"] for row in rows] == list(range(1, 8))
    assert [row["epoch"] for row in rows] == [0, 0, 1, 1, 2, 2, 3]
    rate = rows[0]["rates"]["network"]
    assert [row["rates"]["network"] / rate for row in rows] == pytest.approx([1, 1, 1, 0.5, 0.5, 0.5, 0.25])


@pytest.mark.parametrize("turn", quick_only([1, 5, 7]))
def test_a_run_of_steps_resumes(recipe_of, trained, tmp_path, turn, monkeypatch):
    whole = trained(*STEPS)
    monkeypatch.setitem(MOMENTS, "that step", (TrainStep, "__call__", turn))
    stop_and_resume(recipe_of(*STEPS), tmp_path / "parts", "that step")
    assert_equal_runs(whole, tmp_path / "parts")
