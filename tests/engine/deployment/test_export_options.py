"""Export as deployers ask for it: fixed sizes, gears, float16, AIR; what is not possible is refused."""

from __future__ import annotations

import json

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from mindspore.train.mind_ir_pb2 import ModelProto, TensorProto

import mindreid
from mindreid.cli import main
from mindreid.config import InputConfig, load_recipe
from mindreid.engine.checkpoints.checkpoint_files import Description, save_weights
from mindreid.engine.checkpoints.networks import build_network
from mindreid.engine.deployment.air_files import check_air
from mindreid.engine.deployment.export_sizes import ExportSizes
from mindreid.engine.deployment.exporter import export_checkpoint, export_network
from mindreid.engine.deployment.run_exported import run_exported
from mindreid.errors import ExportError, InvalidArgumentError
from tests.engine.deployment.small_network import INPUT, MODEL, OPTIONS
from tests.slow_cases import quick_only

SMALL = ("model.network.trunk=resnet18", "model.network.width=0.125", "input.height=96", "input.width=32")
GAIT = InputConfig(kind="silhouettes", height=64, width=44)
GAIT_OPTIONS = {"width": 0.125, "features": 12}
FORMATS = ("mindir", "onnx")


def description(model, options, inputs):
    return Description(model, options, 4, {"input": inputs.model_dump(mode="json")})


