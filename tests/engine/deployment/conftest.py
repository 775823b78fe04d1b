"""A small network, exported, and images to embed with it."""

import numpy as np
import pytest
from PIL import Image

import mindreid
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.deployment.exporter import export_network
from tests.engine.deployment.small_network import INPUT, MODEL, OPTIONS


@pytest.fixture(scope="session")
def network():
    return mindreid.create_model(MODEL, **OPTIONS)


@pytest.fixture(scope="session")
def exported(network, tmp_path_factory):
    """The small network in both formats."""
    folder = tmp_path_factory.mktemp("exported")
    recipe = {"input": INPUT.model_dump(mode="json"), "evaluation": {"metric": "cosine"}}
    description = Description(MODEL, OPTIONS, 4, recipe)
    for suffix in ("mindir", "onnx"):
        if suffix == "onnx":
            pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
        export_network(network, description, folder / f"small.{suffix}", suffix, verify=False)
    return folder


@pytest.fixture
def images(tmp_path):
    """Nine pictures of the network's own size, in two folders, with a file that is no picture."""
    generator = np.random.default_rng(1)
    for number in range(9):
        target = tmp_path / "images" / ("a" if number < 5 else "b") / f"{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (96, 32, 3), dtype=np.uint8)).save(target)
    (tmp_path / "images" / "Thumbs.db").write_bytes(b"")
    return tmp_path / "images"
