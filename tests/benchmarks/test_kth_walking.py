"""Passes of KTH's walkers: gait and crops rank the same ones, and what they lose to other clothes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from kth_walking import (
    CLAIMS,
    LOSS,
    LOSS_OF_ALL,
    PROTOCOLS,
    average_passes,
    claims,
    lost,
    pass_of,
    rank_passes,
    summarize,
    with_losses,
)
from runs.quick_trees import write_kth_walkers

from mindreid import load_dataset
from mindreid.cli import main
from mindreid.data.records import Record

ROOT = Path(__file__).resolve().parents[2]


def test_sequences_and_crops_name_the_same_pass():
    sequence = Record(("/data/gait/003/d1-01-right/d1/d1.pkl",), 7, 0)
    crop = Record(("/data/crops/images/003/d1-01-right-0040.png",), 2, 1)
    assert pass_of(sequence) == pass_of(crop) == (3, "d1-01-right")


def test_crops_are_averaged_as_directions():
    crops = [Record((f"images/001/d1-01-left-{n:04d}.png",), 0, 0) for n in (0, 5)]
    passes = average_passes(crops, np.array([[3.0, 0.0], [0.0, 0.5]]), average=True)
    assert passes.keys() == {(1, "d1-01-left")}
    np.testing.assert_allclose(passes[1, "d1-01-left"], [0.5, 0.5])


def passes(outdoors, other, indoors):
    """Two persons with two passes outdoors; a feature for each scenario and person."""
    found = {}
    for person in (1, 2):
        found[person, "d1-01-right"] = found[person, "d1-02-left"] = outdoors[person - 1]
        found[person, "d3-01-right"] = other[person - 1]
        found[person, "d4-01-right"] = indoors[person - 1]
    return {name: np.array(feature, float) for name, feature in found.items()}


ONE, TWO = [1.0, 0.0], [0.0, 1.0]


def test_a_pass_is_not_found_in_itself():
    # Other clothes mix the two up, other places don't.
    figures = rank_passes(passes((ONE, TWO), (TWO, ONE), (ONE, TWO)), "cosine")
    assert {protocol: of["rank1"] for protocol, of in figures.items()} == {
        "d1 → d3": {"1": [0.0, 0.0], "2": [0.0, 0.0]},
        "d1 → d1": {"1": [1.0, 1.0], "2": [1.0, 1.0]},
        "d1 → d4": {"1": [1.0, 1.0], "2": [1.0, 1.0]},
    }
    # One of two in other clothes; one of the three other passes outdoors.
    assert figures["d1 → d3"]["chance"]["1"] == [0.5, 0.5]
    assert figures["d1 → d1"]["chance"]["1"] == pytest.approx([1 / 3, 1 / 3])


def test_a_missing_scenario_is_no_query():
    some = {name: f for name, f in passes((ONE, TWO), (ONE, TWO), (ONE, TWO)).items() if name[1][:2] == "d1"}
    figures = rank_passes(some, "euclidean")
    assert figures["d1 → d3"]["rank1"] == figures["d1 → d4"]["rank1"] == {}
    assert figures["d1 → d1"]["rank1"] == {"1": [1.0, 1.0], "2": [1.0, 1.0]}


def test_loss_is_of_persons_who_have_both():
    same, other = ({"rank1": {"1": [1.0, 0.5], "2": [1.0]}}, {"rank1": {"1": [0.25], "3": [1.0]}})
    assert lost(same, other) == {"rank1": {"1": [0.5]}}


def test_what_gait_keeps_and_crops_lose_is_claimed_and_found():
    persons = [str(number) for number in range(10)]

    def arm(other, same):
        values = {"d1 → d3": other, "d1 → d1": same, "d1 → d4": same}
        return {
            protocol: {m: {p: [value] for p in persons} for m in ("rank1", "mAP")}
            | {"chance": {p: [0.1] for p in persons}}
            for protocol, value in values.items()
        }

    gait, crops = arm(0.8, 0.9), arm(0.2, 1.0)
    found = [
        {"AUG-OGBase": gait, "OGBase": gait} | dict.fromkeys(("identity loss only", "CAL", "FIRe²"), crops)
    ]
    verdicts = {(e["first"], e["second"], e["protocol"]): e["verdict"] for e in claims(found)}
    assert len(verdicts) == len(CLAIMS)
    assert verdicts["AUG-OGBase", "identity loss only", "d1 → d3"] == "shown"
    assert verdicts["identity loss only", "AUG-OGBase", LOSS] == "shown"
    assert verdicts["identity loss only", "AUG-OGBase", LOSS_OF_ALL] == "shown"
    assert verdicts["CAL", "identity loss only", "d1 → d3"] == "not shown"
    assert set(with_losses(found[0])["CAL"]) == {*PROTOCOLS, LOSS, LOSS_OF_ALL}
    summary = summarize(found)["d1 → d3"]
    assert summary["CAL"]["rank1_minus_chance"]["mean"] == pytest.approx(0.1)


def test_videos_of_walkers_are_cut_into_passes_as_kths_are(tmp_path):
    write_kth_walkers(tmp_path / "videos", 2)
    root = tmp_path / "kth"
    assert main(["data", "from-kth", "--videos", str(tmp_path / "videos"), "--root", str(root)]) == 0
    gait, crops = (
        load_dataset("gait_pickles", str(root / "gait")),
        load_dataset("csv_list", str(root / "crops")),
    )
    tested = {pass_of(record) for record in gait.query}
    assert tested == {pass_of(record) for record in (*crops.query, *crops.gallery)}
    assert {name for _, name in tested} == {
        f"{scenario}-{number}" for scenario in ("d1", "d3", "d4") for number in ("01-right", "02-left")
    }


@pytest.mark.slow
def test_a_quick_run_measures_everything_and_is_not_run_again(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "kth_walking.py"), "--quick", "--splits", "1"]
    result = tmp_path / "runs" / "kth_walking" / "quick" / "kth_walking.json"
    subprocess.run(command, check=True)
    first = json.loads(result.read_text())["figures"]
    assert set(first["protocols"]) == set(PROTOCOLS)
    assert all(len(arms) == 5 for arms in first["protocols"].values())
    assert len(first["claims"]) == len(CLAIMS)
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(result.read_text())["figures"] == first
    assert "epoch 1" not in again.stdout + again.stderr
