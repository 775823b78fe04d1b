"""ModelArts' paths: folders are used as they are, places in OBS are copied by its package."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Stands for ModelArts' package, with the calls that its documentation names: OBS is the folder BUCKET.
MOXING = """
import os, shutil
def _path(url):
    return url.replace("obs:/", os.environ["BUCKET"])
class file:
    @staticmethod
    def exists(url):
        return os.path.exists(_path(url))
    @staticmethod
    def copy_parallel(source, target):
        shutil.copytree(_path(source), _path(target), dirs_exist_ok=True)
"""
RECIPE = """
base: mgn/walkers
model: {network: {trunk: resnet18, width: 0.0625}}
input: {height: 96, width: 32}
sampler: {persons: 2, images: 2}
train: {epochs: null, steps: 2, evaluate_every: 0}
evaluation: {batch_size: 16}
"""


def run(*arguments, environment=None, cwd=None):
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "train_modelarts.py"), *map(str, arguments)],
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def bucket(tmp_path, tiny_market):
    """A bucket with a dataset, ModelArts' package beside it, and a recipe."""
    (tmp_path / "obs").mkdir()
    (tmp_path / "obs" / "market").symlink_to(tiny_market)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "moxing.py").write_text(MOXING)
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    return tmp_path


def with_modelarts(bucket):
    """The environment in which its package is found, before what is found already."""
    found = filter(None, (str(bucket / "package"), os.environ.get("PYTHONPATH")))
    return {"BUCKET": str(bucket / "obs"), "PYTHONPATH": os.pathsep.join(found)}


@pytest.mark.slow
def test_places_in_obs_are_copied_and_a_second_job_goes_on(bucket):
    environment = with_modelarts(bucket)
    arguments = ("--data_url", "obs://market", "--train_url", "obs://run", "--config", bucket / "tiny.yaml")
    first = run(*arguments, "--cache", bucket / "cache", environment=environment)
    assert first.returncode == 0, first.stderr
    delivered = bucket / "obs" / "run"
    assert {"last.ckpt", "state.ckpt", "metrics.jsonl"} <= {path.name for path in delivered.iterdir()}
    more = ("--set", "train.steps=3")
    second = run(*arguments, *more, "--cache", bucket / "another", environment=environment)
    assert second.returncode == 0, second.stderr
    assert "resumed after" in second.stderr
    steps = [json.loads(line)["step"] for line in (delivered / "metrics.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3]


def test_an_error_of_training_is_the_jobs(bucket, tiny_market):
    arguments = ("--data_url", tiny_market, "--train_url", bucket / "run", "--config", bucket / "tiny.yaml")
    failed = run(*arguments, "--set", "train.epoch=3")
    assert failed.returncode == 2
    assert "unknown key 'train.epoch'" in failed.stderr


def test_without_modelarts_package_obs_is_refused(tmp_path):
    refused = run("--data_url", "obs://market", "--train_url", "obs://run", "--cache", tmp_path / "cache")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "package moxing, which is not installed" in refused.stderr
