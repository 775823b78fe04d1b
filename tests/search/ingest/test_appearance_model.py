"""What embeds persons: exported networks, and those of others as their users describe them."""

import json

import numpy as np
import pytest

from mindreid.errors import InvalidArgumentError
from mindreid.search.ingest import appearance_model
from mindreid.search.ingest.appearance_model import mean_direction, open_appearance_model, reopen
from mindreid.search.ingest.foreign_inputs import NAMED_INPUTS, ForeignInputs
from mindreid.search.onnx_session import OnnxSession
from tests.search.recordings import write_colour_network


def plain(colour, size=(30, 12)):
    return np.full((*size, 3), colour, np.uint8)


@pytest.fixture
def network(tmp_path):
    return write_colour_network(tmp_path / "colours.onnx")


@pytest.mark.parametrize("batch", ["N", 1, 4])
def test_crops_of_any_size_and_number_are_embedded(tmp_path, batch):
    model = open_appearance_model(write_colour_network(tmp_path / "colours.onnx", batch=batch))
    crops = [plain((200, 20, 20), size) for size in ((30, 12), (5, 3), (300, 100))] + [plain((9, 9, 250))] * 3
    rows = model.embed(crops)
    assert rows.shape == (6, model.described.dimension)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert np.allclose(rows[0], rows[1], atol=1e-6)
    expected = np.repeat(np.array([110, -70, -70]) / np.linalg.norm([110, -70, -70]), 8) / np.sqrt(8)
    assert np.allclose(rows[2], expected, atol=1e-5)
    assert rows[0] @ rows[3] < 0.5
    assert model.embed([]).shape == (0, model.described.dimension)


def test_the_order_of_colours_and_the_range_are_as_described(network):
    inputs = {"height": 16, "width": 8, "colours": "bgr", "scale": 0.5, "mean": [0, 10, 0], "std": [1, 2, 1]}
    (network.parent / "other.json").write_text(json.dumps(inputs))
    model = open_appearance_model(network, inputs=str(network.parent / "other.json"))
    row = model.embed([plain((200, 20, 250))])[0].reshape(3, 8)[:, 0]
    blue_green_red = np.array([250 * 0.5, (20 * 0.5 - 10) / 2, 200 * 0.5]) - 90
    assert np.allclose(row / np.linalg.norm(row), blue_green_red / np.linalg.norm(blue_green_red), atol=1e-5)


def test_the_named_inputs_are_those_of_their_networks():
    pixels = np.array([[[[255, 128, 0]]]], np.uint8)
    assert NAMED_INPUTS["open-model-zoo"].planes(pixels).ravel().tolist() == [0, 128, 255]
    expected = (np.array([1, 128 / 255, 0]) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert np.allclose(NAMED_INPUTS["imagenet"].planes(pixels).ravel(), expected, atol=1e-6)


def test_what_nobody_describes_is_not_guessed(network):
    (network.parent / "colours.onnx.input.json").unlink()
    with pytest.raises(InvalidArgumentError, match="open-model-zoo"):
        open_appearance_model(network)
    with pytest.raises(InvalidArgumentError, match="takes"):
        open_appearance_model(network, inputs="open-model-zoo")


@pytest.mark.parametrize(
    "change", [{"colours": "hsv"}, {"height": 0}, {"mean": [1]}, {"scale": "much"}, {"gamma": 2}]
)
def test_a_malformed_description_is_named(network, change):
    beside = network.parent / "colours.onnx.input.json"
    beside.write_text(json.dumps({**json.loads(beside.read_text()), **change}))
    with pytest.raises(InvalidArgumentError, match=next(iter(change))):
        open_appearance_model(network)


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_network_that_gives_no_number_is_refused(network):
    inputs = ForeignInputs(height=16, width=8, colours="rgb", scale=1, mean=(0, 0, 0), std=(1e-45, 1, 1))
    (network.parent / "other.json").write_text(inputs.model_dump_json())
    model = open_appearance_model(network, inputs=str(network.parent / "other.json"))
    with pytest.raises(InvalidArgumentError, match="no number"):
        model.embed([plain((200, 20, 250))])


def test_an_index_opens_its_own_network_again(network):
    model = open_appearance_model(network)
    again = reopen(model.described)
    crop = plain((3, 200, 100))
    assert np.allclose(again.embed([crop]), model.embed([crop]), atol=1e-6)
    moved = network.rename(network.parent / "moved.onnx")
    with pytest.raises(InvalidArgumentError, match="not there any more"):
        reopen(model.described)
    assert np.allclose(reopen(model.described, moved).embed([crop]), model.embed([crop]), atol=1e-6)
    network.write_bytes(moved.read_bytes() + b"\0")
    with pytest.raises(InvalidArgumentError, match="not the network of the index"):
        reopen(model.described)


def test_without_a_network_the_error_tells_where_one_comes_from(tmp_path, monkeypatch):
    monkeypatch.setattr(appearance_model, "_REPOSITORY", tmp_path)
    with pytest.raises(InvalidArgumentError, match=r"quickstart\.sh"):
        open_appearance_model()
    with pytest.raises(InvalidArgumentError, match="no such exported file"):
        open_appearance_model(tmp_path / "nothing.onnx")


def test_a_mean_is_a_direction():
    rows = np.array([[1, 0], [0, 1]], np.float32)
    assert np.allclose(mean_direction(rows), [0.5**0.5] * 2)
    assert np.allclose(mean_direction(rows[:1]), [1, 0])


def test_variances_of_large_equal_values_do_not_become_no_number(tmp_path):
    """Open Model Zoo's networks normalise with an operator whose rounding ONNX Runtime lets go below 0."""
    onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    helper = onnx.helper
    node = helper.make_node("MeanVarianceNormalization", ["data"], ["out"], axes=[2, 3])
    kind = onnx.TensorProto.FLOAT
    infos = [helper.make_tensor_value_info(name, kind, [1, 3, 8, 8]) for name in ("data", "out")]
    graph = helper.make_graph([node], "normalise", infos[:1], infos[1:])
    path = tmp_path / "normalise.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=8), str(path))
    session = OnnxSession(path, "a test")
    generator = np.random.default_rng(0)
    images = generator.normal(size=(1, 3, 8, 8)).astype(np.float32)
    centred = images - images.mean(axis=(2, 3), keepdims=True)
    assert np.allclose(session.run(images)[0], centred / centred.std(axis=(2, 3), keepdims=True), atol=1e-4)
    for value in (1000.1, 3333.3, 77.7):
        assert np.isfinite(session.run(np.full((1, 3, 8, 8), value, np.float32))[0]).all()
