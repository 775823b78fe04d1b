"""Export: the file computes what the live network computes, or is not left behind."""

from __future__ import annotations

import json

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from mindreid.config import InputConfig
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.deployment.exporter import export_network, verify_export
from mindreid.engine.deployment.run_exported import run_exported
from mindreid.engine.deployment.wrappers import DeployableEmbedding
from mindreid.errors import ExportError, InvalidArgumentError
from tests.engine.toy_methods import ToyNetwork

INPUT = InputConfig(height=32, width=16)
DESCRIPTION = Description("toy", {}, 4, {"input": INPUT.model_dump(mode="json")})


class NoisyNetwork(nn.Cell):
    """Gives another answer at each call, so that no file can agree with it."""

    def construct(self, images: Tensor) -> Tensor:
        return ops.mean(images, (2, 3)) + ops.standard_normal((1, 3))


def test_the_graph_normalises_as_the_evaluation_transform_does():
    network = ToyNetwork().set_train(False)
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 16, 3), dtype=np.uint8)
    planes = (images / 255 - np.array(INPUT.mean)) / np.array(INPUT.std)
    live = network(Tensor(planes.transpose(0, 3, 1, 2).astype(np.float32))).asnumpy()
    expected = live / np.linalg.norm(live, axis=1, keepdims=True)
    deployable = DeployableEmbedding(network, INPUT).set_train(False)
    np.testing.assert_allclose(deployable(Tensor(images)).asnumpy(), expected, atol=2e-6)


@pytest.mark.parametrize("file_format", ["mindir", "onnx"])
def test_a_file_agrees_with_the_network_for_any_batch(tmp_path, file_format):
    if file_format == "onnx":
        pytest.importorskip("onnxruntime", reason="needs the extra onnx: pip install 'mindreid[onnx]'")
    ms.set_seed(1)
    network, path = ToyNetwork(), tmp_path / f"toy.{file_format}"
    assert export_network(network, DESCRIPTION, path, file_format) < 1e-5
    images = np.random.default_rng(1).integers(0, 256, (5, 32, 16, 3), dtype=np.uint8)
    embeddings = run_exported(path, images)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    live = DeployableEmbedding(network, INPUT).set_train(False)(Tensor(images)).asnumpy()
    np.testing.assert_allclose(embeddings, live, atol=1e-5)
    beside = json.loads((tmp_path / f"toy.{file_format}.json").read_text())
    assert beside["input"]["height"] == 32
    assert len(beside["sha256"]) == 64


@pytest.mark.slow
def test_a_file_that_differs_is_not_left(tmp_path):
    with pytest.raises(ExportError, match="differs from the live network"):
        export_network(NoisyNetwork(), DESCRIPTION, tmp_path / "noisy.mindir", "mindir")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_failed_export_keeps_the_older_file(tmp_path):
    path = tmp_path / "model.mindir"
    export_network(ToyNetwork(), DESCRIPTION, path, "mindir", verify=False)
    content = path.read_bytes()
    with pytest.raises(ExportError):
        export_network(NoisyNetwork(), DESCRIPTION, path, "mindir")
    assert path.read_bytes() == content


def test_a_tampered_file_is_found(tmp_path):
    network, path = ToyNetwork(), tmp_path / "toy.mindir"
    export_network(network, DESCRIPTION, path, "mindir", verify=False)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ExportError, match="does not run in a fresh process"):
        verify_export(DeployableEmbedding(network, INPUT).set_train(False), path)


def test_format_and_ending_must_fit(tmp_path):
    with pytest.raises(InvalidArgumentError, match=r"mindir \.mindir, onnx \.onnx"):
        export_network(ToyNetwork(), DESCRIPTION, tmp_path / "x.onnx", "mindir")
