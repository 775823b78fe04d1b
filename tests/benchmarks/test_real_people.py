"""Every arm on real persons is measured from all it can begin with, or refused before hours are spent."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from real_people import RealPeople, check_recipes
from runs.finished_runs import in_one_folder
from runs.people_arms import (
    FROM_WALKERS,
    GIVEN_START,
    GLOBAL_BRANCH,
    RANDOM_START,
    UNTRAINED,
    arm_of,
    usual_models,
)

from mindreid.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("dataset", ["cuhk01", "pku_reid"])
@pytest.mark.parametrize("is_quick", [False, True])
def test_recipes_fit_every_arm(dataset, is_quick):
    models = tuple(usual_models(dataset))
    work = in_one_folder(Path("runs"))
    check_recipes(RealPeople(dataset, Path("data"), work, models, is_quick=is_quick))


def test_arms_begin_with_what_they_can_and_was_asked_for(tmp_path):
    people = RealPeople("cuhk01", tmp_path, in_one_folder(tmp_path), starts={"mgn": tmp_path / "own.ckpt"})
    assert people.starts_of("mgn") == [UNTRAINED, RANDOM_START, FROM_WALKERS, GIVEN_START]
    assert people.starts_of("ide") == [UNTRAINED, RANDOM_START, FROM_WALKERS]
    # From random weights it does not train.
    assert people.starts_of(GLOBAL_BRANCH) == [UNTRAINED, FROM_WALKERS]
    random = RealPeople("cuhk01", tmp_path, in_one_folder(tmp_path), begins=(RANDOM_START,))
    assert random.starts_of("mgn") == [UNTRAINED, RANDOM_START]


@pytest.mark.parametrize(
    ("models", "sets"), [(("mgn", "pcb"), ()), (("mgn",), ("train.epoch=3",)), (("cal",), ())]
)
def test_what_has_no_recipe_is_refused_before_anything_is_trained(tmp_path, models, sets):
    with pytest.raises(ConfigError):
        check_recipes(RealPeople("pku_reid", tmp_path, in_one_folder(tmp_path), models, sets=sets))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_quick_run_goes_from_nothing_to_a_table(tmp_path):
    script = str(ROOT / "benchmarks" / "real_people.py")
    command = [sys.executable, script, "--quick", "--splits", "1", "--models", "mgn", GLOBAL_BRANCH]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    (result,) = Path("runs").rglob("real_people_cuhk01.json")
    figures = json.loads(result.read_text(encoding="utf-8"))["figures"]
    networks = figures["networks"]
    baseline = f"{GLOBAL_BRANCH}, {FROM_WALKERS}"
    assert [name for name, own in networks.items() if "minus_baseline" not in own["rank1"]] == [baseline]
    assert f"mgn, {FROM_WALKERS}" in networks
    assert f"above {baseline}" in done.stdout
    ((arm, rates),) = figures["rates"].items()
    assert (arm, len(rates), rates[0] in arm_of(GLOBAL_BRANCH).rates) == (baseline, 1, True)
