"""Inference with exported files: the network's own embeddings, resumed runs, rankings, clear errors."""

import csv
import json
import pickle
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mindspore import Tensor
from PIL import Image

import mindreid
from mindreid.cli import main
from mindreid.commands import infer as infer_command
from mindreid.config import InputConfig, load_recipe
from mindreid.data.records import Record
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.deployment.embedding_folder import read_embedded
from mindreid.engine.deployment.export_sizes import ExportSizes
from mindreid.engine.deployment.exported_model import describe_exported
from mindreid.engine.deployment.exporter import export_network
from mindreid.engine.deployment.inference import embed_files
from mindreid.engine.deployment.input_listing import list_inputs
from mindreid.engine.deployment.runtimes import (
    RUNTIMES,
    LiteRuntime,
    MindSporeRuntime,
    OnnxRuntime,
    open_runtime,
)
from mindreid.engine.deployment.wrappers import deployable_network
from mindreid.engine.evaluation.features import build_extractor
from mindreid.engine.platform.distributed import Workers
from mindreid.errors import DataError, DeviceError, InvalidArgumentError
from tests.engine.deployment.small_network import INPUT
from tests.slow_cases import quick_only


def live(network, paths):
    """What the network in this process makes of images."""
    pixels = np.stack([np.asarray(Image.open(path)) for path in paths])
    return deployable_network(network, INPUT)(Tensor(pixels)).asnumpy()


def infer(model, source, output, *options):
    command = ["infer", "--model", model, "--input", source, "--output", output, "--batch-size", 2, *options]
    return main([str(word) for word in command])


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("suffix", "runtime"), [("mindir", "MindSpore"), ("onnx", "ONNX Runtime")])
def test_embeddings_are_the_networks_own(exported, network, images, tmp_path, capsys, suffix, runtime):
    output = tmp_path / "out"
    assert infer(exported / f"small.{suffix}", images, output) == 0
    assert f"runs on {runtime}\n" in capsys.readouterr().out
    rows, index = np.load(output / "embeddings.npy"), table(output / "index.csv")
    assert rows.dtype == np.float32
    assert [line["row"] for line in index] == [str(number) for number in range(9)]
    np.testing.assert_allclose(rows, live(network, [line["path"] for line in index]), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_a_list_is_read_in_its_order(exported, network, images, tmp_path):
    listed = ["b/7.png", "a/0.png", "b/5.png"]
    (images / "some.txt").write_text("\n".join(listed) + "\n\n")
    assert infer(exported / "small.mindir", images / "some.txt", tmp_path / "out") == 0
    rows = np.load(tmp_path / "out" / "embeddings.npy")
    np.testing.assert_allclose(rows, live(network, [images / name for name in listed]), atol=1e-5)


def test_ranking_against_a_gallery(exported, network, images, tmp_path):
    output = tmp_path / "out"
    model = exported / "small.mindir"
    assert infer(model, images / "a", output, "--gallery", images / "b", "--top", 3) == 0
    lines = table(output / "ranking.csv")
    assert len(lines) == 5 * 3
    query, gallery = list_inputs(images / "a"), list_inputs(images / "b")
    similarity = live(network, query) @ live(network, gallery).T
    for number, path in enumerate(query):
        own = lines[3 * number : 3 * number + 3]
        assert {line["query"] for line in own} == {str(path)}
        assert [line["rank"] for line in own] == ["1", "2", "3"]
        expected = [str(gallery[column]) for column in np.argsort(-similarity[number])[:3]]
        assert [line["gallery"] for line in own] == expected
    # The gallery's embeddings serve again.
    assert infer(model, images / "a", output, "--gallery", output / "gallery", "--top", 3) == 0
    assert table(output / "ranking.csv") == lines


class FailingAfter:
    """A runtime that works for some batches and then stops."""

    def __init__(self, runtime, batches):
        self.runtime, self.left = runtime, batches

    def __call__(self, images):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return self.runtime(images)


def test_an_interrupted_run_goes_on(exported, images, tmp_path, monkeypatch):
    monkeypatch.setattr("mindreid.engine.deployment.inference._BATCHES_PER_PART", 1)
    model = describe_exported(exported / "small.mindir")
    runtime, paths = open_runtime(model.path), list_inputs(images)
    whole = embed_files(runtime, model, paths, tmp_path / "whole", batch_size=2)
    with pytest.raises(KeyboardInterrupt):
        embed_files(FailingAfter(runtime, 3), model, paths, tmp_path / "out", batch_size=2)
    assert not (tmp_path / "out" / "embeddings.npy").exists()
    # Nine images are five batches, of which three are there.
    resumed = embed_files(FailingAfter(runtime, 2), model, paths, tmp_path / "out", batch_size=2)
    np.testing.assert_array_equal(resumed.rows, whole.rows)
    assert resumed.paths == whole.paths
    again = embed_files(FailingAfter(runtime, 0), model, paths, tmp_path / "out", batch_size=2)
    np.testing.assert_array_equal(again.rows, whole.rows)


def test_a_folder_of_another_run_is_left_alone(exported, images, tmp_path, capsys):
    assert infer(exported / "small.mindir", images / "a", tmp_path / "out") == 0
    before = (tmp_path / "out" / "embeddings.npy").read_bytes()
    assert infer(exported / "small.mindir", images / "b", tmp_path / "out") == 2
    assert "this folder holds another run" in capsys.readouterr().err
    assert (tmp_path / "out" / "embeddings.npy").read_bytes() == before
    assert infer(exported / "small.mindir", images / "b", images) == 2
    assert "not an empty folder" in capsys.readouterr().err


def test_a_damaged_image_is_named_and_the_rest_is_kept(exported, images, tmp_path, capsys):
    good = (images / "b" / "6.png").read_bytes()
    (images / "b" / "6.png").write_bytes(good[:100])
    assert infer(exported / "small.mindir", images, tmp_path / "out") == 2
    assert "6.png" in capsys.readouterr().err
    (images / "b" / "6.png").write_bytes(good)
    assert infer(exported / "small.mindir", images, tmp_path / "out") == 0
    assert len(np.load(tmp_path / "out" / "embeddings.npy")) == 9


def test_a_changed_file_is_refused(exported, images, tmp_path, capsys):
    for name in ("small.mindir", "small.mindir.json"):
        (tmp_path / name).write_bytes((exported / name).read_bytes())
    content = bytearray((tmp_path / "small.mindir").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "small.mindir").write_bytes(content)
    assert infer(tmp_path / "small.mindir", images, tmp_path / "out") == 2
    assert "not the one that its description was written for" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: (folder / "small.mindir").unlink(), "no such exported file"),
        (lambda folder: (folder / "small.mindir.json").unlink(), "missing or damaged"),
        (lambda folder: (folder / "small.mindir.json").write_text("{}"), "missing or damaged"),
    ],
)
def test_an_incomplete_export_is_explained(exported, tmp_path, prepare, message):
    for name in ("small.mindir", "small.mindir.json"):
        (tmp_path / name).write_bytes((exported / name).read_bytes())
    prepare(tmp_path)
    with pytest.raises(InvalidArgumentError, match=message):
        describe_exported(tmp_path / "small.mindir")


