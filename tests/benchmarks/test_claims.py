"""All claims in one command: their arms exist, finished runs are taken as they are, verdicts are stored."""

import json
import subprocess
import sys
from pathlib import Path

import claims
import kth_walking
import pytest
from claims_on_walkers import ACROSS_VIEWS, LOSS, groups
from runs.experiments import arm_overrides, arm_place, arm_settings
from runs.finished_runs import Place, in_one_folder, stored

from mindreid.config import load_recipe
from mindreid.report.tables.claims_table import claim_row

ROOT = Path(__file__).resolve().parents[2]
GROUPS = [named for is_quick in (False, True) for named in groups(is_quick=is_quick).items()]


@pytest.mark.parametrize(("name", "group"), GROUPS, ids=[name for name, _ in GROUPS])
def test_claims_are_of_arms_whose_recipes_hold(name, group, tmp_path):
    arms = {arm.name: arm for arm in group.experiment.arms}
    assert len(arms) == len(group.experiment.arms)
    for claim in group.claims:
        assert {claim.first, claim.second} <= arms.keys()
        for arm in (arms[claim.first], arms[claim.second]):
            recipe = load_recipe(arm.recipe, arm_overrides(arm, 1, tmp_path))
            protocols = recipe.evaluation.protocols
            if "ccpg" in protocols:
                assert claim.protocol in ("CL reid", LOSS)
            elif protocols:
                assert claim.protocol in (*protocols, ACROSS_VIEWS)


def test_an_ablation_is_its_method_with_something_taken_away():
    """Arms of a claim on one method differ in the objective or in branches alone, never in the budget."""
    for whole in groups().values():
        arms = {arm.name: load_recipe(arm.recipe, arm.overrides).as_dict() for arm in whole.experiment.arms}
        for claim in whole.claims:
            ours, theirs = arms[claim.first], arms[claim.second]
            if ours["model"]["name"] == theirs["model"]["name"]:
                for section in ("input", "sampler", "optimizers", "train"):
                    assert ours[section] == theirs[section], (claim, section)


@pytest.mark.parametrize("is_quick", [False, True])
def test_kths_recipes_hold_with_what_is_changed(tmp_path, is_quick):
    kth = kth_walking.Kth(tmp_path, in_one_folder(tmp_path), 2, is_quick=is_quick)
    for arm in kth_walking.ARMS.values():
        for split in (0, 1):
            recipe = load_recipe(arm.recipe, kth_walking.overrides_of(kth, arm, split))
            own = "-2" if split else ""
            listed = {"partition": f"partition{own}.json"}
            if arm.tree == kth_walking.CROPS:
                listed = {name: f"{name}{own}.csv" for name in ("train", "query", "gallery")}
            assert recipe.dataset.options.items() >= listed.items()


def finish(work, group, values):
    """Write what finished runs leave: ``values`` by arm, protocol, one for each seed."""
    experiment = group.experiment
    for arm in experiment.arms:
        for number, seed in enumerate(claims.QUICK_SEEDS):
            scores = {
                protocol: {"rank1": own[number], "mAP": own[number] / 2}
                for protocol, own in values[arm.name].items()
            }
            place = arm_place(experiment, arm, seed, work)
            stored(place, arm_settings(experiment, arm, seed), lambda found=scores: found)


@pytest.fixture
def run(monkeypatch, tmp_path):
    def run(*options):
        monkeypatch.setattr(sys, "argv", ["claims.py", "--quick", "--work", str(tmp_path), *options])
        claims.main()
        return json.loads((tmp_path / "quick" / "claims.json").read_text(encoding="utf-8"))

    return run


