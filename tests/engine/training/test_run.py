"""Whole runs of a toy method: files, exact resume, faults."""

from __future__ import annotations

import json
import logging
import shutil

import mindspore as ms
import numpy as np
import pytest
from mindspore.common.api import ms_compile_cache

from mindreid.config import list_recipes, load_recipe
from mindreid.engine.checkpoints.checkpoint_files import (
    Description,
    load_weights,
    named_parameters,
    read_description,
    save_weights,
)
from mindreid.engine.checkpoints.networks import build_network, build_started_network, load_network
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.engine.evaluation.protocol_results import results_to_json
from mindreid.engine.training.run import RunFolder, train
from mindreid.errors import CheckpointError, ConfigError, TrainingError
from tests.engine.run_files import evaluations, parameters, steps, weights_at_the_start


def test_a_run_leaves_weights_losses_and_its_recipe(recipe_of, tmp_path):
    recipe = recipe_of("sampler.epoch=persons")
    results = train(recipe, tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    assert {path.name for path in folder.root.iterdir()} == {
        ".lock", "best.ckpt", "config.yaml", "evaluations.jsonl", "last.ckpt", "metrics.jsonl", "state.ckpt",
        "train.log",
    }  # fmt: skip
    rows = steps(folder)
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    assert set(rows[0]["terms"]) == {"softmax"}
    assert rows[0]["rates"] == {"network": pytest.approx(0.01)}
    assert rows[0]["loss"] == pytest.approx(sum(rows[0]["terms"].values()), rel=1e-4)
    assert load_recipe(str(folder.recipe)) == recipe
    description = read_description(folder.last)
    assert (description.model, description.num_classes, description.epoch) == ("toy", 8, 2)
    assert description.metrics == results == evaluations(folder)[-1]["results"]
    assert "ETA" in folder.log.read_text()


def test_the_saved_weights_give_the_reported_figures(recipe_of, trained, tmp_path):
    last = trained() / "last.ckpt"
    results = read_description(last).metrics
    run = EvaluationRun(recipe_of(), last)
    measured = run.evaluate()
    assert results_to_json(measured) == results
    run.write_result(tmp_path / "result.json", measured, "mindreid eval")
    stored = json.loads((tmp_path / "result.json").read_text())
    assert stored["results"] == results
    assert stored["dataset"]["name"] == "market1501"
    assert stored["versions"]["mindspore"] == ms.__version__


def test_a_second_epoch_compiles_nothing(recipe_of, tmp_path, monkeypatch):
    from mindreid.engine.training.loop import Trainer

    counts = []
    train_epoch = Trainer._train_epoch

    def counted(self, epoch):
        train_epoch(self, epoch)
        counts.append(len(ms_compile_cache))

    monkeypatch.setattr(Trainer, "_train_epoch", counted)
    train(recipe_of("train.epochs=4", "train.evaluate_every=0"), tmp_path / "run")
    assert len(counts) == 4
    assert len(set(counts)) == 1


@pytest.mark.parametrize(("every", "epochs"), [("null", []), ("0", [3]), ("2", [2, 3])])
def test_a_run_is_evaluated_as_often_as_asked(recipe_of, tmp_path, every, epochs):
    evaluation = train(recipe_of("train.epochs=3", f"train.evaluate_every={every}"), tmp_path / "run")
    evaluations = RunFolder(tmp_path / "run").evaluations
    lines = evaluations.read_text(encoding="utf-8").splitlines() if evaluations.exists() else []
    assert [json.loads(line)["epoch"] + 1 for line in lines] == epochs
    assert bool(evaluation) == bool(epochs)


def test_a_loss_that_is_not_a_number_stops_the_run_and_keeps_the_last_good_state(recipe_of, begun):
    folder = RunFolder(begun("train.epochs=1"))
    good = folder.state.read_bytes(), folder.last.read_bytes()
    diverging = recipe_of("train.epochs=3", "optimizers.network.lr=1e30")
    expected = r"not finite at step \d+ \(epoch 2\): softmax = .*state\.ckpt"
    with pytest.raises(TrainingError, match=expected):
        train(diverging, folder.root, resume=True)
    assert (folder.state.read_bytes(), folder.last.read_bytes()) == good
    assert all(np.isfinite(row["loss"]) for row in steps(folder))


def test_a_folder_with_a_run_is_not_overwritten(recipe_of, begun):
    folder = begun("train.epochs=1")
    state = RunFolder(folder).state.read_bytes()
    with pytest.raises(TrainingError, match=r"holds a run already.*--resume"):
        train(recipe_of(), folder)
    assert RunFolder(folder).state.read_bytes() == state


def test_a_checkpoint_of_other_network_options_is_refused(recipe_of, trained):
    last = trained("train.epochs=1") / "last.ckpt"
    with pytest.raises(CheckpointError, match="misshaped"):
        EvaluationRun(recipe_of("model.network.width=4"), last)


@pytest.mark.parametrize("other", ["model.network.width=4", "model.name=toy_mining"])
def test_weights_that_do_not_fit_name_the_recipe_of_their_run(other, recipe_of, trained, tmp_path):
    last = trained("train.epochs=1") / "last.ckpt"
    for path in (last, shutil.copy(last, tmp_path / "alone.ckpt")):
        with pytest.raises(CheckpointError) as caught:
            EvaluationRun(recipe_of(other), path)
        named = f"pass the recipe it was trained with, --config {last.with_name('config.yaml')}"
        assert (caught.value.fix == named) == (path is last)


def test_other_preprocessing_than_the_weights_expect_is_said(recipe_of, trained, caplog):
    last = trained("train.epochs=1") / "last.ckpt"
    logging.getLogger("mindreid").propagate = True
    with caplog.at_level(logging.WARNING, logger="mindreid"):
        EvaluationRun(recipe_of("input.interpolation=bilinear"), last)
    assert "trained with input.interpolation = bicubic, the recipe says bilinear" in caplog.text


def test_other_network_options_than_the_weights_were_trained_with_are_said(tmp_path, caplog):
    """No shape of a parameter tells them."""
    small = [
        ("model.network.trunk", "resnet18"),
        ("model.network.width", 0.125),
        ("train.init_weights", None),
    ]
    trained = load_recipe("mgn/market1501", [*small, ("model.network.stem_pool", "mindcv")])
    path = tmp_path / "mgn.ckpt"
    save_weights(path, build_network(trained), Description.of(trained, num_classes=8))
    # How random weights are drawn is no matter once there are others.
    other = load_recipe("mgn/market1501", [*small, ("model.network.initialization", "kaiming")])
    started = load_recipe("mgn/market1501", [*small, ("train.init_checkpoint", str(path))])
    logging.getLogger("mindreid").propagate = True
    expected = "trained with model.network.stem_pool = mindcv, the recipe says torchvision"
    for load in (lambda: load_network(other, path), lambda: build_started_network(started)):
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="mindreid"):
            load()
        assert expected in caplog.text
        assert caplog.text.count("trained with") == 1
    caplog.clear()
    load_network(trained, path)
    assert "trained with" not in caplog.text


