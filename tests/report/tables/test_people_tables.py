"""Tables of real persons are made of their result files, and say when nothing was run."""

from __future__ import annotations

import json

import pytest

from mindreid.report.tables import people_tables
from mindreid.report.tables.markdown import NOT_RUN
from mindreid.report.tables.result_files import ResultFiles


def figure(mean, low, high, **more):
    return {"persons": 9, "mean": mean, "interval_95": [low, high], **more}


def arm(rank1, **more):
    spread = figure(rank1, rank1 - 0.05, rank1 + 0.05)
    return {"rank1": {**spread, **more}, "mAP": spread, "chance": figure(0.01, 0.01, 0.01)}


FIGURES = {
    "real_people_cuhk01": {
        "networks": {
            "mgn, random start": arm(0.4, minus_baseline=figure(0.25, 0.2, 0.3)),
            "ide, random start": arm(0.15),
            "peer": arm(0.1, minus_baseline=figure(-0.05, -0.1, 0.01)),
        },
        "rates": {"mgn, random start": [1.0, 0.3]},
    },
    "people_rates": {
        "arms": {
            "mgn": {
                "chosen": 1.0,
                "losses": {
                    "1": {"loss": 21.625, "softmax": 20.125, "triplet": 1.5},
                    "0.1": {"loss": 31.2, "softmax": 30, "triplet": 1.2},
                },
            },
            "ide": {
                "chosen": 0.1,
                "losses": {"1": {"loss": 5.5, "identity": 5.5}, "0.1": {"loss": 4.25, "identity": 4.25}},
            },
        }
    },
    "real_people_curve": {
        "recipe": "mgn/cuhk01_long",
        "protocol": "multi_shot",
        "epochs": [5, 10],
        "rank1": [0.1, 0.2],
        "mAP": [0.05, 0.15],
        "level_from_epoch": 10,
    },
    "pku_labels": {
        "methods": {
            "vote": {
                "right_percent": 90.9,
                "labelled_percent": 97.0,
                "median_error_degrees": 10.0,
                "confusion": {"-90": {"front": 6, "back": 0}, "180": {"front": 40, "back": 103}},
            }
        }
    },
    "pku_views": {"by_difference": {"0°": {"CAL": arm(0.8)}, "180°": {"CAL": arm(0.3)}}},
    "kth_walking": {"protocols": {"d1 → d3": {"CAL": arm(0.2)}, "d1 → d1": {"CAL": arm(0.9)}}},
}
TABLES = {
    "real_people_cuhk01": people_tables.real_people_table,
    "people_rates": people_tables.rates_table,
    "real_people_curve": people_tables.curve_table,
    "pku_labels": people_tables.view_labels_table,
    "pku_views": people_tables.view_differences_table,
    "kth_walking": people_tables.kth_table,
}


@pytest.fixture
def table(tmp_path):
    def table(name):
        (tmp_path / f"{name}.json").write_text(json.dumps({"figures": FIGURES[name]}), encoding="utf-8")
        return TABLES[name](ResultFiles(tmp_path))

    return table


@pytest.mark.parametrize("made", TABLES.values())
def test_what_was_not_run_is_said(made, tmp_path):
    assert made(ResultFiles(tmp_path)) == NOT_RUN


def test_rates_are_shown_with_the_chosen_part(table):
    assert table("people_rates").splitlines() == [
        "| network | loss at × 1 | loss at × 0.1 | chosen |",
        "| --- | --- | --- | --- |",
        "| mgn | softmax 20.12, triplet 1.50 | softmax 30.00, triplet 1.20 | × 1 |",
        "| ide | identity 5.50 | identity 4.25 | × 0.1 |",
    ]


def test_networks_are_compared_with_the_one_that_has_no_difference(table):
    assert table("real_people_cuhk01").splitlines() == [
        "| network | rank-1 (95 %) | mAP (95 %) | rank-1 above ide, random start (95 %) |",
        "| --- | --- | --- | --- |",
        "| mgn, random start | 40.0 (35.0 to 45.0) | 40.0 (35.0 to 45.0) | +25.0 (20.0 to 30.0) |",
        "| ide, random start | 15.0 (10.0 to 20.0) | 15.0 (10.0 to 20.0) |  |",
        "| peer | 10.0 (5.0 to 15.0) | 10.0 (5.0 to 15.0) | -5.0 (-10.0 to 1.0) |",
        "",
        "*mgn, random start* has its recipe's learning rates × 1, 0.3 (by split).",
    ]


def test_a_curve_has_a_column_for_each_evaluation(table):
    lines = table("real_people_curve").splitlines()
    assert lines[0] == "| after epoch | 5 | 10 |"
    assert lines[2:4] == ["| rank-1 | 10.0 | 20.0 |", "| mAP | 5.0 | 15.0 |"]
    assert "from epoch 10" in lines[-1]


def test_labels_are_counted_by_true_angle(table):
    lines = table("pku_labels").splitlines()
    assert lines[0] == "*vote*: 90.9 % right, 97.0 % told, median error 10.0°"
    assert lines[2:] == [
        "| true angle | front | back |",
        "| --- | --- | --- |",
        "| -90° | 6 | 0 |",
        "| 180° | 40 | 103 |",
    ]


@pytest.mark.parametrize(
    ("name", "row", "chance"),
    [
        ("pku_views", "| CAL | 80.0 | 30.0 |", "| chance | 1.0 | 1.0 |"),
        ("kth_walking", "| CAL | 20.0 (15.0 to 25.0) | 90.0 (85.0 to 95.0) |", "| chance | 1.0 | 1.0 |"),
    ],
)
def test_arms_are_rows_and_protocols_columns_beside_chance(table, name, row, chance):
    assert table(name).splitlines()[2:] == [row, chance]
