"""What goes along with an override: tables with their dataset, options with their component."""

from __future__ import annotations

import shutil

import pytest

from mindreid.cli import main
from mindreid.config import load_recipe
from mindreid.data.open_dataset import open_dataset
from mindreid.data.view_table import ViewRow, write_views
from mindreid.engine.training.run_folder import RunFolder
from mindreid.errors import ConfigError, DataError


def tables_of(name, *overrides):
    dataset = load_recipe(name, overrides).dataset
    return dataset.views or dataset.keypoints or dataset.silhouettes


@pytest.fixture
def own(tmp_path):
    def own(text, name="own.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return own


@pytest.mark.parametrize(
    ("recipe", "inside"),
    [
        ("val/walkers", "views.csv"),
        ("val/ltcc", "views.csv"),
        ("val/prcc", "views.csv"),
        ("pdc/walkers", "keypoints.csv"),
        ("pdc/market1501", "keypoints.csv"),
        ("gi_reid/ltcc", "silhouettes"),
        ("gi_reid/walkers", "annotations/silhouettes"),
    ],
)
def test_tables_of_a_recipe_are_in_the_datasets_folder_wherever_that_is(recipe, inside, caplog):
    root = load_recipe(recipe).dataset.root
    assert tables_of(recipe) == f"{root}/{inside}"
    with caplog.at_level("INFO", "mindreid"):
        assert tables_of(recipe, "dataset.root=world2") == f"world2/{inside}"
    assert f"goes along with dataset.root: world2/{inside}" in caplog.text


@pytest.mark.parametrize("path", ["mine.csv", "data/clothes_walkers/mine.csv", "/elsewhere/mine.csv"])
def test_a_table_that_is_given_stands_as_it_is_given(path):
    given, root = f"dataset.views={path}", "dataset.root=world2"
    assert tables_of("val/walkers", given, root) == tables_of("val/walkers", root, given) == path
    whole = {"name": "ltcc", "root": "data/ltcc", "views": "data/ltcc/mine.csv"}
    assert tables_of("val/walkers", ("dataset", whole), root) == "data/ltcc/mine.csv"


def test_a_table_outside_the_datasets_folder_stays(own):
    for outside in ("labels/views.csv", "/labels/views.csv", "data/clothes_walkers_2/views.csv"):
        path = own(f"base: val/walkers\ndataset: {{views: {outside}}}\n")
        assert tables_of(path, "dataset.root=world2") == outside


def test_a_recipe_that_inherits_has_the_table_in_its_own_folder(own):
    child = own("base: val/walkers\ndataset: {root: /mine}\n")
    assert tables_of(child) == "/mine/views.csv"
    assert tables_of(child, "dataset.root=world2") == "world2/views.csv"
    assert (
        tables_of(own("base: own.yaml\ndataset: {root: b, views: /mine/v.csv}\n", "c.yaml")) == "/mine/v.csv"
    )


def test_the_recipe_of_a_run_has_the_table_in_its_folder_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    RunFolder(tmp_path).note(load_recipe("val/walkers"))
    stored = str(tmp_path / "config.yaml")
    assert tables_of(stored) == str(tmp_path / "data" / "clothes_walkers" / "views.csv")
    assert tables_of(stored, "dataset.root=world2") == "world2/views.csv"


def test_another_world_has_the_labels_of_that_world(tiny_market, tmp_path):
    images = sorted(
        f"bounding_box_train/{path.name}" for path in (tiny_market / "bounding_box_train").iterdir()
    )
    folders = [tmp_path / "world1", tmp_path / "world2"]
    for number, folder in enumerate(folders):
        shutil.copytree(tiny_market, folder)
        write_views(folder / "views.csv", [ViewRow(image, 0.0, number, "any", 1.0) for image in images])
    path = tmp_path / "first.yaml"
    path.write_text(f"base: mgn/market1501\ndataset: {{root: {folders[0]}, views: {folders[0]}/views.csv}}\n")
    for number, folder in enumerate(folders):
        dataset = open_dataset(load_recipe(str(path), [f"dataset.root={folder}"]))
        assert {record.view for record in dataset.train} == {number}


@pytest.mark.parametrize("kind", ["views", "keypoints", "silhouettes"])
def test_a_missing_table_names_its_key_and_how_it_is_made(kind, tiny_market):
    table = f"{tiny_market}/nothing"
    overrides = [f"dataset.root={tiny_market}", f"dataset.{kind}={table}"]
    with pytest.raises(DataError, match=f"there is no .* of {kind}: {table}") as caught:
        open_dataset(load_recipe("mgn/market1501", overrides))
    assert f"--set dataset.{kind}=" in caught.value.fix
    made = f"`mindreid data {kind} --images {tiny_market} --output {table}`"
    assert made in caught.value.fix or kind == "silhouettes"


def test_another_dataset_leaves_the_old_ones_options_but_not_the_folder(caplog):
    with caplog.at_level("INFO", "mindreid"):
        dataset = load_recipe("mgn/cuhk03_labeled", ["dataset.root=r", "dataset.name=csv_list"]).dataset
    assert (dataset.name, dataset.root, dataset.options) == ("csv_list", "r", {})
    assert "dataset is csv_list instead of cuhk03" in caplog.text
    assert "left out (variant)" in caplog.text
    assert load_recipe("mgn/cuhk03_labeled", ["dataset.name=csv_list"]).dataset.root == "data/cuhk03"
    # Nor does a table of the old one's images say anything of the new one's.
    assert load_recipe("val/ltcc", ["dataset.name=prcc"]).dataset.views is None


@pytest.mark.parametrize(
    "overrides",
    [
        ["optimizers.network.name=adam", "optimizers.network.eps=1e-4"],
        ["optimizers.network.eps=1e-4", "optimizers.network.name=adam"],
        ["optimizers.network.name=adamw", "optimizers.network.eps=1e-4", "optimizers.network.name=adam"],
    ],
)
def test_another_optimizer_keeps_what_all_have_and_what_is_given_in_any_order(overrides):
    old = load_recipe("mgn/market1501").optimizers["network"]
    new = load_recipe("mgn/market1501", overrides).optimizers["network"]
    assert (new.name, new.schedule) == ("adam", old.schedule)
    assert new.options == {"lr": 0.01, "weight_decay": 5e-4, "eps": 1e-4}


def test_schedules_transforms_and_models_leave_all_their_options():
    schedule = "optimizers.network.schedule"
    recipe = load_recipe(
        "mgn/market1501",
        [
            f"{schedule}.name=cosine",
            f"{schedule}.epochs=5",
            "augment.0.name=random_erasing",
            "augment.0.probability=0.25",
            "model.name=trinet",
        ],
    )
    assert recipe.optimizers["network"].schedule.model_dump() == {"name": "cosine", "epochs": 5}
    assert recipe.augment[0].model_dump() == {"name": "random_erasing", "probability": 0.25}
    assert (recipe.model.network, recipe.model.objective) == ({}, {})


@pytest.mark.parametrize("overrides", [["{}=sgd"], ["{}=adam", "{}=sgd"]])
def test_a_name_that_stays_the_same_changes_nothing(overrides, caplog):
    given = [override.format("optimizers.network.name") for override in overrides]
    with caplog.at_level("INFO", "mindreid"):
        assert load_recipe("mgn/market1501", given) == load_recipe("mgn/market1501")
    assert "left out" not in caplog.text


def test_an_option_that_the_new_component_lacks_is_missed_where_the_name_is():
    override = "sampler.name=uniform_persons"
    with pytest.raises(ConfigError, match=rf"'sampler\.persons' is missing: --set {override}"):
        load_recipe("mgn/market1501", [override])


def test_a_world_without_its_own_table_is_refused_by_eval(tiny_market, capsys):
    command = ["eval", "--config", "pdc/walkers", "--root", str(tiny_market), "--untrained"]
    assert main(command) == 2
    assert f"there is no table of keypoints: {tiny_market}/keypoints.csv" in capsys.readouterr().err
