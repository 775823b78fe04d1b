"""Figures of finished runs: kept apart from the runs, and never taken for those of others."""

import argparse
import json
from pathlib import Path

import pytest
from runs.experiments import file_name
from runs.finished_runs import (
    Place,
    add_figures_option,
    digest,
    in_one_folder,
    place_of,
    run_settings,
    stored,
)

from mindreid import load_dataset
from mindreid.errors import DataError


@pytest.fixture
def place(tmp_path):
    return in_one_folder(tmp_path / "work") / "split_0" / "mgn"


def test_what_is_stored_is_not_measured_again(place):
    settings = {"recipe": "mgn/walkers", "rates": (0.1, 1e-9)}
    figures = {"rank1": {"1": [0.5, 1 / 3]}}
    assert stored(place, settings, lambda: figures) == {"rank1": {"1": [0.5, 0.333333]}}
    found = stored(place, settings, lambda: pytest.fail("measured again"))
    assert found == {"rank1": {"1": [0.5, 0.333333]}}


def test_figures_may_lie_apart_from_runs(tmp_path):
    kept = Place(tmp_path / "work", tmp_path / "kept") / "mgn"
    stored(kept, {"epochs": 40}, lambda: 1)
    elsewhere = Place(tmp_path / "other", tmp_path / "kept") / "mgn"
    assert stored(elsewhere, {"epochs": 40}, lambda: 2) == 1
    assert not (tmp_path / "other").exists()
    with pytest.raises(SystemExit, match=r"mgn.json is of a run with other settings \(epochs: 40, not 60"):
        stored(elsewhere, {"epochs": 60}, lambda: 2)


def test_nothing_is_taken_for_a_run_with_other_settings(place):
    def interrupted():
        place.run.mkdir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stored(place, {"epochs": 40}, interrupted)
    with pytest.raises(SystemExit, match="other settings"):
        stored(place, {"epochs": 60}, lambda: 1)
    assert stored(place, {"epochs": 40}, lambda: 2) == 2


def test_what_never_began_binds_nobody(place):
    with pytest.raises(DataError):
        stored(place, {"root": "mistyped"}, lambda: load_dataset("cuhk01", "mistyped"))
    assert stored(place, {"root": "right"}, lambda: 1) == 1


def test_a_record_that_is_older_than_a_setting_stands(place):
    """It had what every recipe has by default."""
    stored(place, {"epochs": 40}, lambda: 1)
    assert stored(place, {"epochs": 40, "train.summary": False}, lambda: 2) == 1
    with pytest.raises(SystemExit, match=r"train.summary: False, not True"):
        stored(place, {"epochs": 40, "train.summary": True}, lambda: 2)
    with pytest.raises(SystemExit, match="epochs: 40, not None"):
        stored(place, {"train.summary": False}, lambda: 2)


@pytest.mark.parametrize("added", ["train.init_weights={file}", "model.network.branches=[1]"])
def test_what_is_added_to_a_recipe_makes_another_run(place, tmp_path, added):
    (tmp_path / "weights.pth").write_bytes(b"weights")
    stored(place, run_settings("mgn/walkers", []), lambda: 1)
    with pytest.raises(SystemExit, match=added.partition("=")[0]):
        stored(place, run_settings("mgn/walkers", [added.format(file=tmp_path / "weights.pth")]), lambda: 2)


def test_settings_name_no_folder_and_tell_files_by_what_is_in_them(tmp_path):
    start = tmp_path / "start.ckpt"
    start.write_bytes(b"one")
    given = ("train.init_checkpoint", str(start))
    first, moved = (
        run_settings("mgn/walkers", [("dataset.root", str(root)), given], data=7)
        for root in (tmp_path, "elsewhere")
    )
    assert first == moved
    assert str(tmp_path) not in json.dumps(first)
    assert first["data"] == 7
    assert first["train.epochs"] == 10
    start.write_bytes(b"two")
    other = run_settings("mgn/walkers", [given], data=7)
    assert {key for key in other if other[key] != first[key]} == {"train.init_checkpoint"}


def test_a_digest_is_of_names_and_contents_in_whatever_folder(tmp_path):
    def tree(name, files):
        root = tmp_path / name
        for file, content in files.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(content)
        return digest([root / file for file in files], root)

    usual = tree("a", {"1/x.png": "x", "2.png": "y"})
    assert usual == tree("b", {"2.png": "y", "1/x.png": "x"})
    others = [{"1/x.png": "y", "2.png": "x"}, {"x.png": "x", "2.png": "y"}, {"1/x.png": "x"}]
    assert len({usual, *(tree(str(number), files) for number, files in enumerate(others))}) == 4


def test_arms_have_files_of_their_own():
    names = ["CAL", "CAL, ε = 0.1", "FIRe²", "FIRe², ε = 0.1", "identity + FFM"]
    assert [file_name(name) for name in names] == [
        "cal", "cal_epsilon_0.1", "fire2", "fire2_epsilon_0.1", "identity_ffm",
    ]  # fmt: skip


def test_kept_figures_of_this_project_name_no_folder():
    kept = Path(__file__).resolve().parents[2] / "results" / "runs"
    for file in kept.rglob("*.json"):
        if file.name != "seconds.json":
            content = json.loads(file.read_text(encoding="utf-8"))
            assert content.keys() == {"settings", "figures"}
            texts = [value for value in content["settings"].values() if isinstance(value, str)]
            assert not [text for text in texts if text.startswith(("/", "runs"))]


def test_a_benchmark_has_its_folder_among_the_figures_of_all(tmp_path):
    def place(*options):
        parser = argparse.ArgumentParser()
        parser.add_argument("--work", type=Path, default=Path("runs/pku_views"))
        parser.add_argument("--quick", action="store_true")
        add_figures_option(parser)
        return place_of(parser.parse_args(options), "pku_views")

    assert place() == in_one_folder(Path("runs/pku_views"))
    assert place("--figures", "kept") == Place(Path("runs/pku_views"), Path("kept/pku_views"))
    assert place("--figures", "kept", "--quick") == in_one_folder(Path("runs/pku_views"))
