"""Tables of searching say what the result file says, and what can't be told from it."""

import json

import pytest

from mindreid.report.tables import search_tables
from mindreid.report.tables.markdown import NOT_RUN
from mindreid.report.tables.result_files import ResultFiles

TABLES = [
    search_tables.search_passes_table,
    search_tables.search_hits_table,
    search_tables.search_promises_table,
    search_tables.search_persons_table,
    search_tables.search_growth_table,
    search_tables.search_stages_table,
    search_tables.search_paths_table,
]


def check(absent, likely=(40, 36)):
    """What ``mindreid search eval --json`` writes."""
    return {
        "mated": 90,
        "nonmated": absent,
        "hit_rates": {"1": 0.5, "5": 0.75},
        "chance": {"1": 0.02, "5": 0.1},
        "fpir": 0.0,
        "fnir": 0.625,
        "calibration_error": 0.031,
        "verdicts": {
            "hits": {"likely": likely[0], "perhaps": 60, "unlikely": 900},
            "right": {"likely": likely[1], "perhaps": 15, "unlikely": 9},
            "present": 90,
            "missed": 20,
            "absent": absent,
            "rejected": 41,
        },
    }


@pytest.fixture
def results(tmp_path):
    scene = {"cameras": 4, "true_passes": 160, "passes_with_a_tracklet": 120, "tracklets": 138}
    figures = {
        "scenes": {"yard": {**scene, "labelled_tracklets": 130, "persons": 57}},
        "networks": {
            "small": {
                "learnt_at": {
                    "hall": {"checked": {"yard": check(120), "street": check(59, likely=(0, 0))}},
                    "hall and gate": {"checked": {"yard": check(120, likely=(8, 8))}},
                },
                "looser": {"yard": {"fpir": 0.1, "fnir": 0.25}, "street": {"fpir": 0.085, "fnir": 0.5}},
            }
        },
        "learning_curve": [
            {
                "persons": 5,
                "draws": 20,
                "too_few_hits": 3,
                "calibration_error": 0.12,
                "right_of_likely": 0.625,
            }
        ],
    }
    (tmp_path / "search_quality.json").write_text(json.dumps({"figures": figures}))
    return ResultFiles(tmp_path)


def rows(text):
    """A table's cells, row by row, each row as long as the header."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]
    header = text.splitlines()[0].count("|")
    assert all(len(row) == header - 1 for row in cells)
    return cells


def test_losses_before_the_search_are_shown(results):
    (row,) = rows(search_tables.search_passes_table(results))
    assert row == ["yard", "4", "120 of 160 (75.0 %)", "138", "8", "57"]


def test_hits_stand_beside_chance_and_too_few_absent_persons_are_told(results):
    yard, street = rows(search_tables.search_hits_table(results))
    assert yard[:5] == ["small", "yard", "90", "50.0 (2.0)", "75.0 (10.0)"]
    assert yard[5:] == ["120", "62.5 at 0.0", "25.0 at 10.0"]
    assert street[5:] == ["59", "62.5 at 0.0 (too few for 1)", "50.0 at 8.5"]


def test_promises_stand_beside_what_came_of_them(results):
    first, second, third = rows(search_tables.search_promises_table(results))
    assert first[:4] == ["small", "hall", "yard", "3.1"]
    assert first[4:] == [
        "36 of 40 (90.0 %)", "15 of 60 (25.0 %)", "9 of 900 (1.0 %)", "41 of 120", "20 of 90",
    ]  # fmt: skip
    assert second[2:5] == ["street", "3.1", "no hit"]
    assert third[1:3] == ["hall and gate", "yard"]


def test_few_persons_teach_little(results):
    assert rows(search_tables.search_persons_table(results)) == [["5", "12.0", "62.5 of 100", "3 of 20"]]


def test_stages_are_told_by_the_clock_and_by_the_processor(tmp_path):
    clock, processor = {"decoding": 614.3, "all of it": 37.9}, {"decoding": 588.0, "all of it": 21.06}
    figures = {"frames_per_second": clock, "frames_per_processor_second": processor}
    (tmp_path / "search_add.json").write_text(json.dumps({"figures": figures}))
    lines = search_tables.search_stages_table(ResultFiles(tmp_path)).splitlines()
    assert lines[2:] == ["| decoding | 614 | 588 |", "| all of it | 38 | 21 |"]


def test_every_setting_of_paths_is_shown(tmp_path):
    """None is picked out by what it found."""
    rows = [
        {"tracks": tracks, "most_seconds": seconds, "least_similarity": similarity, "idf1": idf1}
        for tracks, seconds, similarity, idf1 in [
            ("true", None, None, 0.3788),
            ("true", 15.0, 0.8, 0.7925),
            ("found", None, None, 0.32),
            ("found", 15.0, 0.8, 0.5156),
        ]
    ]
    (tmp_path / "search_paths.json").write_text(json.dumps({"figures": {"rows": rows}}))
    lines = search_tables.search_paths_table(ResultFiles(tmp_path)).splitlines()
    assert lines[0] == "| most travel time, least similarity | IDF1, true | IDF1, found |"
    assert lines[2:] == ["| nothing joined | 37.9 | 32.0 |", "| 15 s, 0.8 | 79.2 | 51.6 |"]


@pytest.mark.parametrize("make", TABLES)
def test_what_was_not_run_is_told(tmp_path, make):
    assert make(ResultFiles(tmp_path)) == NOT_RUN
