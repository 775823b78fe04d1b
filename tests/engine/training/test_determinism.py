"""One seed decides everything: two runs of one recipe leave the same bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mindreid.engine.training.run import train
from mindreid.engine.training.run_folder import RunFolder
from tests.engine.run_files import assert_equal_runs, parameters, steps

OVERRIDES = (
    "model.name=toy_mining",
    "augment=[{name: flip}, {name: pad_crop}, {name: normalize}, {name: random_erasing, probability: 0.5}]",
)
FILES = ("last.ckpt", "best.ckpt", "state.ckpt", "metrics.jsonl", "evaluations.jsonl", "config.yaml")


@pytest.mark.slow
def test_two_processes_leave_the_same_bytes(trained, tmp_path):
    one = trained(*OVERRIDES)
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n"
        "from tests.engine import register_toys\nfrom mindreid import cli\n"
        "sys.exit(cli.main(['train', '--config', sys.argv[1], '--output', sys.argv[2]]))"
    )
    command = [sys.executable, "-c", script, one / "config.yaml", tmp_path / "other"]
    subprocess.run(command, check=True, capture_output=True)
    for name in FILES:
        assert (one / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), name


@pytest.mark.slow
def test_the_number_of_reading_threads_changes_nothing(recipe_of, trained, tmp_path):
    two = trained(*OVERRIDES)
    for threads in (1, 4):
        train(recipe_of(*OVERRIDES, f"train.reader_threads={threads}"), tmp_path / str(threads))
        assert_equal_runs(two, tmp_path / str(threads))


@pytest.mark.slow
def test_another_seed_is_another_run(recipe_of, trained, tmp_path):
    recipe = recipe_of(*OVERRIDES, "train.seed=2")
    assert recipe_of(*OVERRIDES).train.seed != recipe.train.seed
    train(recipe, tmp_path / "run")
    runs = trained(*OVERRIDES), tmp_path / "run"
    one, two = (steps(RunFolder(run)) for run in runs)
    assert all(row["terms"] != other["terms"] for row, other in zip(one, two))
    first, second = (parameters(run / "last.ckpt") for run in runs)
    assert (first["conv.weight"] != second["conv.weight"]).all()
