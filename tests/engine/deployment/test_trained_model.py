"""A checkpoint embeds pictures from Python as evaluation does."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mindreid
from mindreid.config import load_recipe
from mindreid.engine.checkpoints.checkpoint_files import Description, save_weights
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.errors import CheckpointError, DataError, InvalidArgumentError
from tests.engine.deployment.small_network import INPUT, MODEL, OPTIONS


@pytest.fixture(scope="module")
def trained(market, tmp_path_factory):
    """A checkpoint, its dataset, and the embeddings of its queries as evaluation has them."""
    options = [(f"model.network.{name}", value) for name, value in OPTIONS.items()]
    size = [("input.height", INPUT.height), ("input.width", INPUT.width), ("input.interpolation", "bicubic")]
    recipe = load_recipe("ide/market1501", [*options, *size, ("dataset.root", str(market))])
    run = EvaluationRun(recipe.in_float32(), None)
    path = tmp_path_factory.mktemp("trained") / "last.ckpt"
    save_weights(path, run.network, Description.of(recipe, num_classes=8))
    return path, run.dataset.query, run.embed("query")


def test_files_and_arrays_are_embedded_as_evaluation_does(trained):
    path, records, rows = trained
    # More than one pass, of which the last one is not full.
    model = mindreid.load_model(path, batch_size=3)
    assert len(records) % 3
    files = [record.path for record in records]
    mixed = [np.asarray(Image.open(file)) if number % 2 else file for number, file in enumerate(files)]
    found = model.embed(mixed)
    assert found.dtype == np.float32
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert np.abs(found[0] - found[1]).max() > 1e-3
    assert model.embed([]).shape == (0, rows.shape[1])
    assert (model.description.model, model.inputs.interpolation) == (MODEL, "bicubic")
    assert not model.network.training


def test_the_readme_shows_what_works(trained, market, tmp_path):
    """Where the quickstart has made its dataset and its run."""
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    for there, place in ((market, "data/walkers"), (trained[0], "runs/quickstart/run/last.ckpt")):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).symlink_to(there)
    (tmp_path / "readme.py").write_text(snippet, encoding="utf-8")
    names = runpy.run_path(str(tmp_path / "readme.py"))
    assert -1 <= names["similarity"] <= 1
    assert names["result"].num_valid_queries == 2


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_an_array_that_is_no_picture_is_refused(trained, picture):
    with pytest.raises(InvalidArgumentError, match="uint8 RGB"):
        mindreid.load_model(trained[0]).embed([picture])


def test_what_can_not_be_loaded_or_read_is_named(trained, tmp_path):
    with pytest.raises(DataError, match=r"nobody\.jpg"):
        mindreid.load_model(trained[0]).embed([tmp_path / "nobody.jpg"])
    with pytest.raises(CheckpointError, match=r"no\.ckpt"):
        mindreid.load_model(tmp_path / "no.ckpt")
    with pytest.raises(InvalidArgumentError, match="batch_size"):
        mindreid.load_model(trained[0], batch_size=0)


@pytest.mark.parametrize("recipe", ["aug_ogbase/walkers", "cal/ccvid", "pdc/walkers"])
def test_networks_of_more_than_single_images_are_refused(recipe, tmp_path):
    described = load_recipe(recipe)
    network = mindreid.create_model(MODEL, **OPTIONS)
    save_weights(tmp_path / "last.ckpt", network, Description.of(described, num_classes=4))
    with pytest.raises(InvalidArgumentError, match=r"more than single images.*mindreid infer"):
        mindreid.load_model(tmp_path / "last.ckpt")
