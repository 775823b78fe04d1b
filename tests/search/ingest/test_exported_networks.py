"""Networks of `mindreid export` embed crops as `mindreid infer` embeds images."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import mindreid
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.deployment.exported_model import describe_exported
from mindreid.engine.deployment.exporter import export_network
from mindreid.engine.deployment.inference import embed_files
from mindreid.engine.deployment.runtimes import open_runtime
from mindreid.errors import InvalidArgumentError
from mindreid.search.ingest.appearance_model import QUICKSTART, open_appearance_model, reopen
from tests.engine.deployment.small_network import INPUT, MODEL, OPTIONS


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "small.mindir"
    recipe = {"input": INPUT.model_dump(mode="json"), "evaluation": {"metric": "cosine"}}
    network = mindreid.create_model(MODEL, **OPTIONS)
    export_network(network, Description(MODEL, OPTIONS, 4, recipe), path, "mindir", verify=False)
    return path


@pytest.mark.slow
def test_crops_are_embedded_as_images_of_infer(exported, tmp_path, caplog):
    generator = np.random.default_rng(0)
    crops = [generator.integers(0, 255, (height, 30, 3), dtype=np.uint8) for height in (50, 96, 200)]
    for number, crop in enumerate(crops):
        Image.fromarray(crop).save(tmp_path / f"{number}.png")
    model = open_appearance_model(exported, batch=4)
    assert caplog.text == ""
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    described = describe_exported(exported)
    expected = embed_files(open_runtime(exported), described, paths, tmp_path / "out", batch_size=4).rows
    assert np.allclose(model.embed(crops), expected, atol=1e-5)
    again = reopen(model.described, batch=4)
    assert again.described == model.described
    assert np.allclose(again.embed(crops[:1]), expected[:1], atol=1e-5)


def test_the_quickstarts_network_is_the_default_with_a_warning(exported, tmp_path, monkeypatch, caplog):
    target = tmp_path / QUICKSTART
    target.parent.mkdir(parents=True)
    for ending in ("", ".json"):
        shutil.copy(f"{exported}{ending}", f"{target}{ending}")
    monkeypatch.chdir(tmp_path)
    assert open_appearance_model().described.path == str(target)
    assert "generated walkers" in caplog.text


def test_a_network_of_walkers_is_warned_of_wherever_it_lies(exported, tmp_path, caplog):
    for ending in ("", ".json"):
        shutil.copy(f"{exported}{ending}", f"{tmp_path / 'mine.mindir'}{ending}")
    beside = tmp_path / "mine.mindir.json"
    content = json.loads(beside.read_text())
    content["recipe"]["dataset"] = {"root": "data/walkers"}
    beside.write_text(json.dumps(content))
    open_appearance_model(tmp_path / "mine.mindir")
    assert "generated walkers" in caplog.text


def test_an_exported_network_brings_its_inputs(exported):
    with pytest.raises(InvalidArgumentError, match="--model-input"):
        open_appearance_model(exported, inputs="imagenet")


def test_a_network_of_silhouettes_embeds_no_crops(exported, tmp_path):
    for ending in ("", ".json"):
        shutil.copy(f"{exported}{ending}", f"{tmp_path / 'gait.mindir'}{ending}")
    beside = tmp_path / "gait.mindir.json"
    content = json.loads(beside.read_text())
    content["input"]["kind"] = "silhouettes"
    beside.write_text(json.dumps(content))
    with pytest.raises(InvalidArgumentError, match="plain images"):
        open_appearance_model(tmp_path / "gait.mindir")
