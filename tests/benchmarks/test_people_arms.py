"""Arms on real persons are what they are called, and their networks fit what they have learnt before."""

import pytest
from real_people import QUICK
from runs.people_arms import (
    GLOBAL_BRANCH,
    MODELS,
    arm_of,
    scaled_rates,
    usual_models,
    walkers_before,
)

from mindreid.config import load_recipe
from mindreid.errors import ConfigError

FITTED = [(model, dataset) for dataset in ("cuhk01", "pku_reid") for model in usual_models(dataset)]


def test_all_arms_have_a_recipe_of_cuhk01_and_some_of_pku():
    assert usual_models("cuhk01") == list(MODELS)
    assert usual_models("pku_reid") == ["mgn", GLOBAL_BRANCH]


@pytest.mark.parametrize(("model", "dataset"), FITTED)
@pytest.mark.parametrize("is_quick", [False, True])
def test_walkers_train_the_network_that_real_persons_train(model, dataset, is_quick):
    sets = QUICK if is_quick else ()
    (before,) = walkers_before(model, dataset, sets, is_quick=is_quick).arms
    learnt = load_recipe(before.recipe, before.overrides)
    own = load_recipe(arm_of(model).recipe(dataset), [*sets, *arm_of(model).overrides])
    assert learnt.model.name == own.model.name
    assert learnt.model.network == own.model.network
    if not is_quick:
        assert learnt.input == own.input


def test_the_global_branch_is_mgn_without_the_others():
    whole, alone = (
        load_recipe(arm_of(model).recipe("cuhk01"), arm_of(model).overrides).as_dict()
        for model in ("mgn", GLOBAL_BRANCH)
    )
    assert alone["model"]["network"].pop("branches") == [1]
    whole["model"]["network"].pop("branches", None)
    assert alone == whole


def test_all_rates_of_a_recipe_are_scaled():
    assert scaled_rates("ide/cuhk01", 0.3) == [
        ("optimizers.trunk.lr", 0.0003),
        ("optimizers.network.lr", 0.0003),
    ]
    (changed,) = scaled_rates("mgn/cuhk01", 0.1, ["optimizers.network.lr=0.02"])
    assert changed == ("optimizers.network.lr", 0.002)


def test_a_method_of_other_walkers_is_refused():
    # CAL's walkers change clothes.
    with pytest.raises(ConfigError, match="cal has no recipe of walkers who keep their clothes"):
        walkers_before("cal", "pku_reid")