def pixels(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def needs_onnx(file_format):
    if file_format == "onnx":
        pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")


def graph_of(path):
    model = ModelProto()
    model.ParseFromString(path.read_bytes())
    return model.graph


def described(path):
    return json.loads(path.with_name(path.name + ".json").read_text())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A recipe and a checkpoint of it."""
    recipe = load_recipe("mgn/market1501", SMALL)
    path = tmp_path_factory.mktemp("weights") / "last.ckpt"
    save_weights(path, build_network(recipe), Description.of(recipe, num_classes=4))
    return recipe, path


@pytest.mark.parametrize("file_format", quick_only(FORMATS, "mindir"))
def test_a_fixed_batch(network, tmp_path, file_format):
    needs_onnx(file_format)
    path, about = tmp_path / f"x.{file_format}", description(MODEL, OPTIONS, INPUT)
    assert export_network(network, about, path, file_format, sizes=ExportSizes(batch_size=4)) < 1e-4
    assert run_exported(path, pixels(4, 96, 32, 3)).shape[0] == 4
    assert described(path)["shape"] == [4, 96, 32, 3]
    assert described(path)["batch_sizes"] == [4]
    if file_format == "mindir":
        assert list(graph_of(path).input[0].tensor[0].dims) == [4, 96, 32, 3]
        assert (tmp_path / "x.mindir.converter.cfg").read_text() == (
            "[ascend_context]\nprecision_mode=preferred_fp32\n"
        )
    else:
        with pytest.raises(Exception, match="Got: 3 Expected: 4"):
            run_exported(path, pixels(3, 96, 32, 3))


@pytest.mark.parametrize("file_format", quick_only(FORMATS, "onnx"))
@pytest.mark.parametrize("batch", quick_only([None, 2], 2))
def test_fixed_frames(tmp_path, file_format, batch):
    needs_onnx(file_format)
    network = mindreid.create_model("aug_ogbase", **GAIT_OPTIONS)
    path, about = tmp_path / f"x.{file_format}", description("aug_ogbase", GAIT_OPTIONS, GAIT)
    assert export_network(network, about, path, file_format, sizes=ExportSizes(batch, frames=7)) < 1e-4
    sequences = pixels(2, 7, 64, 44)
    expected = network.set_train(False)(Tensor(sequences / np.float32(255))).asnumpy()
    np.testing.assert_allclose(run_exported(path, sequences), expected, atol=1e-4)
    assert described(path)["shape"] == [batch, 7, 64, 44]
    assert described(path)["preprocessing"] == {
        "align": "outside",
        "cut_sides": "outside",
        "scale": "inside",
    }


@pytest.mark.slow
def test_gears_of_the_batch(network, tmp_path):
    path, about = tmp_path / "x.mindir", description(MODEL, OPTIONS, INPUT)
    sizes = ExportSizes(dynamic_batch=(1, 2, 4))
    assert export_network(network, about, path, "mindir", sizes=sizes, precision="float16") < 1e-4
    assert list(graph_of(path).input[0].tensor[0].dims) == [-1, 96, 32, 3]
    configuration = tmp_path / "x.mindir.converter.cfg"
    # The section and its keys are those of converter_lite's documentation; the name is the graph's own.
    assert configuration.read_text().splitlines() == [
        "[ascend_context]",
        f"input_shape={graph_of(path).input[0].name}:[-1,96,32,3]",
        "dynamic_dims=[1],[2],[4]",
        "precision_mode=enforce_fp16",
    ]
    assert graph_of(path).input[0].name == "images"
    assert described(path)["batch_sizes"] == [1, 2, 4]
    export_network(network, about, path, "mindir", verify=False)
    assert not configuration.exists()
    assert described(path)["preprocessing"]["resize"] == "outside"
    assert described(path)["preprocessing"]["normalize"] == "inside"


def test_onnx_names_its_ends(exported):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    session = onnxruntime.InferenceSession(str(exported / "small.onnx"), providers=["CPUExecutionProvider"])
    assert [end.name for end in (*session.get_inputs(), *session.get_outputs())] == ["images", "embeddings"]


def test_a_file_says_what_is_in_it_whatever_the_weights_were_trained_in(checkpoint, tmp_path, capsys):
    _, weights = checkpoint
    asked = ["model.network.stem_pool=mindcv", "evaluation.metric=euclidean"]
    options = [word for setting in (*SMALL, *asked) for word in ("--set", setting)]
    command = ["export", "--config", "mgn/market1501", *options, "--checkpoint", str(weights)]
    assert main([*command, "--batch-size", "3", "--output", str(tmp_path / "x.mindir")]) == 0
    said = capsys.readouterr().err
    assert "trained with model.network.stem_pool = torchvision, the recipe says mindcv" in said
    assert "`evaluation.metric` differ and do not count" in said
    beside = described(tmp_path / "x.mindir")
    assert (beside["shape"], beside["batch_sizes"]) == ([3, 96, 32, 3], [3])
    assert beside["network"]["stem_pool"] == "mindcv"
    assert beside["recipe"]["evaluation"]["metric"] == "cosine"


@pytest.mark.slow
def test_float16(checkpoint, tmp_path):
    """Half the weights' bytes, embeddings of unit length in float32, near those of float32."""
    recipe, weights = checkpoint
    single, half = tmp_path / "single.mindir", tmp_path / "half.mindir"
    export_checkpoint(recipe, weights, single, "mindir", precision="float32", verify=False)
    assert export_checkpoint(recipe, weights, half, "mindir", precision="float16") < 1e-4
    kinds = [parameter.data_type for parameter in graph_of(half).parameter]
    assert {TensorProto.FLOAT, TensorProto.FLOAT16} == set(kinds)
    assert half.stat().st_size < 0.6 * single.stat().st_size
    images = pixels(3, 96, 32, 3)
    rows = run_exported(half, images)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    assert ((rows * run_exported(single, images)).sum(1) > 0.999).all()
    assert [described(path)["precision"] for path in (single, half)] == ["float32", "float16"]
    recipe = load_recipe("mgn/market1501", [*SMALL, "device.amp_level=O2"])
    export_checkpoint(recipe, weights, half, "mindir", verify=False)
    assert described(half)["precision"] == "O2"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--format", "air", "--output", "x.air"), "AIR files are written on an Ascend device, this one is"),
        (("--format", "onnx", "--output", "x.onnx", "--precision", "float16"), "compute in float32"),
        (
            ("--format", "onnx", "--output", "x.onnx", "--dynamic-batch", "1,2"),
            "for MindIR, not for onnx",
        ),
        (("--output", "x.mindir", "--dynamic-batch", "4,2"), "ascending batch sizes, not (4, 2)"),
        (("--output", "x.mindir", "--dynamic-batch", "1,4096"), "a batch size of 1 to 2048"),
        (("--output", "x.mindir", "--frames", "8"), "single images, which have no frames"),
        (("--output", "x.air"), "can't write format 'mindir' to 'x.air'"),
    ],
)
def test_what_is_not_possible_is_refused(checkpoint, tmp_path, monkeypatch, capsys, arguments, reason):
    _, weights = checkpoint
    monkeypatch.chdir(tmp_path)
    options = [part for override in SMALL for part in ("--set", override)]
    code = main(["export", "--config", "mgn/market1501", *options, "--checkpoint", str(weights), *arguments])
    error = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    assert len(error) == 1
    assert reason in error[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("gears", ["0", "2,x", "1,,2", ""])
def test_gears_are_numbers(capsys, gears):
    with pytest.raises(SystemExit):
        main(["export", "--config", "x", "--checkpoint", "x", "--output", "x", "--dynamic-batch", gears])
    assert "--dynamic-batch" in capsys.readouterr().err


def test_sequences_need_fixed_frames_for_gears(tmp_path):
    network = mindreid.create_model("aug_ogbase", **GAIT_OPTIONS)
    about = description("aug_ogbase", GAIT_OPTIONS, GAIT)
    with pytest.raises(InvalidArgumentError, match="--frames N"):
        export_network(network, about, tmp_path / "x.mindir", "mindir", sizes=ExportSizes(dynamic_batch=(1,)))


def varint(value):
    return bytes([value & 0x7F | 0x80]) + varint(value >> 7) if value > 0x7F else bytes([value])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


#: As protobuf writes a ``ge.proto.ModelDef``: its name, version 1, the framework's version, a graph.
AIR = field(1, b"mgn") + b"\x10\x01" + field(3, b"2.8.0") + field(7, b"g" * 300)


def test_the_outside_of_an_air_file_is_read(tmp_path):
    path = tmp_path / "x.air"
    path.write_bytes(AIR)
    check_air(path)
    damaged = (AIR[:-1], AIR[:12], AIR + b"\x7f", field(1, b"mgn"), b"", b"\xff" * 20, field(5, b"x") + AIR)
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(ExportError, match="no whole AIR file"):
            check_air(path)


def test_mindspore_itself_refuses_air_here(network, tmp_path):
    """Should a MindSpore write AIR without Ascend one day, ours would be too strict."""
    if ms.get_context("device_target") == "Ascend":
        pytest.skip("AIR can be written here")
    about = description(MODEL, OPTIONS, INPUT)
    with pytest.raises(ExportError, match="Ascend"):
        export_network(network, about, tmp_path / "x.air", "air", sizes=ExportSizes(batch_size=1))
    assert list(tmp_path.iterdir()) == []
