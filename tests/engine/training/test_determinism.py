"""One seed decides everything: two runs of one recipe leave the same bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mindreid.engine.training.run import train
from mindreid.engine.training.run_folder import RunFolder
from tests.engine.run_files import assert_equal_runs, parameters, steps

OVERRIDES = (
    "model.name=toy_mining",
    "augment=[{name: flip}, {name: pad_crop}, {name: normalize}, {name: random_erasing, probability: 0.5}]",
)
FILES = ("last.ckpt", "best.ckpt", "state.ckpt", "metrics.jsonl", "config.yaml")


def test_two_processes_leave_the_same_bytes(recipe_of, tmp_path):
    train(recipe_of(*OVERRIDES), tmp_path / "one")
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n"
        "from tests.engine import register_toys\nfrom mindreid import cli\n"
        "sys.exit(cli.main(['train', '--config', sys.argv[1], '--output', sys.argv[2]]))"
    )
    command = [sys.executable, "-c", script, tmp_path / "one" / "config.yaml", tmp_path / "other"]
    subprocess.run(command, check=True, capture_output=True)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), name


def test_the_number_of_reading_threads_changes_nothing(recipe_of, tmp_path):
    train(recipe_of(*OVERRIDES, "train.reader_threads=1"), tmp_path / "one")
    train(recipe_of(*OVERRIDES, "train.reader_threads=4"), tmp_path / "four")
    assert_equal_runs(tmp_path / "one", tmp_path / "four")


def test_another_seed_is_another_run(recipe_of, tmp_path):
    for seed in (1, 2):
        train(recipe_of(*OVERRIDES, f"train.seed={seed}"), tmp_path / str(seed))
    one, two = (steps(RunFolder(tmp_path / name)) for name in "12")
    assert all(row["terms"] != other["terms"] for row, other in zip(one, two))
    first, second = (parameters(tmp_path / name / "last.ckpt") for name in "12")
    assert (first["conv.weight"] != second["conv.weight"]).all()
