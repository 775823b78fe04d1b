"""The table of claims is there once they were tested, and says of each what the file says."""

from __future__ import annotations

import json

import pytest

from mindreid.report.tables.claims_table import CLAIMS_HEADER, claim_row, claims_summary, claims_table
from mindreid.report.tables.documents import update_documents
from mindreid.report.tables.result_files import ResultFiles


def entry(verdict="shown", *, interval=(0.012, 0.088), figures=("rank1", "mAP")):
    own = {
        "first": {"mean": 0.5, "std": 0.01},
        "second": {"mean": 0.45, "std": 0.02},
        "difference": {"mean": 0.05, "interval_95": interval and list(interval), "verdict": verdict},
    }
    return {
        "model": "cal",
        "claim": "CAL finds more",
        "on": "walkers",
        "protocol": "clothes_changing",
        "first": "CAL",
        "second": "identity loss only",
        "seeds": [11, 12, 13],
        "figures": dict.fromkeys(figures, own),
        "verdict": verdict,
    }


def test_a_row_shows_both_sides_and_what_lies_between():
    assert claim_row(entry()) == (
        "CAL finds more",
        "walkers, 3 seeds",
        "clothes_changing",
        "CAL: 50.0 ± 1.0 / 50.0 ± 1.0",
        "identity loss only: 45.0 ± 2.0 / 45.0 ± 2.0",
        "+5.0 (1.2 to 8.8)",
        "shown",
    )


@pytest.mark.parametrize(
    ("made", "difference"),
    [
        (entry(interval=None), "+5.0"),
        (entry(figures=("rank1",)), "+5.0 (1.2 to 8.8)"),
        (entry(figures=()), "–"),
    ],
)
def test_what_was_not_measured_is_not_made_up(made, difference):
    row = claim_row(made)
    assert len(row) == len(CLAIMS_HEADER)
    assert row[5] == difference
    if made["figures"]:
        assert (" / " in row[3]) is ("mAP" in made["figures"])


def test_a_single_seed_has_no_deviation():
    assert claim_row({**entry(), "seeds": [11]})[1:5] == (
        "walkers, 1 seed",
        "clothes_changing",
        "CAL: 50.0 / 50.0",
        "identity loss only: 45.0 / 45.0",
    )


def test_real_persons_are_counted():
    made = entry()
    del made["seeds"]
    made |= {"on": "CUHK01", "splits": 3}
    made["figures"]["rank1"]["difference"]["persons"] = 842
    assert claim_row(made)[1] == "CUHK01, 3 splits, 842 persons"
    assert claim_row({**made, "splits": 1})[1] == "CUHK01, 1 split, 842 persons"
    assert claim_row({**made, "figures": {}})[1] == "CUHK01, 3 splits, 0 persons"


def test_verdicts_are_counted():
    claims = [entry(verdict) for verdict in ("shown", "not shown", "contrary", "shown")]
    assert claims_summary({"claims": claims}) == "of 4 claims 2 shown, 1 not shown, 1 contrary"


def write_claims(folder):
    content = {
        "command": "python benchmarks/claims.py --seeds 1 2",
        "figures": {"seeds": [1, 2], "hours": {"mgn": 1.25, "fire": 2.5}, "claims": [entry("contrary")]},
    }
    (folder / "claims.json").write_text(json.dumps(content), encoding="utf-8")


def test_the_readme_has_the_table_once_there_is_a_result(tmp_path):
    results, readme = tmp_path / "results", tmp_path / "README.md"
    results.mkdir()
    empty = "# A\n\n<!-- table: claims -->\n\n<!-- end of table -->\n"
    readme.write_text(empty, encoding="utf-8")
    assert update_documents(tmp_path) == []
    assert claims_table(ResultFiles(results)) == ""
    write_claims(results)
    assert update_documents(tmp_path) == [readme]
    text = readme.read_text(encoding="utf-8")
    assert "`python benchmarks/claims.py --seeds 1 2`, 3.8 hours" in text
    assert "| +5.0 (1.2 to 8.8) | contrary |" in text
    assert update_documents(tmp_path, check=True) == []
    (results / "claims.json").unlink()
    update_documents(tmp_path)
    assert readme.read_text(encoding="utf-8") == empty


def test_a_models_card_has_the_claims_of_its_method(tmp_path):
    write_claims(tmp_path)
    results = ResultFiles(tmp_path)
    rows = claims_table(results).splitlines()[2:]
    card = claims_table(results, "cal")
    assert card.splitlines()[2:] == rows
    assert "hours" not in card
    assert claims_table(results, "mgn") == ""
