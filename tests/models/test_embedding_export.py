"""The network of CAL, VAL and FIRe² in both export formats, with a free batch size, against the live one."""

import numpy as np
import pytest
from mindspore import Tensor

import mindreid
from mindreid.config import InputConfig
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.deployment.exporter import ONNX_OPSET, export_network
from mindreid.engine.deployment.run_exported import run_exported
from mindreid.engine.deployment.wrappers import DeployableEmbedding

INPUT = InputConfig(height=64, width=32)


@pytest.mark.parametrize("method", ["cal", "val", "fire"])
@pytest.mark.parametrize("file_format", ["mindir", "onnx"])
def test_export(tmp_path, method, file_format):
    if file_format == "onnx":
        pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    options = {"trunk": "resnet18", "width": 0.125}
    network, path = mindreid.create_model(method, **options), tmp_path / f"{method}.{file_format}"
    description = Description(method, options, 4, {"input": INPUT.model_dump(mode="json")})
    export_network(network, description, path, file_format)
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 32, 3), dtype=np.uint8)
    live = DeployableEmbedding(network, INPUT).set_train(False)(Tensor(images)).asnumpy()
    np.testing.assert_allclose(run_exported(path, images), live, atol=1e-5)
    if file_format == "onnx":
        import onnx

        assert [entry.version for entry in onnx.load(str(path)).opset_import] == [ONNX_OPSET]