def test_finished_runs_are_taken_as_they_are(run, tmp_path, capsys):
    own = groups(is_quick=True)
    work = in_one_folder(tmp_path / "quick" / "claims")
    finish(work, own["mgn"], {"MGN": {"standard": [0.9, 0.8]}, "global branch": {"standard": [0.7, 0.61]}})
    gait, colour = ({"CL reid": [cl, cl], "BG reid": [bg, bg]} for cl, bg in ((0.5, 0.7), (0.1, 0.9)))
    finish(work, own["gait"], {"AUG": gait, "plain": gait, "RGB": colour})
    content = run("--only", "mgn", "gait")
    assert content["command"] == "python benchmarks/claims.py --seeds 11 12 --splits 2 --only mgn gait"
    entries = content["figures"]["claims"]
    found = {(entry["first"], entry["second"], entry["protocol"]): entry for entry in entries}
    mgn = found["MGN", "global branch", "standard"]
    assert mgn["figures"]["rank1"]["difference"]["mean"] == pytest.approx(0.195)
    assert mgn["verdict"] == "shown"
    loss = found["RGB", "AUG", LOSS]["figures"]["rank1"]
    assert loss["first"]["mean"] == pytest.approx(0.8)
    assert loss["second"]["mean"] == pytest.approx(0.2)
    assert found["AUG", "RGB", "CL reid"]["verdict"] == "shown"
    assert found["AUG", "plain", "CL reid"]["verdict"] == "not shown"
    assert content["figures"]["hours"].keys() == {"mgn", "gait"}
    shown = capsys.readouterr().out
    assert all(cell in shown for entry in found.values() for cell in claim_row(entry))
    # What is given a second time counts its time to the first.
    assert run("--only", "mgn", "gait")["figures"]["claims"] == entries


def test_an_arm_that_was_run_otherwise_is_refused(run, tmp_path):
    group = groups(is_quick=True)["mgn"]
    work = in_one_folder(tmp_path / "quick" / "claims")
    finish(work, group, {arm: {"standard": [0.5, 0.5]} for arm in ("MGN", "global branch")})
    file = arm_place(group.experiment, group.experiment.arms[0], claims.QUICK_SEEDS[0], work).file
    kept = json.loads(file.read_text(encoding="utf-8"))
    kept["settings"]["optimizers.network.lr"] = 0.5
    file.write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"other settings \(optimizers\.network\.lr: 0\.5, not "):
        run("--only", "mgn")
    assert not (tmp_path / "quick" / "claims.json").exists()


def test_kept_figures_need_neither_runs_nor_their_data(monkeypatch, tmp_path):
    """What one machine has measured, another one does not measure again."""
    figures = tmp_path / "figures"
    group = groups()["mgn"]
    kept = Place(tmp_path / "none", figures / "claims")
    for arm, rank1 in (("MGN", 0.9), ("global branch", 0.8)):
        (own,) = (one for one in group.experiment.arms if one.name == arm)
        for seed in (11, 12):
            found = {"standard": {"rank1": rank1 + seed / 1000, "mAP": rank1}}
            place = arm_place(group.experiment, own, seed, kept)
            stored(place, arm_settings(group.experiment, own, seed), lambda found=found: found)
    monkeypatch.setattr(claims, "RESULTS", tmp_path)
    options = ["--only", "mgn", "--seeds", "11", "12", "--work", str(tmp_path / "work")]
    monkeypatch.setattr(sys, "argv", ["claims.py", *options, "--figures", str(figures)])
    claims.main()
    (entry,) = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))["figures"]["claims"]
    assert entry["verdict"] == "shown"
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("options", [["--kth", "nowhere"], ["--only", "reid"], ["--quick", "--pku", "."]])
def test_what_makes_no_sense_is_refused_before_anything_runs(monkeypatch, capsys, options):
    monkeypatch.setattr(sys, "argv", ["claims.py", *options])
    with pytest.raises(SystemExit) as refused:
        claims.main()
    assert refused.value.code == 2
    assert "error: " in capsys.readouterr().err
    assert not list(Path().iterdir())


@pytest.mark.slow
def test_a_quick_run_goes_from_nothing_to_verdicts(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "claims.py"), "--quick", "--only", "clothes"]
    subprocess.run([*command, "--seeds", "1"], check=True)
    content = json.loads(Path("runs/quick/claims.json").read_text(encoding="utf-8"))
    entries = content["figures"]["claims"]
    # At the recipe's epsilon and at the paper's.
    protocols = ["clothes_changing", "clothes_changing", ACROSS_VIEWS, ACROSS_VIEWS]
    assert [entry["protocol"] for entry in entries] == protocols
    # One seed shows nothing.
    assert {entry["verdict"] for entry in entries} == {"not shown"}
