"""Every method at every level of mixed precision: what it learns, what it leaves, how it goes on."""

import json
import os

import numpy as np
import pytest

from mindreid.config import load_recipe
from mindreid.data.view_table import ViewRow, write_views
from mindreid.engine.deployment.exporter import export_checkpoint
from mindreid.engine.training.run import train
from mindreid.walkers import synthesize
from mindreid.walkers.gait_synthesis import synthesize_sequences
from tests.engine.run_files import assert_equal_runs, parameters

SHORT = (
    "train.epochs=null",
    "train.steps=3",
    "train.log_every=1",
    "train.evaluate_every=0",
    "train.reader_threads=2",
    # No step is left out for an overflow, and the next step's terms still come from nearly the same weights.
    "device.loss_scale=1024",
    "optimizers.network.lr=0.00001",
)
SMALL = {
    "clothes": (
        "model.network.width=0.0625",
        "model.objective.start_epoch=0",
        "input.height=48",
        "input.width=24",
        "sampler={name: distinct_persons, persons: 4, images: 4}",
    ),
    "market": (
        "model.network.width=0.0625",
        "input.height=96",
        "input.width=32",
        "sampler={name: distinct_persons, persons: 4, images: 2}",
    ),
    "gait": (
        "frames={name: unordered, count: 2, lengths: [4, 6]}",
        "sampler={name: independent_batches, persons: 2, sequences: 2, batches: 3}",
    ),
}
DATA = {
    "mgn": "market",
    "cal": "clothes",
    "val": "clothes",
    "fire": "clothes",
    "isp": "market",
    "aug_ogbase": "gait",
}
QUICK = {("mgn", "auto"), ("cal", "O1"), ("val", "O2"), ("fire", "O2"), ("isp", "O2"), ("aug_ogbase", "O3")}
GRID = [
    pytest.param(method, level, marks=() if (method, level) in QUICK else pytest.mark.slow)
    for method in DATA
    for level in ("O1", "O2", "O3", "auto")
]


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Small generated trees, by kind; half of the clothes walkers' images have a view."""
    place = tmp_path_factory.mktemp("walkers")
    synthesize("market1501", place / "market", 8, 1, cameras=2, frames=2, size=(96, 32))
    synthesize("ltcc", place / "clothes", 8, 1, outfits=2, cameras=3, frames=2, size=(48, 24))
    synthesize_sequences("ccpg", place / "gait", 4, 1, cameras=2, frames=5, size=(64, 32))
    images = sorted(path.name for path in (place / "clothes" / "train").iterdir())
    rows = [ViewRow(f"train/{name}", bin=number % 3, reason="") for number, name in enumerate(images)]
    write_views(place / "clothes" / "views.csv", rows)
    return {kind: place / kind for kind in SMALL}


@pytest.fixture(scope="module")
def run_of(roots, tmp_path_factory):
    """Train a method at a level for three steps, once a module: its recipe and folder."""
    place, done = tmp_path_factory.mktemp("runs"), {}

    def run_of(method, level):
        kind = DATA[method]
        overrides = [*SHORT, *SMALL[kind], f"dataset.root={roots[kind]}", f"device.amp_level={level}"]
        if kind == "clothes" and method != "cal":
            overrides.append(f"dataset.views={roots[kind] / 'views.csv'}")
        if (method, level) not in done:
            recipe, folder = load_recipe(f"{method}/walkers", overrides), place / f"{method}_{level}"
            train(recipe, folder)
            done[method, level] = recipe, folder
        return done[method, level]

    return run_of


def terms(folder):
    """Unweighted terms of all steps."""
    return [json.loads(line)["terms"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(("method", "level"), GRID)
def test_terms_are_nearly_those_of_float32(run_of, method, level):
    before = os.listdir()
    _, single = run_of(method, "O0")
    _, half = run_of(method, level)
    expected, found = terms(single), terms(half)
    assert len(found) == len(expected) == 3
    for there, here in zip(expected, found):
        assert here == pytest.approx(there, rel=0.02)
        assert all(here[name] != there[name] for name in there)

    weights = parameters(half / "last.ckpt")
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float32)}
    assert set(weights) == set(parameters(single / "last.ckpt"))
    assert os.listdir() == before
    moved = [name for name in weights if name.endswith("moving_mean") and np.any(weights[name])]
    assert len(moved) == sum(name.endswith("moving_mean") for name in weights)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "level"), GRID)
def test_a_run_exports_and_resumes(run_of, method, level, tmp_path):
    before = os.listdir()
    recipe, half = run_of(method, level)
    assert export_checkpoint(recipe, half / "last.ckpt", tmp_path / "x.mindir", "mindir") < 1e-4
    (tmp_path / "x.mindir").unlink()
    (tmp_path / "x.mindir.json").unlink()
    resumed = tmp_path / "resumed"
    longer = recipe.model_copy(update={"train": recipe.train.model_copy(update={"steps": 2})})
    train(longer, resumed)
    train(recipe, resumed, resume=True)
    assert_equal_runs(half, resumed)
    assert sorted(os.listdir()) == sorted([*before, "resumed"])


def test_weights_of_any_level_are_those_of_another(run_of):
    """A level is a matter of computing: a checkpoint says nothing of it and needs nothing of it."""
    from mindreid.engine.evaluation.evaluation_run import EvaluationRun

    recipe, folder = run_of("cal", "O1")
    single = recipe.in_float32()
    embeddings = [EvaluationRun(r, folder / "last.ckpt").embed("query") for r in (single, recipe)]
    assert not np.array_equal(*embeddings)
    np.testing.assert_allclose(embeddings[1], embeddings[0], atol=0.02 * np.abs(embeddings[0]).max())


def test_onnx_computes_in_float32(run_of, tmp_path):
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    recipe, folder = run_of("val", "O2")
    assert export_checkpoint(recipe, folder / "last.ckpt", tmp_path / "x.onnx", "onnx") < 1e-4
