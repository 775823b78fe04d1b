"""``mindreid train``: where a run's folder is, and which options a resumed one takes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mindreid.cli import main
from mindreid.commands.train import default_output
from mindreid.config import load_recipe
from mindreid.engine.checkpoints.checkpoint_files import read_description
from mindreid.engine.training.run import train
from mindreid.engine.training.run_folder import RunFolder
from tests.engine.run_files import assert_equal_runs


@pytest.mark.parametrize("place", ["mine.yaml", "recipes/mine.yaml", "../recipes/mine.yaml"])
def test_the_run_of_a_recipes_file_is_among_the_runs_wherever_that_is(place, tmp_path, monkeypatch):
    here = tmp_path / "here"
    file = here / place
    for folder in (here, file.parent):
        folder.mkdir(parents=True, exist_ok=True)
    file.write_text("base: mgn/walkers")
    monkeypatch.chdir(here)
    assert default_output(place) == default_output(str(file.resolve())) == Path("runs/mine")


def test_a_resume_goes_on_in_any_folder_and_without_what_the_run_started_from(
    recipe_of, trained, tiny_market, tmp_path, monkeypatch
):
    """Paths are typed in another folder, and the checkpoint that the run started from is gone."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(trained("train.epochs=1") / "last.ckpt", "start.ckpt")
    relative = f"dataset.root={os.path.relpath(tiny_market)}", "train.init_checkpoint=start.ckpt"
    train(recipe_of(*relative), Path("whole"))
    train(recipe_of(*relative, "train.epochs=1"), Path("run"))
    assert read_description("run/last.ckpt").recipe["train"]["init_checkpoint"] == "start.ckpt"
    Path("start.ckpt").unlink()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert main(["train", "--resume", "../run", "--set", "train.epochs=2"]) == 0
    assert_equal_runs(tmp_path / "whole", tmp_path / "run")


def test_paths_of_a_runs_recipe_are_absolute_and_the_rest_is_as_given(recipe_of, tmp_path, monkeypatch):
    given = ("dataset.views=~/views.csv", "train.init_weights=required", "train.init_beside=a/b.ckpt")
    recipe = recipe_of("dataset.root=data", *given)
    monkeypatch.chdir(tmp_path)
    RunFolder(Path()).note(recipe)
    stored = load_recipe("config.yaml")
    assert stored.dataset.root == str(tmp_path / "data")
    assert stored.dataset.views == str(Path.home() / "views.csv")
    assert stored.train.init_beside == str(tmp_path / "a" / "b.ckpt")
    assert stored.train.init_weights == "required"
    assert (stored.dataset.keypoints, stored.train.init_checkpoint) == (None, None)
    update = {"dataset": recipe.dataset, "train": recipe.train}
    assert stored.model_copy(update=update) == recipe


def test_a_resume_into_another_folder_is_refused(begun, tmp_path, capsys):
    run, other = begun("train.epochs=1"), tmp_path / "other"
    before = {path: path.read_bytes() for path in run.iterdir()}
    assert main(["train", "--resume", str(run), "--output", str(other)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: a resumed run goes on in its own folder, {run}: --output {other}.")
    assert before == {path: path.read_bytes() for path in run.iterdir()}
    assert not other.exists()


def test_a_resume_says_that_it_reads_its_own_recipe(begun, tmp_path, capsys, monkeypatch):
    """The folder may be named twice, as scripts do."""
    run = begun("train.epochs=1")
    monkeypatch.chdir(run.parent)
    command = ["train", "--resume", run.name, "--output", str(run), "--config", "mgn/market1501"]
    assert main([*command, "--set", "train.epochs=2"]) == 0
    said = capsys.readouterr().err
    assert f"the run goes on with its own recipe, {run.name}/config.yaml; --config is not read" in said
    assert load_recipe(str(run / "config.yaml")).model.name == "toy"
