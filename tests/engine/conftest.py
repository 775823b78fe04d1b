"""Recipes of toy methods, and their runs."""

import shutil

import pytest

from mindreid.config import load_recipe
from mindreid.engine.training.run import train
from mindreid.walkers import synthesize
from mindreid.zoo import MODELS
from tests.engine import toy_methods

TOY = (
    "model={name: toy}",
    "input={height: 32, width: 16, interpolation: bicubic}",
    "sampler.persons=4",
    "sampler.images=2",
    "evaluation.batch_size=8",
    "train.epochs=2",
    "train.init_weights=null",
    "train.reader_threads=2",
    "train.log_every=2",
    "train.evaluate_every=1",
)


def toy_recipe(root, *overrides):
    return load_recipe("mgn/market1501", [*TOY, f"dataset.root={root}", *overrides])


@pytest.fixture(autouse=True)
def _toys():
    """Know the toy methods, and what a test registers, during the test only."""
    with MODELS.temporary():
        toy_methods.register()
        yield


@pytest.fixture(scope="session")
def clothes_walkers(tmp_path_factory):
    """Walkers who change clothes, 8 persons to train on."""
    root = tmp_path_factory.mktemp("clothes walkers") / "ltcc"
    synthesize("ltcc", root, ids=16, seed=1, outfits=2, cameras=3, frames=2, size=(96, 32))
    return root


@pytest.fixture
def recipe_of(tiny_market):
    """Build a toy's recipe from overrides; the test may change its images."""
    return lambda *overrides: toy_recipe(tiny_market, *overrides)


@pytest.fixture(scope="session")
def trained(market, tmp_path_factory):
    """Train a toy's recipe, once for all tests that read the run's folder and change nothing in it.

    Call it before anything that the run goes through is replaced.
    """
    folders = {}

    def trained(*overrides):
        if overrides not in folders:
            folder = tmp_path_factory.mktemp("trained")
            train(toy_recipe(market, *overrides), folder)
            folders[overrides] = folder
        return folders[overrides]

    return trained


@pytest.fixture
def begun(trained, tmp_path):
    """Copy a trained run, to go on with it or to damage it."""

    def begun(*overrides):
        return shutil.copytree(trained(*overrides), tmp_path / "begun")

    return begun