@pytest.mark.parametrize("suffix", ["mindir", "onnx"])
def test_a_damaged_graph_is_explained(tmp_path, suffix):
    if suffix == "onnx":
        pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    path = tmp_path / f"broken.{suffix}"
    path.write_bytes(b"no graph at all" * 20)
    with pytest.raises(InvalidArgumentError, match="this is no whole"):
        open_runtime(path)
    with pytest.raises(InvalidArgumentError, match=r"ends in \.mindir or \.onnx"):
        open_runtime(tmp_path / "model.pth")


def test_inputs_that_are_not_there(tmp_path):
    with pytest.raises(DataError, match="no such folder or list"):
        list_inputs(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no image"):
        list_inputs(tmp_path)
    with pytest.raises(DataError, match="finished run"):
        read_embedded(tmp_path)


class LiteModel:
    """Stands for ``mindspore_lite.Model`` with the calls that its documentation names."""

    def build_from_file(self, path, kind, context):
        self.network, self.shape = MindSporeRuntime(Path(path)), [1, 96, 32, 3]
        assert (kind, context.target) == ("MINDIR", ["cpu"])

    def get_inputs(self):
        holder = types.SimpleNamespace(shape=self.shape)
        holder.set_data_from_numpy = lambda images: setattr(holder, "images", images)
        return [holder]

    def resize(self, _inputs, shapes):
        self.shape = shapes[0]

    def predict(self, inputs):
        assert list(inputs[0].images.shape) == self.shape
        rows = self.network(inputs[0].images)
        return [types.SimpleNamespace(get_data_to_numpy=lambda: rows)]


@pytest.fixture
def lite(monkeypatch):
    module = types.ModuleType("mindspore_lite")
    module.Model, module.Context = LiteModel, types.SimpleNamespace
    module.ModelType = types.SimpleNamespace(MINDIR="MINDIR")
    module.__spec__ = types.SimpleNamespace(name="mindspore_lite")
    monkeypatch.setitem(sys.modules, "mindspore_lite", module)


def test_mindspore_lite_comes_first_where_it_is_installed(exported, network, images, lite):
    path = exported / "small.mindir"
    runtime = open_runtime(path, fixed_sizes=True)
    assert isinstance(runtime, LiteRuntime)
    paths = list_inputs(images)
    pixels = np.stack([np.asarray(Image.open(image)) for image in paths])
    np.testing.assert_allclose(runtime(pixels), live(network, paths), atol=1e-5)
    assert isinstance(open_runtime(path, name="MindSpore", fixed_sizes=True), MindSporeRuntime)


def test_mindspore_lite_is_handed_no_free_sizes(exported, lite):
    path = exported / "small.mindir"
    assert isinstance(open_runtime(path), MindSporeRuntime)
    with pytest.raises(InvalidArgumentError, match=r"sizes are free.*converter_lite"):
        open_runtime(path, name="MindSpore Lite")


def test_a_converted_file_is_for_mindspore_lite_alone(exported, images, tmp_path, lite, capsys):
    """For what converter_lite makes stands a file that has another checksum than its description."""
    converted, original = tmp_path / "converted.mindir", tmp_path / "small.mindir"
    converted.write_bytes((exported / "small.mindir").read_bytes())
    described = json.loads((exported / "small.mindir.json").read_text())
    Path(f"{original}.json").write_text(json.dumps({**described, "sha256": "0" * 64}))
    arguments = (converted, images, tmp_path / "out")
    assert infer(*arguments) == 2
    assert "description beside the exported file is missing" in capsys.readouterr().err
    assert infer(*arguments, "--converted-from", original) == 0
    assert "runs on MindSpore Lite" in capsys.readouterr().out
    with pytest.raises(InvalidArgumentError, match="MindSpore does not run"):
        open_runtime(converted, name="MindSpore", converted=True)


def test_the_command_takes_no_other_runtime_than_the_named_one(exported, images, tmp_path, capsys):
    for suffix, name, other in (
        ("mindir", "MindSpore", "ONNX Runtime"),
        ("onnx", "ONNX Runtime", "MindSpore"),
    ):
        model = exported / f"small.{suffix}"
        assert infer(model, images / "a", tmp_path / "refused", "--runtime", other) == 2
        assert f"{other} does not run .{suffix} files" in capsys.readouterr().err
        assert infer(model, images / "a", tmp_path / suffix, "--runtime", name) == 0
        assert f"runs on {name}\n" in capsys.readouterr().out


def test_no_runtime_is_installed(exported, monkeypatch):
    for runtime in (LiteRuntime, MindSporeRuntime, OnnxRuntime):
        monkeypatch.setattr(runtime, "is_installed", classmethod(lambda cls: False))
    with pytest.raises(DeviceError, match="install mindspore_lite or mindspore"):
        open_runtime(exported / "small.mindir", fixed_sizes=True)
    with pytest.raises(DeviceError, match="install onnxruntime"):
        open_runtime(exported / "small.onnx")
    with pytest.raises(InvalidArgumentError, match=r"does not run \.mindir files"):
        open_runtime(exported / "small.mindir", name="ONNX Runtime")


def test_gait_sequences(tmp_path):
    """Sequences of any length, each embedded as the network embeds it alone."""
    inputs = InputConfig(kind="silhouettes", height=64, width=44)
    options = {"width": 0.125, "features": 12}
    network, model = mindreid.create_model("aug_ogbase", **options), tmp_path / "gait.mindir"
    recipe = {"input": inputs.model_dump(mode="json"), "evaluation": {"metric": "euclidean"}}
    export_network(network, Description("aug_ogbase", options, 4, recipe), model, "mindir", verify=False)
    generator = np.random.default_rng(0)
    sequences = [generator.integers(0, 256, (count, 64, 64), dtype=np.uint8) for count in (5, 20, 3)]
    (tmp_path / "walks").mkdir()
    for number, sequence in enumerate(sequences):
        (tmp_path / "walks" / f"{number}.pkl").write_bytes(pickle.dumps(sequence))
    assert infer(model, tmp_path / "walks", tmp_path / "out", "--gallery", tmp_path / "walks") == 0
    rows = np.load(tmp_path / "out" / "embeddings.npy")
    for row, sequence in zip(rows, sequences):
        alone = Tensor(sequence[None, :, :, 10:54] / np.float32(255))
        np.testing.assert_allclose(row, network.set_train(False)(alone).asnumpy()[0], atol=1e-4)
    ranking = table(tmp_path / "out" / "ranking.csv")
    assert all(line["query"] == line["gallery"] for line in ranking if line["rank"] == "1")
    (tmp_path / "walks" / "0.pkl").write_bytes(pickle.dumps(np.zeros((4, 64), np.uint8)))
    assert infer(model, tmp_path / "walks", tmp_path / "other") == 2


@pytest.mark.parametrize("suffix", quick_only(["mindir", "onnx"], "onnx"))
@pytest.mark.parametrize("method", quick_only(["gaitpart", "gaitgl", "deepgaitv2"], "gaitgl"))
def test_sequences_whose_order_matters_are_embedded_as_evaluation_does(method, suffix, tmp_path):
    """No frame is repeated behind the last one, and those of few frames are repeated as a whole."""
    if suffix == "onnx":
        pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    recipe, path = load_recipe(f"{method}/smoke", ["frames.lengths=[16]"]), tmp_path / f"gait.{suffix}"
    network = mindreid.create_model(method, **recipe.model.network).set_train(False)
    export_network(network, Description.of(recipe, num_classes=2), path, suffix, verify=False)
    generator = np.random.default_rng(0)
    (tmp_path / "walks").mkdir()
    for count in (2, 5, 7):
        frames = generator.integers(0, 256, (count, 64, 64), dtype=np.uint8)
        (tmp_path / "walks" / f"{count}.pkl").write_bytes(pickle.dumps(frames))
    records = [Record((str(file),), 0, 0) for file in sorted((tmp_path / "walks").iterdir())]
    expected = build_extractor(recipe, network, Workers())(records)
    assert infer(path, tmp_path / "walks", tmp_path / "out") == 0
    np.testing.assert_allclose(np.load(tmp_path / "out" / "embeddings.npy"), expected, atol=1e-4)


def test_a_network_of_several_frames_is_not_exported_for_fewer(tmp_path):
    recipe = load_recipe("gaitgl/smoke")
    network = mindreid.create_model("gaitgl", **recipe.model.network)
    about, path = Description.of(recipe, num_classes=2), tmp_path / "gait.mindir"
    with pytest.raises(InvalidArgumentError, match="needs at least 3 frames, not 2"):
        export_network(network, about, path, "mindir", sizes=ExportSizes(frames=2))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["mindir", "onnx"])
