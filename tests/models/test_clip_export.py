"""CAL's clip network in both export formats, for any number of clips and frames, against the live one."""

import json

import numpy as np
import pytest
from mindspore import Tensor

from mindreid.config import load_recipe
from mindreid.engine.checkpoints.checkpoint_files import Description, save_weights
from mindreid.engine.checkpoints.networks import build_network
from mindreid.engine.deployment.exported_model import describe_exported
from mindreid.engine.deployment.exporter import export_checkpoint
from mindreid.engine.deployment.run_exported import run_exported
from mindreid.errors import InvalidArgumentError
from tests.slow_cases import quick_only

SMALL = ("model.network.trunk=resnet18", "model.network.width=0.125", "input.height=64", "input.width=32")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The recipe of CCVID, small, its network and a checkpoint of it."""
    recipe = load_recipe("cal/ccvid", SMALL)
    network = build_network(recipe)
    path = tmp_path_factory.mktemp("clips") / "last.ckpt"
    save_weights(path, network, Description.of(recipe, num_classes=4))
    return recipe, network, path


@pytest.mark.parametrize("file_format", quick_only(["mindir", "onnx"], "onnx"))
def test_export(trained, tmp_path, file_format):
    if file_format == "onnx":
        pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    recipe, network, checkpoint = trained
    path = tmp_path / f"clips.{file_format}"
    assert export_checkpoint(recipe, checkpoint, path, file_format) < 1e-5
    mean, std = np.array(recipe.input.mean), np.array(recipe.input.std)
    for shape in ((2, 5), (3, 8)):
        clips = np.random.default_rng(0).integers(0, 256, (*shape, 64, 32, 3), dtype=np.uint8)
        normalized = ((clips / 255 - mean) / std).transpose(0, 4, 1, 2, 3).astype(np.float32)
        live = network.set_train(False)(Tensor(normalized)).asnumpy()
        assert live.shape == (shape[0], 64 * 1)
        live /= np.linalg.norm(live, axis=1, keepdims=True)
        np.testing.assert_allclose(run_exported(path, clips), live, atol=1e-5)
    beside = json.loads(path.with_name(path.name + ".json").read_text())
    assert beside["takes"] == "uint8 RGB [N, frames, height, width, 3]"
    with pytest.raises(InvalidArgumentError, match="takes clips"):
        describe_exported(path)
