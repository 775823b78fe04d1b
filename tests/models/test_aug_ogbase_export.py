"""OGBase in both export formats, for any number of sequences and frames, against the live network."""

import numpy as np
import pytest
from mindspore import Tensor

import mindreid
from mindreid.config import InputConfig
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.deployment.exporter import export_network
from mindreid.engine.deployment.run_exported import run_exported

INPUT = InputConfig(kind="silhouettes", height=64, width=44)


@pytest.mark.parametrize("file_format", ["mindir", "onnx"])
def test_export(tmp_path, file_format):
    if file_format == "onnx":
        pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    options = {"width": 0.125, "features": 12}
    network, path = mindreid.create_model("aug_ogbase", **options), tmp_path / f"gait.{file_format}"
    description = Description("aug_ogbase", options, 4, {"input": INPUT.model_dump(mode="json")})
    assert export_network(network, description, path, file_format) < 1e-5
    for shape in ((2, 5), (5, 30)):
        sequences = np.random.default_rng(0).integers(0, 256, (*shape, 64, 44), dtype=np.uint8)
        live = network.set_train(False)(Tensor(sequences / np.float32(255))).asnumpy()
        assert live.shape == (shape[0], 12, 16)
        np.testing.assert_allclose(run_exported(path, sequences), live, rtol=1e-4, atol=1e-6)
