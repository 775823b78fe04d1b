"""Recipes of toy methods."""

import pytest

from mindreid.config import load_recipe
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


@pytest.fixture(autouse=True)
def _toys():
    """Know the toy methods, and what a test registers, during the test only."""
    before = {name: MODELS[name] for name in MODELS.names()}
    toy_methods.register()
    yield
    MODELS._entries.clear()
    MODELS._entries.update(before)


@pytest.fixture(scope="session")
def clothes_walkers(tmp_path_factory):
    """Walkers who change clothes, 8 persons to train on."""
    root = tmp_path_factory.mktemp("clothes walkers") / "ltcc"
    synthesize("ltcc", root, ids=16, seed=1, outfits=2, cameras=3, frames=2, size=(96, 32))
    return root


@pytest.fixture
def recipe_of(tiny_market):
    """Build a toy's recipe from overrides."""

    def recipe_of(*overrides):
        return load_recipe("mgn/market1501", [*TOY, f"dataset.root={tiny_market}", *overrides])

    return recipe_of