def test_a_run_can_start_from_another_runs_weights(recipe_of, trained):
    last = trained("train.epochs=1") / "last.ckpt"
    started = build_started_network(recipe_of(f"train.init_checkpoint={last}"))
    for name, value in named_parameters(started).items():
        np.testing.assert_array_equal(value.asnumpy(), parameters(last)[name], err_msg=name)
    with pytest.raises(CheckpointError, match="starts from a checkpoint that is not there"):
        build_started_network(recipe_of("train.init_checkpoint=nowhere.ckpt"))


def test_a_method_without_networks_beside_its_own_has_none_to_start(recipe_of, trained, tmp_path):
    last = trained("train.epochs=1") / "last.ckpt"
    with pytest.raises(
        ConfigError, match=r"'toy' has no networks beside.*train\.init_beside.*init_checkpoint"
    ):
        train(recipe_of(f"train.init_beside={last}"), tmp_path / "run")


def test_a_recipe_that_needs_imagenet_weights_does_not_train_without(recipe_of, tmp_path):
    required = recipe_of("train.init_weights=required")
    with pytest.raises(ConfigError, match=r"starts from ImageNet weights.*torchvision.*mindcv.*null"):
        train(required, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert EvaluationRun(required, None).evaluate()
    train(recipe_of("train.epochs=1"), tmp_path / "run")
    started = recipe_of("train.init_weights=required", f"train.init_checkpoint={tmp_path / 'run/last.ckpt'}")
    assert EvaluationRun(required, tmp_path / "run/last.ckpt").evaluate()
    assert train(started, tmp_path / "further")


#: Methods that their authors train from random weights.
FROM_SCRATCH = (
    "aug_ogbase", "deepgaitv2", "gait_prediction", "gaitgl", "gaitpart", "gaitset", "hacnn", "mscan",
)  # fmt: skip

#: Data of recipes that are no paper's: small, from random weights or those of walkers.
NOBODYS = ("smoke", "cuhk01", "cuhk01_long", "kth", "outfits", "pku_reid")


def test_papers_recipes_need_imagenet_weights_and_small_ones_do_not():
    for name in list_recipes():
        model, data = name.split("/")
        small = model in FROM_SCRATCH or "walkers" in data or "pets09" in data or data in NOBODYS
        assert (load_recipe(name).train.init_weights is None) == small, name


def test_mixed_precision_learns_as_float32_does_and_skips_no_finite_step(recipe_of, trained, tmp_path):
    recipe = recipe_of("device.amp_level=O2", "train.epochs=1")
    train(recipe, tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    assert all(np.isfinite(row["loss"]) for row in steps(folder))
    state = parameters(folder.state)
    assert state["network_optimizer.global_step"].tolist() == [len(steps(folder))] == [8]
    assert state["loss_scaler.scale_value"] == recipe.device.loss_scale == 2**16
    half, single = parameters(folder.last), parameters(trained("train.epochs=1") / "last.ckpt")
    for name, begun in weights_at_the_start(recipe).items():
        update, expected = half[name] - begun, single[name] - begun
        assert 0 < np.linalg.norm(update - expected) < 0.01 * np.linalg.norm(expected), name
    network = EvaluationRun(recipe_of(), folder.last).network
    load_weights(folder.last, network)


def test_an_update_that_overflows_is_left_out_and_the_scale_halved(recipe_of, tmp_path):
    recipe = recipe_of("device={amp_level: O2, loss_scale: 1e30}", "train.epochs=1", "sampler.epoch=persons")
    train(recipe, tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    state = parameters(folder.state)
    assert len(steps(folder)) == 2
    assert state["network_optimizer.global_step"].tolist() == [0]
    assert state["loss_scaler.scale_value"] == pytest.approx(1e30 / 2**2)
    for name, begun in weights_at_the_start(recipe).items():
        np.testing.assert_array_equal(parameters(folder.last)[name], begun, err_msg=name)
