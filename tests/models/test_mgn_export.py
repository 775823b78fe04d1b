"""MGN in both export formats, with a free batch size, against the live network."""

import numpy as np
import pytest
from mindspore import Tensor

import mindreid
from mindreid.config import InputConfig
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.deployment.exporter import export_network
from mindreid.engine.deployment.run_exported import run_exported
from mindreid.engine.deployment.wrappers import DeployableEmbedding

INPUT = InputConfig(height=96, width=32)


@pytest.mark.parametrize(
    ("file_format", "stem_pool"), [("mindir", "torchvision"), ("onnx", "torchvision"), ("onnx", "mindcv")]
)
def test_export(tmp_path, file_format, stem_pool):
    if file_format == "onnx":
        pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    options = {"trunk": "resnet18", "width": 0.125, "stem_pool": stem_pool}
    network, path = mindreid.create_model("mgn", **options), tmp_path / f"mgn.{file_format}"
    description = Description("mgn", options, 4, {"input": INPUT.model_dump(mode="json")})
    export_network(network, description, path, file_format)
    images = np.random.default_rng(0).integers(0, 256, (3, 96, 32, 3), dtype=np.uint8)
    live = DeployableEmbedding(network, INPUT).set_train(False)(Tensor(images)).asnumpy()
    np.testing.assert_allclose(run_exported(path, images), live, atol=1e-5)
