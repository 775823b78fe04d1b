"""Recipes: inheritance, overrides, and errors that name file, line and the nearest key."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mindreid.config import find_recipe, list_recipes, load_recipe
from mindreid.errors import ConfigError
from mindreid.yaml_source import format_yaml, parse_value


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


@pytest.mark.parametrize("name", list_recipes())
def test_every_shipped_recipe_is_valid_and_survives_being_stored(name, tmp_path):
    recipe = load_recipe(name)
    stored = tmp_path / "config.yaml"
    stored.write_text(yaml.safe_dump(recipe.as_dict()))
    assert load_recipe(str(stored)) == recipe
    json.dumps(recipe.as_dict())


def test_the_papers_recipe():
    recipe = load_recipe("mgn/market1501")
    assert (recipe.input.height, recipe.input.width) == (384, 128)
    assert recipe.sampler.options == {"persons": 16, "images": 4}
    optimizer = recipe.optimizers["network"]
    assert (optimizer.name, optimizer.options["lr"], optimizer.options["weight_decay"]) == ("sgd", 0.01, 5e-4)
    assert optimizer.schedule.options["milestones"] == [40, 60]
    assert recipe.train.epochs == 80
    assert recipe.model.network["variant"] == "paper"


def test_a_child_overrides_single_keys_of_its_bases(write):
    write("grand.yaml", "base: mgn/market1501\ntrain: {epochs: 7, reader_threads: 3}\n")
    child = write("child.yaml", "base: grand.yaml\ntrain: {reader_threads: 5}\n")
    recipe = load_recipe(child)
    assert (recipe.train.epochs, recipe.train.reader_threads) == (7, 5)
    assert recipe.input.height == 384


@pytest.mark.parametrize(
    "overrides",
    [["train.workers=3"], ["train={epochs: 2, workers: 3}"], ["train.reader_threads=5", "train.workers=3"]],
)
def test_a_key_of_an_earlier_version_is_understood(write, overrides, caplog):
    recipe = load_recipe("mgn/market1501", overrides)
    assert recipe.train.reader_threads == 3
    with caplog.at_level("INFO", "mindreid"):
        own = load_recipe(write("own.yaml", "base: mgn/market1501\ntrain: {workers: 7}\n"))
    assert own.train.reader_threads == 7
    assert "train.workers is called train.reader_threads now" in caplog.text


def test_another_component_does_not_inherit_the_old_ones_options(write):
    child = write(
        "child.yaml",
        "base: mgn/market1501\n"
        "optimizers: {network: {name: adam, lr: 2e-4, schedule: {name: multi_step, milestones: [3]}}}\n",
    )
    optimizer = load_recipe(child).optimizers["network"]
    assert optimizer.options == {"lr": 2e-4}


def test_overrides_come_last_and_reach_into_lists():
    recipe = load_recipe(
        "mgn/market1501",
        ["train.epochs=3", "augment.0.probability=0.25", "dataset.root=/a b/c", "train.init_weights=null"],
    )
    assert recipe.train.epochs == 3
    assert recipe.augment[0].options["probability"] == 0.25
    assert recipe.dataset.root == "/a b/c"
    assert recipe.train.init_weights is None


#: Texts that YAML would take for something else, or for nothing.
ODD_TEXTS = ["a: b", "#1", "7", "1e5", "5e-4", "null", "{a", "[1]", "2020-01-01", " a ", "数据", '"q"', "a=b"]


@pytest.mark.parametrize("root", ODD_TEXTS)
def test_the_value_of_a_pair_is_taken_as_it_is_and_survives_being_stored(root, write):
    recipe = load_recipe("mgn/market1501", ["dataset.root=before", ("dataset.root", root)])
    assert recipe.dataset.root == root
    assert load_recipe(write("stored.yaml", format_yaml(recipe.as_dict()))) == recipe


@given(st.text())
def test_any_text_written_as_yaml_is_read_as_the_same_text(text):
    assert parse_value(format_yaml({"key": text})) == {"key": text}


def test_pairs_and_text_are_applied_in_order_and_leave_the_callers_values_alone():
    dataset = {"name": "ltcc", "root": "first"}
    given_twice = [("dataset", dataset), "dataset.root=second", ("train", {"epochs": 2, "workers": 3})]
    for _ in range(2):
        recipe = load_recipe("mgn/market1501", given_twice)
        assert (recipe.dataset.name, recipe.dataset.root) == ("ltcc", "second")
        assert (recipe.train.epochs, recipe.train.reader_threads) == (2, 3)
    assert dataset == {"name": "ltcc", "root": "first"}


def test_a_wrong_pair_is_named():
    assert "train.epochs = 'many'" in error_of("mgn/market1501", [("train.epochs", "many")])
    assert "did you mean 'epochs'?" in error_of("mgn/market1501", [("train.epoch", 1)])


def error_of(path, overrides=()):
    with pytest.raises(ConfigError) as caught:
        load_recipe(path, overrides)
    return str(caught.value)


def test_an_unknown_key_names_file_line_and_the_nearest_key(write):
    path = write("r.yaml", "base: mgn/market1501\ntrain:\n  epochs: 3\n  reader_threds: 2\n")
    message = error_of(path)
    assert "unknown key 'train.reader_threds' (did you mean 'reader_threads'?)" in message
    assert f"{path}:4" in message


def test_an_unknown_option_of_a_component_names_its_line(write):
    path = write("r.yaml", "base: mgn/market1501\nmodel:\n  network:\n    varaint: paper\n")
    message = error_of(path)
    assert "'model.network.varaint' (did you mean 'variant'?)" in message
    assert f"{path}:4" in message


def test_an_error_inherited_from_a_base_names_the_base(write):
    base = write("base.yaml", "base: mgn/market1501\ntrain: {epochs: three}\n")
    child = write("child.yaml", "base: base.yaml\ntrain: {reader_threads: 1}\n")
    message = error_of(child)
    assert f"{base}:2" in message
    assert "train.epochs" in message


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("train.epochs=true", "train.epochs"),
        ("train.epochs=2.5", "train.epochs"),
        ("train.epochs='3'", "train.epochs"),
        ("train.epochs=0", "train.epochs"),
        ("train.seed=5000000000", "train.seed"),
        ("input.mean=[1, 2]", "input.mean"),
        ("model.network.variant=papper", "model.network.variant"),
        ("optimizers.network.lr=fast", "optimizers.network.lr"),
        ("augment.0.probability=yes please", "augment.0.probability"),
        ("sampler.persons=four", "sampler.persons"),
        ("model.name=mng", "model.name"),
        ("dataset.name=market", "dataset.name"),
        ("augment.7.name=flip", "no index of a list"),
        ("augment.².probability=0", "no index of a list"),
        ("train.epochs.more=1", "no keys below"),
        ("nonsense", "key.subkey=value"),
    ],
)
def test_a_wrong_override_is_named(override, key):
    message = error_of("mgn/market1501", [override])
    assert key in message
    assert f"--set {override}" in message or ".name" in message


@pytest.mark.parametrize("overrides", [["train.steps=100"], ["train.epochs=null"]])
def test_a_run_has_one_length(overrides):
    assert "either epochs or steps" in error_of("mgn/market1501", overrides)


def test_a_missing_key_is_named(write):
    message = error_of(write("r.yaml", "model: {name: mgn}\n"))
    assert re.search(r"the key '(input|dataset)' is missing", message)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: [1\n", "not YAML"),
        ("- 1\n", "must be a mapping"),
        ("train: {epochs: 1}\ntrain: {epochs: 2}\n", "stands twice"),
        ("base: r.yaml\n", "circle"),
        ("base: nowhere\n", "no recipe 'nowhere'"),
    ],
)
def test_a_broken_file_is_one_clear_error(write, text, what):
    assert what in error_of(write("r.yaml", text))


def test_an_unknown_recipe_suggests_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'mgn/market1501'"):
        find_recipe("mgn/market15o1")


def test_a_recipe_is_frozen():
    recipe = load_recipe("mgn/market1501")
    with pytest.raises(ValueError, match="frozen"):
        recipe.train.epochs = 3


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.booleans() | st.none())
def test_values_written_on_the_command_line_keep_their_type(value):
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    parsed = parse_value("null" if value is None else text)
    assert parsed == value
    assert type(parsed) is type(value)


def test_on_and_off_are_words_though_yaml_takes_them_for_truth_values():
    for word in ("on", "off", "auto"):
        assert load_recipe("mgn/market1501", [f"device.sync_bn={word}"]).device.sync_bn == word
