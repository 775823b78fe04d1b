"""View labels against true orientations, and who is ranked by difference of orientation."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pku_labels import PkuViews, confusion, judge, told_views, true_angles
from pku_views import difference
from runs.finished_runs import in_one_folder
from runs.quick_trees import write_pku_walkers

from mindreid.data.view_table import ViewRow
from mindreid.preprocess.views.view_labels import ViewRules

BINS = ViewRules().bins
ROOT = Path(__file__).resolve().parents[2]


def test_differences_go_round_either_way():
    assert [difference(0, other) for other in range(8)] == [
        "0°", "45°", "90°", "135°", "180°", "135°", "90°", "45°",
    ]  # fmt: skip
    assert all(difference(a, b) == difference(b, a) for a in range(8) for b in range(8))


def told(angle):
    number = int(BINS.numbers(np.array(angle)))
    return {"angle": angle, "bin": number, "name": BINS.names[number], "confidence": 1.0}


def test_an_angle_on_a_border_belongs_to_both_bins():
    angles = {"front": 0.0, "border": 45.0, "border too": 45.0, "behind": 45.0, "nobody": 90.0}
    rows = [
        ViewRow("front", **told(10.0)),
        ViewRow("border", **told(30.0)),
        ViewRow("border too", **told(60.0)),
        ViewRow("behind", **told(170.0)),
        ViewRow("nobody", reason="no person found"),
    ]
    found = judge(rows, angles, BINS)
    assert (found["images"], found["labelled_percent"], found["right_percent"]) == (5, 80.0, 60.0)
    assert found["right_of_labelled_percent"] == 75.0
    # Of 0 and 90 degrees, which lie within a bin, one is right.
    assert found["right_within_bins_percent"] == 50.0
    assert found["median_error_degrees"] == pytest.approx(15.0)
    counts = confusion(rows, angles, BINS)
    assert counts["45"] == {"front": 1, "back": 1, "side": 1, "unknown": 0}
    assert counts["90"]["unknown"] == 1


def test_nobody_found_is_no_label():
    found = judge([ViewRow("a", reason="no person found")], {"a": 0.0}, BINS)
    assert (found["right_percent"], found["right_of_labelled_percent"]) == (0.0, None)
    assert found["median_error_degrees"] is None


def test_true_keypoints_of_walkers_tell_where_they_face(tmp_path):
    root = tmp_path / "pku"
    keypoints = write_pku_walkers(root, 3)
    angles = true_angles(root)
    assert len(angles) == 3 * 2 * 8
    labels = told_views(PkuViews(root, in_one_folder(tmp_path / "work"), keypoints))
    right = {method: judge(rows, angles, BINS)["right_percent"] for method, rows in labels.items()}
    assert set(right) == {"vote", "paper"}
    assert right["vote"] > 90
    assert all([row.image for row in rows] == sorted(angles) for rows in labels.values())


@pytest.mark.slow
def test_a_quick_run_measures_everything_and_is_not_run_again(tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks" / "pku_views.py"), "--quick", "--splits", "1"]
    result = tmp_path / "runs" / "pku_views" / "quick" / "pku_views.json"
    subprocess.run(command, check=True)
    first = json.loads(result.read_text())["figures"]
    assert set(first["by_difference"]) == {"all", "90° and more", "0°", "45°", "90°", "135°", "180°"}
    arms = {"identity loss only", "CAL", "VAL", "VAL, told views"}
    assert all(set(of) == arms for of in first["by_difference"].values())
    (claim,) = first["claims"]
    assert claim["verdict"] in ("shown", "not shown", "contrary")
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(result.read_text())["figures"] == first
    assert "epoch 1" not in again.stdout + again.stderr
