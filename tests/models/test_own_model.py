"""The page on an own model shows one that is found, trains, resumes, evaluates and is exported."""

import importlib
import re
import sys
from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from mindspore import nn, ops

import mindreid.models
from mindreid import zoo
from mindreid.cli import main
from mindreid.config import load_recipe
from mindreid.engine.checkpoints.imagenet import load_pretrained
from mindreid.engine.checkpoints.networks import build_started_network
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.errors import CheckpointError, InvalidArgumentError
from mindreid.objective import Objective

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own_model.md").read_text(encoding="utf-8")


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """The page's model among the others, and its recipe, which names its base from its own folder."""
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    (tmp_path / "models" / "tiny" / "__init__.py").write_text(block("python"), encoding="utf-8")
    places = [*mindreid.models.__path__, str(tmp_path / "models")]
    monkeypatch.setattr(mindreid.models, "__path__", places)
    path = tmp_path / "configs" / "tiny" / "walkers.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(block("yaml"), encoding="utf-8")
    (path.parents[1] / "_base_").symlink_to(ROOT / "configs" / "_base_")
    with zoo.MODELS.temporary():
        importlib.import_module("mindreid.models.tiny")
        yield path
    del sys.modules["mindreid.models.tiny"]


def test_it_goes_from_data_to_an_exported_file(recipe, market, capsys):
    few = ["--root", str(market), "--set", "train.epochs=1", "--set", "train.evaluate_every=0"]
    assert main(["train", "--config", str(recipe), "--output", "run", *few]) == 0
    assert main(["train", "--resume", "run", "--set", "train.epochs=2"]) == 0
    checkpoint = ["--config", str(recipe), "--checkpoint", "run/last.ckpt"]
    assert main(["eval", *checkpoint, "--root", str(market)]) == 0
    assert "tiny, run/last.ckpt, epoch 2" in capsys.readouterr().out
    assert main(["export", *checkpoint, "--format", "mindir", "--output", "tiny.mindir"]) == 0
    assert Path("tiny.mindir").is_file()


def test_its_backbone_starts_from_a_file_of_its_own(recipe):
    other = zoo.create_model("tiny", width=8)
    ms.save_checkpoint(other.backbone, "own.ckpt")
    small = ["model.network.width=8", "train.init_weights=own.ckpt"]
    network = build_started_network(load_recipe(str(recipe), small))
    for found, expected in zip(network.get_parameters(), other.get_parameters()):
        np.testing.assert_array_equal(found.asnumpy(), expected.asnumpy())
    with pytest.raises(CheckpointError, match=r"no such checkpoint.*typo\.ckpt"):
        build_started_network(load_recipe(str(recipe), ["train.init_weights=typo.ckpt"]))
    with pytest.raises(InvalidArgumentError, match=r"own\.ckpt.*load_pretrained\(path\)"):
        load_pretrained(nn.Dense(2, 2), "own.ckpt")


def test_a_network_that_does_not_pool_is_refused_by_name(market):
    class Map(nn.Cell):
        def construct(self, images):
            return ops.relu(images)

    with zoo.MODELS.temporary():
        zoo.MODELS.register("map", zoo.ModelEntry(network=Map, objective=Objective))
        whole = "model={name: map}"
        run = EvaluationRun(load_recipe("mgn/walkers", [whole, f"dataset.root={market}"]), None)
        with pytest.raises(InvalidArgumentError, match=r"makes \[64, 3, 96, 48\].*pool the map"):
            run.evaluate()
