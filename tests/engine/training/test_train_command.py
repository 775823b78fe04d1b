"""``mindreid train``: where a run's folder is, and which options a resumed one takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mindreid.cli import main
from mindreid.commands.train import default_output
from mindreid.config import load_recipe


@pytest.mark.parametrize("place", ["mine.yaml", "recipes/mine.yaml", "../recipes/mine.yaml"])
def test_the_run_of_a_recipes_file_is_among_the_runs_wherever_that_is(place, tmp_path, monkeypatch):
    here = tmp_path / "here"
    file = here / place
    for folder in (here, file.parent):
        folder.mkdir(parents=True, exist_ok=True)
    file.write_text("base: mgn/walkers")
    monkeypatch.chdir(here)
    assert default_output(place) == default_output(str(file.resolve())) == Path("runs/mine")


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
