"""GI-ReID's gait stream starts from what was trained by itself, or not at all."""

import logging
import shutil

import numpy as np
import pytest

from mindreid.data.open_dataset import open_dataset
from mindreid.engine.checkpoints.checkpoint_files import (
    Description,
    named_parameters,
    read_description,
    save_weights,
)
from mindreid.engine.checkpoints.networks import build_network
from mindreid.engine.platform.device import select_device
from mindreid.engine.training.builders import build_objective
from mindreid.engine.training.run import train
from mindreid.errors import CheckpointError, InvalidArgumentError
from tests.engine.run_files import parameters


def started_objective(recipe):
    return build_objective(recipe, build_network(recipe), open_dataset(recipe), select_device(recipe.device))


def gait_stream(objective):
    return {
        f"{name}.{leaf}": parameter.asnumpy()
        for name, cell in objective.networks_beside().items()
        for leaf, parameter in named_parameters(cell).items()
    }


@pytest.fixture
def stored(smoke_recipe, tmp_path):
    """``stored(method, *overrides)``: an untrained network's checkpoint."""

    def stored(method, *overrides):
        recipe, path = smoke_recipe(method, *overrides), tmp_path / f"{method}.ckpt"
        save_weights(path, build_network(recipe), Description.of(recipe, num_classes=4))
        return path

    return stored


@pytest.mark.parametrize("phase", ["false", "true"])
def test_the_gait_stream_starts_from_a_checkpoint(smoke_recipe, stored, phase, caplog):
    path = stored("gait_prediction", f"model.network.phase={phase}")
    given = f"model.objective.phase={phase}", f"train.init_beside={path}"
    logging.getLogger("mindreid").propagate = True
    with caplog.at_level(logging.INFO, logger="mindreid"):
        stream = gait_stream(started_objective(smoke_recipe("gi_reid", *given)))
    assert f"prediction and set_network start from the checkpoint {path}" in caplog.text
    expected = parameters(path)
    assert set(stream) == set(expected)
    for name, value in stream.items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)
    random = gait_stream(started_objective(smoke_recipe("gi_reid", given[0])))
    assert not np.array_equal(random["prediction.encoder.0.weight"], stream["prediction.encoder.0.weight"])


@pytest.mark.parametrize(
    ("option", "named", "settings"),
    [
        ("width=0.125", r"prediction\.encoder\.0\.weight has shape", r"model\.objective\.gait_width=0\.125"),
        ("features=16", r"part_linear\.weight has shape", r"model\.network\.features=16"),
        ("phase=true", r"unexpected \(prediction\.transformation", r"model\.objective\.phase=true"),
    ],
)
def test_other_sizes_are_refused_with_the_options_to_set(smoke_recipe, stored, option, named, settings):
    path = stored("gait_prediction", f"model.network.{option}")
    with pytest.raises(CheckpointError, match=rf"do not fit.*{named}.*{path}.*{settings}"):
        started_objective(smoke_recipe("gi_reid", f"train.init_beside={path}"))


@pytest.mark.parametrize("size", ["[12]", "[12, 8, 1]", "[0, 0]"])
def test_a_silhouette_has_two_sides(smoke_recipe, size):
    recipe = smoke_recipe("gi_reid", f"model.objective.silhouette_size={size}")
    with pytest.raises(InvalidArgumentError, match=r"silhouette_size=.* is no height and width"):
        started_objective(recipe)


def test_another_file_is_refused(smoke_recipe, stored, tmp_path):
    def start(path):
        started_objective(smoke_recipe("gi_reid", f"train.init_beside={path}"))

    with pytest.raises(CheckpointError, match=r"holds a 'gaitset' network.*takes a 'gait_prediction' one"):
        start(stored("gaitset"))
    with pytest.raises(CheckpointError, match=r"not there.*nowhere\.ckpt.*train\.init_beside=FILE"):
        start("nowhere.ckpt")
    (tmp_path / "text.ckpt").write_text("no checkpoint")
    with pytest.raises(CheckpointError, match=r"damaged.*text\.ckpt"):
        start(tmp_path / "text.ckpt")


@pytest.mark.slow
def test_a_run_goes_on_from_the_trained_gait_stream(smoke_run, smoke_recipe, tmp_path):
    trained = shutil.copy(smoke_run("gait_prediction").folder / "last.ckpt", tmp_path / "stream.ckpt")
    recipe = smoke_recipe("gi_reid", f"train.init_beside={trained}")
    stream = gait_stream(started_objective(recipe))
    for name, value in parameters(trained).items():
        np.testing.assert_array_equal(stream[name], value, err_msg=name)
    train(recipe, tmp_path / "run")
    assert f"start from the checkpoint {trained}, epoch 2" in (tmp_path / "run" / "train.log").read_text()
    trained.unlink()
    train(
        smoke_recipe("gi_reid", f"train.init_beside={trained}", "train.epochs=3"),
        tmp_path / "run",
        resume=True,
    )
    assert read_description(tmp_path / "run" / "last.ckpt").epoch == 3
