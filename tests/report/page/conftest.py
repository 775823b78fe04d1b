"""Runs to look at."""

import shutil

import pytest

from mindreid.cli import main
from tests.conftest import GOLDEN


@pytest.fixture(scope="session")
def finished_run(market, tiny_mgn, tmp_path_factory):
    """A trained run's folder; a test that changes it takes ``own_run``."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    command = ["train", "--config", "mgn/market1501", "--root", str(market), "--output", str(folder)]
    assert main([*command, *tiny_mgn, "--set", "train.init_weights=null"]) == 0
    return folder


@pytest.fixture
def own_run(finished_run, tmp_path):
    """Copy the trained run under another name."""
    return lambda name: shutil.copytree(finished_run, tmp_path / name)


@pytest.fixture
def stored_run(tmp_path):
    """Copy the folder of a run that an earlier version trained, under another name; nothing is trained."""
    return lambda name: shutil.copytree(GOLDEN / "earlier_run", tmp_path / name)
