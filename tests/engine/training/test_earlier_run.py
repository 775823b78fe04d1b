"""What an earlier version left in a run's folder is read, evaluated and gone on with."""

from __future__ import annotations

import json
import shutil

import pytest

from mindreid import cli
from mindreid.config import load_recipe
from mindreid.engine.checkpoints.checkpoint_files import read_description
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.engine.training.run_folder import RunFolder
from tests.conftest import GOLDEN
from tests.engine.run_files import steps

EARLIER = RunFolder(GOLDEN / "earlier_run")
FILES = ("config.yaml", "state.ckpt", "last.ckpt", "metrics.jsonl", "relabels.jsonl")


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def resumed(market, tmp_path_factory):
    """The earlier run, carried to its end by ``mindreid train --resume``."""
    folder = RunFolder(tmp_path_factory.mktemp("resumed") / "run")
    folder.root.mkdir()
    for name in FILES:
        shutil.copy(EARLIER.root / name, folder.root)
    assert cli.main(["train", "--resume", str(folder.root), "--set", f"dataset.root={market}"]) == 0
    return folder


def test_the_recipe_loads_with_its_earlier_names():
    assert "workers: 2" in EARLIER.recipe.read_text(encoding="utf-8")
    recipe = load_recipe(str(EARLIER.recipe))
    assert recipe.train.reader_threads == 2
    assert recipe.model.name == "fire"


def test_the_checkpoint_evaluates(market):
    recipe = load_recipe(str(EARLIER.recipe), [f"dataset.root={market}"])
    run = EvaluationRun(recipe, EARLIER.last)
    assert run.description.epoch == 2
    said = read_description(EARLIER.last).metrics["standard"]
    found = run.evaluate()["standard"]
    for figure in ("rank1", "mAP", "mINP"):
        assert found.named(figure) == pytest.approx(said[figure], rel=1e-3)


def test_the_further_steps_are_those_of_the_run_without_a_pause(resumed):
    expected = rows_of(EARLIER.root / "further_steps.jsonl")
    done = rows_of(EARLIER.losses)
    assert steps(resumed)[: len(done)] == done
    further = steps(resumed)[len(done) :]
    assert [row["step"] for row in further] == [row["step"] for row in expected] == list(range(17, 25))
    for row, other in zip(further, expected):
        assert row["rates"] == other["rates"]
        assert row["terms"] == pytest.approx(other["terms"], rel=1e-3)


def test_the_minings_go_on_under_their_new_name(resumed):
    assert not (resumed.root / "relabels.jsonl").exists()
    first, second = rows_of(resumed.mining)
    assert [first] == rows_of(EARLIER.root / "relabels.jsonl")
    (expected,) = rows_of(EARLIER.root / "further_minings.jsonl")
    for name in ("epoch", "step", "classes", "outliers"):
        assert second[name] == expected[name]
