"""What is learnt from walkers is learnt once, and never taken for what other settings would have made."""

from dataclasses import replace

import pytest
from runs.experiments import arm_place
from runs.finished_runs import in_one_folder
from runs.people_arms import walkers_before
from runs.walker_starts import START_SEED, start_from_walkers, start_settings


@pytest.fixture
def trained(tmp_path):
    """An experiment whose one network has been trained."""
    experiment = walkers_before("mgn", "cuhk01")
    run = arm_place(experiment, experiment.arms[0], START_SEED, in_one_folder(tmp_path)).run / "run"
    run.mkdir(parents=True)
    (run / "finished").touch()
    (run / "last.ckpt").write_bytes(b"weights")
    data = tmp_path / "data" / experiment.data
    data.mkdir(parents=True)
    (data / f"{START_SEED}.done").touch()
    return experiment


def test_finished_weights_are_taken_every_time(trained, tmp_path):
    first, second = (start_from_walkers(trained, tmp_path) for _ in range(2))
    assert first == second
    key, weights = first
    assert key == "train.init_checkpoint"
    assert weights.endswith("last.ckpt")
    assert str(tmp_path) in weights


def test_weights_of_other_settings_are_refused(trained, tmp_path):
    start_from_walkers(trained, tmp_path)
    (arm,) = trained.arms
    other = replace(trained, arms=(replace(arm, overrides=(*arm.overrides, ("train.epochs", 3))),))
    with pytest.raises(SystemExit, match=r"other settings \(train\.epochs: 10, not 3\)"):
        start_from_walkers(other, tmp_path)


def test_settings_name_no_folder(tmp_path):
    settings = start_settings(walkers_before("mgn", "cuhk01"))
    assert settings["walkers.recipe"] == "mgn/walkers"
    assert settings["walkers.data_seed"] == START_SEED
    assert not [value for value in settings.values() if str(value).startswith("/")]
