"""Several runs on one page."""

import json

import pytest

from mindreid.cli import main
from mindreid.report.run_record import read_run
from tests.pages.page_reading import check_page


@pytest.fixture
def compared(stored_run, tmp_path):
    """Compare a run with itself under another learning rate, half as long."""
    first, second = stored_run("first"), stored_run("second <b>")
    recipe = second / "config.yaml"
    recipe.write_text(recipe.read_text().replace("persons: 4", "persons: 2"))
    lines = (second / "metrics.jsonl").read_text().splitlines(keepends=True)
    (second / "metrics.jsonl").write_text("".join(lines[:-1]))
    output = tmp_path / "compared.html"
    assert main(["report", "compare", str(first), str(second), "-o", str(output)]) == 0
    return check_page(output), first, second


def rows_of(page, anchor):
    (found,) = page.find("section", id=anchor)
    return found.rows()


def test_figures_stand_side_by_side_and_the_best_is_marked(compared):
    page, first, _ = compared
    header, *rows = rows_of(page, "evaluation")
    assert header == ["", "first", "second <b>"]
    stored = read_run(first).description.metrics["standard"]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["standard, mAP"] == [f"▲ {100 * stored['mAP']:.2f}"] * 2
    assert by_name["after epoch"] == ["2", "2"]
    assert by_name["re-ranked"] == ["no", "no"]


def test_figures_of_different_datasets_have_no_best(stored_run, tmp_path):
    first, second = stored_run("first"), stored_run("second")
    recipe = second / "config.yaml"
    recipe.write_text(recipe.read_text().replace("name: market1501", "name: dukemtmc"))
    output = tmp_path / "compared.html"
    assert main(["report", "compare", str(first), str(second), "-o", str(output)]) == 0
    rows = rows_of(check_page(output), "evaluation")
    assert rows[-1] == ["dataset", "market1501", "dukemtmc"]
    assert not any("▲" in cell for row in rows for cell in row)


def test_only_keys_that_differ_are_listed(compared):
    page, _, _ = compared
    assert rows_of(page, "recipe") == [["key", "first", "second <b>"], ["sampler.persons", "4", "2"]]


def test_curves_of_all_runs_share_their_charts(compared):
    page, first, second = compared
    (curves,) = page.find("section", id="curves")
    loss = curves.find("svg", role="img")[0].attributes["aria-label"]
    for folder in (first, second):
        last = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
        assert f"{folder.name} {last['loss']:.4g}" in loss


def test_runs_of_one_name_are_told_apart_and_one_run_is_none(stored_run, tmp_path, capsys):
    run, output = stored_run("first"), tmp_path / "compared.html"
    assert main(["report", "compare", str(run), str(run), "-o", str(output)]) == 0
    header = rows_of(check_page(output), "evaluation")[0]
    assert len(set(header)) == 3
    output.unlink()
    assert main(["report", "compare", str(run), "-o", str(output)]) == 2
    assert "at least two runs" in capsys.readouterr().err
    assert not output.exists()
