"""Whose weights and which records the pictures of a network show, without waiting for a network."""

from pathlib import Path

import mindspore as ms
import numpy as np
import pytest
from PIL import Image

from mindreid.cli import main
from mindreid.config import load_recipe
from mindreid.engine.checkpoints.checkpoint_files import Description, save_weights
from mindreid.engine.checkpoints.networks import build_network
from mindreid.engine.evaluation.activations import Activations
from mindreid.report.pictures.cluster_sheet import CELL_HEIGHT, CELL_WIDTH

#: A method that clusters, with next to no radius: next to every image is a cluster.
RECIPE = "fire/market1501"
SETTINGS = [
    "model.network={trunk: resnet18, width: 0.125}",
    "model.objective.eps=0.00001",
    "input={height: 32, width: 16, interpolation: bilinear}",
]


def values_of(network):
    """One number for each parameter."""
    return [float(value.asnumpy().sum()) for value in network.get_parameters()]


def folders_of(records):
    return {Path(record.path).parent.name for record in records}


@pytest.fixture
def checkpoint(market, tmp_path):
    """A checkpoint of a network that no seed of a recipe gives, and its values."""
    recipe = load_recipe(RECIPE, [*SETTINGS, f"dataset.root={market}"])
    network = build_network(recipe)
    for parameter in network.trainable_params():
        parameter.set_data(ms.Tensor(np.full(parameter.shape, 0.25, np.float32)))
    path = tmp_path / "quarter.ckpt"
    save_weights(path, network, Description.of(recipe, num_classes=8))
    return path, values_of(network)


@pytest.fixture
def draw(market, tmp_path):
    """Run an action of ``mindreid report``; return the picture."""

    def draw(action, *words):
        output = tmp_path / f"{action}.png"
        recipe = ["--config", RECIPE, "--root", str(market)]
        recipe += [word for setting in SETTINGS for word in ("--set", setting)]
        assert main(["report", action, *recipe, "--output", str(output), *map(str, words)]) == 0
        return np.asarray(Image.open(output).convert("RGB"))

    return draw


@pytest.fixture
def embedded(monkeypatch):
    """Embed by mean colours; note each time by which network, and which records."""
    noted = []

    def build(_recipe, network, _workers):
        def extract(records, flip=True):
            noted.append((values_of(network), records))
            colours = [np.asarray(Image.open(record.path), np.float32).mean((0, 1)) for record in records]
            return np.array(colours, np.float32)

        return extract

    monkeypatch.setattr("mindreid.engine.evaluation.evaluation_run.build_extractor", build)
    return noted


@pytest.fixture
def shown(monkeypatch):
    """Show a grey image and map of every record; note each time by which network, and which record."""
    noted = []

    def activations(_recipe, network, record):
        noted.append((values_of(network), record))
        return Activations(np.full((96, 32, 3), 128, np.uint8), {"map": np.zeros((12, 4), np.float32)})

    monkeypatch.setattr("mindreid.engine.evaluation.activations.activations_of", activations)
    return noted


def test_clusters_of_a_split_by_a_checkpoint(draw, embedded, checkpoint, capsys):
    path, values = checkpoint
    assert draw("clusters", "--untrained").shape[1] == 12 * CELL_WIDTH
    assert "clusters of 8 persons" in capsys.readouterr().out
    words = ["--checkpoint", path, "--split", "gallery", "--persons", 2, "--rows", 1, "--columns", 3]
    # Below a caption each person has one row of three images, and a margin.
    assert draw("clusters", *words).shape == (2 * (16 + CELL_HEIGHT + 4), 3 * CELL_WIDTH, 3)
    assert "clusters of 4 persons" in capsys.readouterr().out
    assert [folders_of(records) for _, records in embedded] == [{"bounding_box_train"}, {"bounding_box_test"}]
    assert embedded[0][0] != values
    assert embedded[1][0] == values


def test_so_many_persons_are_on_the_plane(draw, embedded, checkpoint):
    path, values = checkpoint
    for words in (["--untrained"], ["--checkpoint", path, "--persons", 1]):
        draw("embedding", "--method", "pca", *words)
    # Everybody has two queries, and two images of the gallery from either camera.
    assert [len(records) for _, records in embedded] == [4 * 6, 6]
    assert len({record.pid for record in embedded[1][1]}) == 1
    assert (embedded[0][0] == values, embedded[1][0] == values) == (False, True)


def test_maps_of_a_split_by_a_checkpoint(draw, shown, checkpoint):
    path, values = checkpoint
    draw("attention", "--untrained", "--images", 2)
    draw("attention", "--checkpoint", path, "--images", 3, "--split", "train")
    assert [folders_of([record]) for _, record in shown] == [{"query"}] * 2 + [{"bounding_box_train"}] * 3
    assert [seen == values for seen, _ in shown] == [False] * 2 + [True] * 3