def test_the_batch_does_not_show_in_an_embedding(exported, images, tmp_path, suffix):
    model = describe_exported(exported / f"small.{suffix}")
    runtime, paths = open_runtime(model.path), list_inputs(images)
    expected = embed_files(runtime, model, paths, tmp_path / "1", batch_size=1).rows
    for size in (4, 14):
        rows = embed_files(runtime, model, paths, tmp_path / str(size), batch_size=size).rows
        np.testing.assert_allclose(rows, expected, atol=1e-5)
    alone = embed_files(runtime, model, paths[3:4], tmp_path / "alone").rows
    np.testing.assert_allclose(alone, expected[3:4], atol=1e-5)


class Recording:
    """A runtime that notes the batch sizes that it is given."""

    def __init__(self, runtime):
        self.runtime, self.sizes = runtime, []

    def __call__(self, images):
        self.sizes.append(len(images))
        return self.runtime(images)


@pytest.mark.parametrize(
    ("batch_sizes", "wanted", "expected"),
    [
        ((4,), 2, [4, 4, 4]),
        ((4,), 32, [4, 4, 4]),
        ((1, 2, 4), 5, [4, 4, 1]),
        ((1, 2, 4), 3, [2, 2, 2, 2, 1]),
        ((2, 8), 1, [2, 2, 2, 2, 2]),
        ((4, 16), 32, [16]),
    ],
)
def test_batches_are_of_the_sizes_that_a_file_takes(
    exported, images, tmp_path, batch_sizes, wanted, expected
):
    free = describe_exported(exported / "small.mindir")
    runtime, paths = Recording(open_runtime(free.path)), list_inputs(images)
    alike = embed_files(runtime.runtime, free, paths, tmp_path / "free").rows
    model = replace(free, batch_sizes=batch_sizes)
    rows = embed_files(runtime, model, paths, tmp_path / "fixed", batch_size=wanted).rows
    assert runtime.sizes == expected
    np.testing.assert_allclose(rows, alike, atol=1e-5)


def test_the_names_of_runtimes_are_the_choices():
    assert tuple(runtime.name for runtime in RUNTIMES) == infer_command.RUNTIMES
