"""Every registered method at every level of mixed precision: what it learns and leaves, how it goes on."""

import os
import signal
from functools import cache

import numpy as np
import pytest

from mindreid.config import load_recipe
from mindreid.convert import Conversion
from mindreid.engine.checkpoints.checkpoint_files import Description, save_weights
from mindreid.engine.checkpoints.conversion import read_recording, save_converted, verify_converted
from mindreid.engine.checkpoints.networks import build_network
from mindreid.engine.deployment.exporter import export_checkpoint
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.engine.training.run import train
from mindreid.engine.training.step import TrainStep
from mindreid.errors import InterruptedRunError
from mindreid.zoo import list_models
from tests.engine.run_files import assert_equal_runs, parameters
from tests.models.test_every_method import inputs

LEVELS = ("O1", "O2", "O3", "auto")
GRID = [(method, level) for method in list_models() for level in LEVELS]
STEPS = 3
#: MSCAN's parts start where their penalty does, whatever the image, which says nothing of precision: here
#: they are somewhere else, by the image.
MOVED = {"mscan": ("localization.transform.1.weight", 0.02)}


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """``start(method)``: overrides by which it starts where each of its terms is something."""

    @cache
    def start(method):
        if method not in MOVED:
            return ()
        recipe, (name, distance) = load_recipe(f"{method}/smoke"), MOVED[method]
        network = build_network(recipe)
        moved = network.parameters_dict()[name]
        moved.set_data(moved + distance)
        path = tmp_path_factory.mktemp("start") / "moved.ckpt"
        save_weights(path, network, Description.of(recipe, num_classes=0))
        return (f"train.init_checkpoint={path}",)

    return start


def overrides(method, level):
    """Three steps from which the next one's terms still come from nearly the same weights."""
    return (
        "train.epochs=null",
        f"train.steps={STEPS}",
        "train.log_every=1",
        "train.evaluate_every=0",
        # No step is left out for an overflow.
        "device.loss_scale=1024",
        f"device.amp_level={level}",
        *(f"optimizers.{name}.lr=0.00001" for name in load_recipe(f"{method}/smoke").optimizers),
    )


@pytest.mark.slow
@pytest.mark.parametrize(("method", "level"), GRID)
def test_terms_are_nearly_those_of_float32(smoke_run, start, method, level):
    single, half = (smoke_run(method, *overrides(method, name), *start(method)) for name in ("O0", level))
    assert len(half.terms()) == len(single.terms()) == STEPS
    for there, here in zip(single.terms(), half.terms()):
        assert here == pytest.approx(there, rel=0.02)
        assert all(here[name] != there[name] for name in there if there[name])

    weights = parameters(half.folder / "last.ckpt")
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float32)}
    assert set(weights) == set(parameters(single.folder / "last.ckpt"))
    assert half.left_behind == set()
    statistics = [value for name, value in weights.items() if name.endswith("moving_mean")]
    assert all(np.any(value) for value in statistics)


def stop_in_step(number):
    """Have this process asked to end during its n-th step."""
    call, calls = TrainStep.__call__, []

    def interrupted(self, *arguments):
        calls.append(1)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGTERM)
        return call(self, *arguments)

    return interrupted


@pytest.mark.slow
@pytest.mark.parametrize(("method", "level"), GRID)
def test_a_run_exports_and_resumes(smoke_run, method, level, tmp_path, monkeypatch):
    run, resumed = smoke_run(method, *overrides(method, level)), tmp_path / "resumed"
    before = set(os.listdir())
    assert export_checkpoint(run.recipe, run.folder / "last.ckpt", tmp_path / "x.mindir", "mindir") < 1e-4
    with monkeypatch.context() as patch:
        patch.setattr(TrainStep, "__call__", stop_in_step(2))
        with pytest.raises(InterruptedRunError, match="up to step 2 is saved"):
            train(run.recipe, resumed)
    train(load_recipe(str(resumed / "config.yaml")), resumed, resume=True)
    assert_equal_runs(run.folder, resumed)
    assert set(os.listdir()) - {"x.mindir", "x.mindir.json", "resumed"} == before


@pytest.mark.slow
def test_evaluation_computes_at_the_recipes_level(smoke_run):
    """A level is a matter of computing: a checkpoint says nothing of it and needs nothing of it."""
    run = smoke_run("cal", *overrides("cal", "O1"))
    levels = run.recipe.in_float32(), run.recipe
    embeddings = [EvaluationRun(recipe, run.folder / "last.ckpt").embed("query") for recipe in levels]
    assert not np.array_equal(*embeddings)
    np.testing.assert_allclose(embeddings[1], embeddings[0], atol=0.02 * np.abs(embeddings[0]).max())


def test_a_converted_network_computes_at_the_recipes_level(smoke_recipe, tmp_path):
    """And is held against a recording in float32, which another precision could not equal."""
    recipe, images = smoke_recipe("cal", "device.amp_level=O2"), inputs("cal", 2)
    single = build_network(recipe.in_float32()).set_train(False)
    weights = {name: value.asnumpy() for name, value in single.parameters_dict().items()}
    conversion = Conversion(
        parameters=weights, origins={name: name for name in weights}, left_out={}, others=()
    )
    network = save_converted(conversion, recipe, tmp_path / "x.ckpt")
    expected = single(images).asnumpy()
    assert not np.array_equal(network.set_train(False)(images).asnumpy(), expected)
    np.savez(tmp_path / "recording.npz", images=images.asnumpy(), embedding=expected)
    assert verify_converted(network, recipe, tmp_path / "x.ckpt") == 0
    recording = read_recording(tmp_path / "recording.npz")
    assert verify_converted(network, recipe, tmp_path / "x.ckpt", recording) < 1e-6


@pytest.mark.slow
def test_onnx_computes_in_float32(smoke_run, tmp_path):
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    run = smoke_run("val", *overrides("val", "O2"))
    assert export_checkpoint(run.recipe, run.folder / "last.ckpt", tmp_path / "x.onnx", "onnx") < 1e-4
