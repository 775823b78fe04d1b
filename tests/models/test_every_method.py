"""What holds for every registered method: a new one is tested here without a test of its own.

Each trains its recipe ``smoke`` on generated walkers, then is looked at from all sides.
"""

import json

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

import mindreid
from mindreid.config import load_recipe
from mindreid.convert import convert_state
from mindreid.engine.checkpoints.checkpoint_files import load_weights
from mindreid.engine.checkpoints.conversion import recipe_of, save_converted
from mindreid.engine.checkpoints.networks import build_network
from mindreid.engine.deployment.exporter import export_checkpoint
from mindreid.engine.deployment.run_exported import run_exported
from mindreid.engine.deployment.wrappers import deployable_network
from mindreid.engine.evaluation.activations import offers_maps
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.report.tables.published import load_published
from mindreid.zoo import MODELS, list_models
from tests.conftest import GOLDEN
from tests.slow_cases import quick_only

METHODS = list_models()
#: Compiling a training step takes seconds: one of each kind of network, the others in the long run.
QUICK = ("cal", "gaitset")
#: Whose networks take longest to build.
HEAVY = ("hacnn", "isp", "pdc")
QUICK_EXPORTS = {("cal", "onnx")}
#: What an author's checkpoint holds is recorded under the source's name, or under this one. That of clips is
#: its images' with kernels of one more axis: tests/convert/test_files.py.
RECORDED = {
    "fire_ccreid": "fire",
    "isp_reid": "isp",
    "mgn_pytorch": "mgn_seathiefwang",
    "opengait": "opengait_gaitbase",
    "reid_mgn": "mgn_GNAYUOHZ",
}
SOURCES = [source for name in METHODS for source in MODELS[name].sources if source != "simple_ccreid_video"]
#: The network's own part of a recording comes first after these.
ABOUT = {"file", "prefix", "top_level"}
LIGHT = quick_only(METHODS, *(set(METHODS) - set(HEAVY)))


def build(method):
    model = load_recipe(f"{method}/smoke").model
    return mindreid.create_model(model.name, **model.network).set_train(False)


def inputs(method, batch, seed=0):
    """Normalised images, or silhouettes of five frames, as the network takes them."""
    size, generator = load_recipe(f"{method}/smoke").input, np.random.default_rng(seed)
    if size.kind == "silhouettes":
        return Tensor(generator.random((batch, 5, size.height, size.width), np.float32))
    return Tensor(
        generator.standard_normal((batch, size.channels, size.height, size.width)).astype(np.float32)
    )


def pixels(size, batch, frames):
    """Images or sequences as they come from files, for what is exported."""
    shape = (batch, size.height, size.width, size.channels)
    if size.kind == "silhouettes":
        shape = (batch, frames, size.height, size.width)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("method", LIGHT)
def test_an_image_has_the_same_embedding_alone_and_in_a_batch(method):
    network, images = build(method), inputs(method, 3)
    together = network(images)
    assert together.dtype == ms.float32
    assert together.ndim in (2, 3)
    alone = np.concatenate([network(images[i : i + 1]).asnumpy() for i in range(3)])
    np.testing.assert_allclose(alone, together.asnumpy(), rtol=1e-3, atol=1e-4)
    assert not np.allclose(alone[0], alone[1])


@pytest.mark.parametrize("method", quick_only(METHODS, *QUICK))
def test_maps_are_those_of_every_image(method):
    """A network need not offer any."""
    network, images = build(method), inputs(method, 2)
    for name, value in network.maps(images).items() if offers_maps(network) else ():
        assert value.ndim == 4, name
        assert value.shape[0] == 2
        assert not np.array_equal(*value.asnumpy())


@pytest.mark.parametrize("method", quick_only(METHODS, *QUICK))
def test_training_moves_every_parameter_and_compiles_once(method, smoke_run):
    """After the first epoch nothing is compiled any more, and there is nothing that never learns."""
    run = smoke_run(method)
    assert len(run.compiled) > 1
    assert len(set(run.compiled)) == 1
    assert run.unmoved == set()
    assert run.left_behind == set()
    assert all(np.isfinite(value) for terms in run.terms() for value in terms.values())


@pytest.mark.parametrize(
    ("method", "file_format"),
    [
        pytest.param(method, kind, marks=() if (method, kind) in QUICK_EXPORTS else pytest.mark.slow)
        for method in METHODS
        for kind in ("mindir", "onnx")
    ],
)
def test_a_trained_network_is_exported_for_any_batch(method, file_format, smoke_run, tmp_path):
    if file_format == "onnx":
        pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    run, output = smoke_run(method), tmp_path / f"{method}.{file_format}"
    assert export_checkpoint(run.recipe, run.folder / "last.ckpt", output, file_format) < 1e-4

    network = build(method)
    load_weights(run.folder / "last.ckpt", network)
    live = deployable_network(network, run.recipe.input).set_train(False)
    for batch, frames in ((3, 4), (5, 7)):
        content = pixels(run.recipe.input, batch, frames)
        expected = live(Tensor(content)).asnumpy()
        np.testing.assert_allclose(run_exported(output, content), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", quick_only(METHODS, "cal", "gaitset"))
def test_a_trained_network_is_evaluated(method, smoke_run):
    run = smoke_run(method)
    results = EvaluationRun(run.recipe, run.folder / "last.ckpt").evaluate()
    assert results
    assert all(0 <= row.figures()["rank1"] <= 1 for row in results.values() if row.figures())


@pytest.mark.parametrize("method", METHODS)
def test_what_a_method_brings_along(method):
    """Recipes, published rows whose recipes exist, a card, a picture."""
    published = load_published(method)
    assert published is not None
    for row in published.rows:
        if row.recipe is not None:
            assert load_recipe(row.recipe).model.name == method
    assert load_recipe(f"{method}/walkers").model.name == method
    for source, recipes in MODELS[method].sources.items():
        assert recipes, source
        assert load_recipe(recipes[0]).model.name == method


@pytest.mark.parametrize("source", quick_only(SOURCES, "opengait_gaitset"))
def test_an_authors_checkpoint_fills_the_network(source, torch_state, tmp_path):
    """Every parameter of the recipe's network, and what is written loads into another one."""
    recorded = RECORDED.get(source, source)
    described = json.loads((GOLDEN / "checkpoints.json").read_text(encoding="utf-8"))[recorded]
    section = next(name for name in described if name not in ABOUT)
    state = torch_state(recorded, num_classes=7, section=section)
    recipe, path = recipe_of(source), tmp_path / "converted.ckpt"
    written = save_converted(convert_state(state, source), recipe, path)
    network = build_network(recipe)
    load_weights(path, network, model=recipe.model.name)
    there = written.parameters_dict()
    for name, value in network.parameters_dict().items():
        np.testing.assert_array_equal(value.asnumpy(), there[name].asnumpy(), err_msg=name)
