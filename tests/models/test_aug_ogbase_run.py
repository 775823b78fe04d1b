"""A whole run of the walkers' recipe, small: generated sequences, steps, both protocols, export."""

import json

import pytest
from mindspore.common.api import ms_compile_cache

from mindreid.config import load_recipe
from mindreid.engine.deployment.exporter import export_checkpoint
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.engine.evaluation.protocol_results import results_to_json
from mindreid.engine.training.loop import Trainer
from mindreid.engine.training.run import train
from mindreid.walkers.gait_synthesis import synthesize_sequences

SMALL = (
    "frames={name: unordered, count: 2, lengths: [4, 6]}",
    "sampler={name: independent_batches, persons: 2, sequences: 2, batches: 2}",
    "train.steps=5",
    "train.evaluate_every=2",
    "evaluation.batch_size=32",
)


@pytest.fixture(scope="module")
def walkers(tmp_path_factory):
    root = tmp_path_factory.mktemp("walkers") / "ccpg"
    synthesize_sequences("ccpg", root, 4, 1, cameras=2, frames=5, size=(64, 32))
    return root


@pytest.mark.slow
def test_a_run(walkers, tmp_path, monkeypatch):
    compiled = []
    train_epoch = Trainer._train_epoch

    def counted(self, epoch):
        train_epoch(self, epoch)
        compiled.append(len(ms_compile_cache))

    monkeypatch.setattr(Trainer, "_train_epoch", counted)
    recipe = load_recipe("aug_ogbase/walkers", [*SMALL, f"dataset.root={walkers}"])
    results = train(recipe, tmp_path / "run")
    assert len(compiled) == 3
    assert compiled[0] == compiled[1]
    assert [name for name in results if "," not in name] == [
        *(f"{setting} reid" for setting in ("CL", "UP", "DN", "BG")),
        *(f"{setting} gait" for setting in ("CL", "UP", "DN", "BG")),
    ]
    checkpoint = tmp_path / "run" / "last.ckpt"
    assert results_to_json(EvaluationRun(recipe, checkpoint).evaluate()) == results
    assert export_checkpoint(recipe, checkpoint, tmp_path / "gait.mindir", "mindir") < 1e-4
    beside = json.loads((tmp_path / "gait.mindir.json").read_text())
    assert beside["input"]["kind"] == "silhouettes"
