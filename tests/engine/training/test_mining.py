"""Labels found at an epoch's begin: what the method gets, what is restarted, and resuming."""

from __future__ import annotations

import json

import mindspore as ms
import numpy as np
import pytest
from mindspore import Parameter, Tensor, ops

from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.engine.training import run_state
from mindreid.engine.training.optimizers import get_learning_rate, restart
from mindreid.engine.training.run import train
from mindreid.engine.training.run_folder import RunFolder
from mindreid.zoo import MODELS, OPTIMIZERS, ModelEntry
from tests.engine.run_files import assert_equal_runs
from tests.engine.toy_methods import PlainObjective, toy_network


class FoundObjective(PlainObjective):
    """Splits the images into two groups by the sign of their first value; learns the groups."""

    labels = ("pid", "index")
    seen: list[np.ndarray]

    def __init__(self, network, *, num_classes):
        super().__init__(network, num_classes=num_classes)
        self.groups = Parameter(Tensor(np.zeros(64), ms.int32), name="groups", requires_grad=False)
        self.seen = []

    def mines_labels(self, epoch):
        return epoch >= 1

    def mine_labels(self, epoch, embeddings):
        self.seen.append(embeddings)
        groups = embeddings[:, 0] > np.median(embeddings[:, 0])
        ops.assign(self.groups, Tensor(groups, ms.int32))
        return {"groups": 2.0, "epoch_seen": epoch}

    def identity(self, outputs, labels):
        return (ops.cross_entropy(self.classifier(outputs[0]), ops.gather(self.groups, labels[1], 0)),)


@pytest.fixture(autouse=True)
def objectives(_toys):
    """Know the method as "toy_found"; the objectives of the runs that follow."""
    found = []

    class Remembered(FoundObjective):
        def __init__(self, network, *, num_classes):
            super().__init__(network, num_classes=num_classes)
            found.append(self)

    MODELS.register("toy_found", ModelEntry(network=toy_network, objective=Remembered))
    return found


@pytest.mark.slow
def test_the_method_gets_embeddings_of_all_training_images_in_their_order(recipe_of, tmp_path, objectives):
    """As evaluation computes them, but without mirrored images, though the recipe mirrors."""
    recipe = recipe_of("model.name=toy_found", "train.epochs=1")
    assert recipe.evaluation.flip
    train(recipe, tmp_path / "run")
    assert objectives[-1].seen == []
    plain = recipe_of("model.name=toy_found", "evaluation.flip=false")
    expected = EvaluationRun(plain, tmp_path / "run" / "last.ckpt").embed("train")
    train(recipe_of("model.name=toy_found", "train.epochs=2"), tmp_path / "run", resume=True)
    (embeddings,) = objectives[-1].seen
    np.testing.assert_allclose(embeddings, expected, rtol=1e-5, atol=1e-6)


WHOLE = ("model.name=toy_found", "train.epochs=4")


@pytest.mark.slow
def test_what_it_says_is_logged_and_written(trained):
    folder = RunFolder(trained(*WHOLE))
    rows = [json.loads(line) for line in folder.mining.read_text().splitlines()]
    said = [(row["epoch"], row["epoch_seen"], row["groups"]) for row in rows]
    assert said == [(e, e, 2) for e in (1, 2, 3)]
    assert "before epoch 2: embedding seconds" in folder.log.read_text()


class StopError(Exception):
    pass


@pytest.mark.slow
def test_a_run_interrupted_after_mining_resumes_bit_for_bit(recipe_of, trained, tmp_path, monkeypatch):
    whole = trained(*WHOLE)
    recipe = recipe_of(*WHOLE, "train.checkpoint_steps=1")
    save, saved = run_state.save_state, []

    def stop(*arguments):
        save(*arguments)
        saved.append(1)
        if len(saved) == 14:
            raise StopError

    monkeypatch.setattr(run_state, "save_state", stop)
    with pytest.raises(StopError):
        train(recipe, tmp_path / "parts")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    train(recipe, tmp_path / "parts", resume=True)
    assert_equal_runs(whole, tmp_path / "parts")
    lines = [(run / "mining.jsonl").read_text().splitlines() for run in (whole, tmp_path / "parts")]
    assert [json.loads(line)["step"] for line in lines[0]] == [json.loads(line)["step"] for line in lines[1]]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("adam", {"amsgrad": True}),
        ("adam", {}),
        ("adamw", {}),
        ("sgd", {"momentum": 0.9, "weight_decay": 0.1}),
    ],
)
def test_a_restarted_optimizer_steps_like_a_new_one(name, options):
    generator = np.random.default_rng(0)
    gradients = [Tensor(generator.standard_normal((3, 2)).astype(np.float32)) for _ in range(4)]
    weight = Parameter(Tensor(np.ones((3, 2), np.float32)), name="weight")
    used = OPTIMIZERS[name]([weight], "used", lr=0.1, **options)
    for gradient in gradients[:2]:
        used((gradient,))
    middle = weight.asnumpy().copy()
    restart(used)
    assert get_learning_rate(used) == pytest.approx(0.1)
    for gradient in gradients[2:]:
        used((gradient,))
    other = Parameter(Tensor(middle), name="other")
    fresh = OPTIMIZERS[name]([other], "fresh", lr=0.1, **options)
    for gradient in gradients[2:]:
        fresh((gradient,))
    np.testing.assert_array_equal(weight.asnumpy(), other.asnumpy())
