"""Who searches with a network that knows generated walkers only is told so, whatever folder they lay in."""

import json

import pytest

import mindreid
from mindreid.data.generated_marker import WALKERS
from mindreid.engine.checkpoints.checkpoint_files import Description
from mindreid.engine.deployment.exporter import export_network
from mindreid.search.ingest.appearance_model import open_appearance_model
from tests.engine.deployment.small_network import INPUT, MODEL, OPTIONS


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A network that was trained on walkers in a folder of another name."""
    path = tmp_path_factory.mktemp("exported") / "small.mindir"
    recipe = {
        "input": INPUT.model_dump(mode="json"),
        "evaluation": {"metric": "cosine"},
        "dataset": {"root": "data/crowd"},
    }
    trained_on = {"dataset": "market1501", "kind": WALKERS}
    description = Description(MODEL, OPTIONS, 4, recipe, trained_on=trained_on)
    network = mindreid.create_model(MODEL, **OPTIONS)
    export_network(network, description, path, "mindir", verify=False)
    return path


def test_an_exported_network_says_what_it_was_trained_on(exported, caplog):
    assert json.loads(exported.with_name("small.mindir.json").read_text())["trained_on"]["kind"] == WALKERS
    open_appearance_model(exported)
    assert "generated walkers" in caplog.text


@pytest.mark.parametrize(
    ("trained_on", "root", "is_warned_of"),
    [
        ({"dataset": "market1501", "kind": None}, "data/walkers", False),
        ({"dataset": "pets09", "kind": "crops of vtest.avi"}, "data/walkers", False),
        ({}, "data/walkers", False),
        (None, "data/walkers", True),
        (None, "data/crowd", False),
    ],
)
def test_the_folders_name_counts_where_nothing_is_said(exported, caplog, trained_on, root, is_warned_of):
    beside = exported.with_name("small.mindir.json")
    before = beside.read_text()
    content = {**json.loads(before), "trained_on": trained_on}
    content["recipe"]["dataset"]["root"] = root
    beside.write_text(json.dumps(content))
    try:
        open_appearance_model(exported)
    finally:
        beside.write_text(before)
    assert ("generated walkers" in caplog.text) is is_warned_of
