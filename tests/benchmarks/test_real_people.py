"""Which arms are measured on real persons, and that they are what they are called."""

from pathlib import Path

import pytest
from finished_runs import in_one_folder
from real_people import GLOBAL_BRANCH, MODELS, QUICK, RealPeople, check_recipes, usual_models

from mindreid.errors import ConfigError


def test_all_arms_have_a_recipe_of_cuhk01_and_some_of_pku():
    assert usual_models("cuhk01") == list(MODELS)
    assert usual_models("pku_reid") == ["mgn", GLOBAL_BRANCH]


@pytest.mark.parametrize("dataset", ["cuhk01", "pku_reid"])
def test_quick_runs_fit_every_arm(dataset):
    check_recipes(
        RealPeople(
            dataset, Path("data"), in_one_folder(Path("runs")), tuple(usual_models(dataset)), sets=QUICK
        )
    )


@pytest.mark.parametrize(("models", "sets"), [(("mgn", "pcb"), ()), (("mgn",), ("train.epoch=3",))])
def test_what_has_no_recipe_is_refused_before_anything_is_trained(tmp_path, models, sets):
    with pytest.raises(ConfigError):
        check_recipes(RealPeople("pku_reid", tmp_path, in_one_folder(tmp_path), models, sets=sets))
    assert not list(tmp_path.iterdir())
