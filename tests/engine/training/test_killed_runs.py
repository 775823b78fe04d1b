"""Runs that are killed at any moment and resumed; the long loop: benchmarks/kill_and_resume.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mindreid.engine.training.run_folder import RunFolder

ROOT = Path(__file__).parents[3]


def kill_and_resume(recipe, root, work, kills, *arguments):
    done = subprocess.run(
        [
            *(sys.executable, ROOT / "benchmarks" / "kill_and_resume.py", recipe, "--root", root),
            *("--work", work, "--kills", str(kills), "--seed", "3", *arguments),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{kills} kills" in done.stdout
    assert "equal bit for bit" in done.stdout


@pytest.mark.slow
def test_a_run_killed_twice_equals_the_whole_one(recipe_of, tiny_market, tmp_path):
    overrides = (
        "model.name=toy_mining",
        "train.epochs=60",
        "train.evaluate_every=4",
        "train.checkpoint_steps=10",
    )
    (tmp_path / "made").mkdir()
    RunFolder(tmp_path / "made").prepare(recipe_of(*overrides), resume=False)
    recipe = RunFolder(tmp_path / "made").recipe
    kill_and_resume(recipe, tiny_market, tmp_path / "runs", 2, "--modules", "tests.engine.register_toys")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["fire/walkers", "cal/walkers"])
def test_a_run_killed_ten_times_equals_the_whole_one(recipe, clothes_walkers, tmp_path):
    small = (
        *("model.network.width=0.125", "sampler.persons=4", "sampler.images=4", "input.width=32"),
        *("model.objective.start_epoch=1", "train.epochs=14", "train.evaluate_every=1"),
        *("train.checkpoint_steps=2", "train.log_every=1"),
    )
    sets = [part for override in small for part in ("--set", override)]
    kill_and_resume(recipe, clothes_walkers, tmp_path / "runs", 10, *sets)
