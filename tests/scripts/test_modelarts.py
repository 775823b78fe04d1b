"""ModelArts' paths: folders are used as they are, places in OBS are copied by its package."""

import json
import os
import signal
import subprocess
import sys
import time
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
#: A job whose training saves when it is asked to stop.
STOPPABLE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import train_modelarts
training = '''
import signal, sys, time
from pathlib import Path
state = Path(sys.argv[1], "state.ckpt")
def save(*_):
    time.sleep(0.3)
    state.write_text("all that was done")
    sys.exit(143)
signal.signal(signal.SIGTERM, save)
state.parent.mkdir(parents=True)
state.write_text("an epoch")
time.sleep(60)
'''
train_modelarts.launcher = lambda output: [sys.executable, "-c", training, str(output)]
sys.exit(train_modelarts.train("obs://market", "obs://run", Path(sys.argv[2]), []))
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


def test_a_job_that_is_asked_to_stop_lets_the_training_save_and_delivers(bucket):
    command = [sys.executable, "-c", STOPPABLE, str(ROOT / "scripts"), str(bucket / "cache")]
    environment = {**os.environ, **with_modelarts(bucket)}
    job = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    state = bucket / "cache" / "run" / "state.ckpt"
    begin = time.monotonic()
    while not state.exists():
        assert time.monotonic() - begin < 60
        time.sleep(0.05)
    job.send_signal(signal.SIGTERM)
    job.communicate(timeout=60)
    assert job.returncode == 143
    assert (bucket / "obs" / "run" / "state.ckpt").read_text() == "all that was done"


def test_an_error_of_training_is_the_jobs(bucket, tiny_market):
    arguments = ("--data_url", tiny_market, "--train_url", bucket / "run", "--config", bucket / "tiny.yaml")
    failed = run(*arguments, "--set", "train.epoch=3")
    assert failed.returncode == 2
    assert "unknown key 'train.epoch'" in failed.stderr


def test_without_modelarts_package_obs_is_refused(tmp_path):
    refused = run("--data_url", "obs://market", "--train_url", "obs://run", "--cache", tmp_path / "cache")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "package moxing, which is not installed" in refused.stderr
