"""Published rows: readable, of datasets and recipes that exist, and shown for the named dataset only."""

from dataclasses import replace

import pytest

from mindreid.cli import main
from mindreid.config import list_recipes
from mindreid.data.generated import MARKER
from mindreid.errors import ConfigError
from mindreid.report import published
from mindreid.report.published import format_rows, load_published, rows_for
from mindreid.zoo import DATASETS, MODELS, load_dataset

ROWS = [(model, row) for model in MODELS.names() for row in load_published(model).rows]


@pytest.mark.parametrize(("model", "row"), ROWS, ids=lambda value: str(value)[:60])
def test_rows_name_what_exists(model, row):
    assert row.dataset in DATASETS
    assert row.recipe is None or row.recipe in list_recipes()
    assert all(0 < value <= 100 for value in row.figures.values())
    assert row.source


@pytest.fixture
def market(tiny_market):
    return load_dataset("market1501", tiny_market)


def test_only_the_measured_setting_is_compared(market):
    rows = rows_for("mgn", market, rerank=False)
    assert rows
    assert {row.dataset for row in rows} == {"market1501"}
    assert not any(row.rerank for row in rows)
    assert all(row.rerank for row in rows_for("mgn", market, rerank=True))
    assert rows_for("mgn", replace(market, name="csv_list"), rerank=False) == ()
    assert "95.70" in format_rows(rows)


def test_another_delivery_is_not_compared(market):
    cuhk03 = replace(market, name="cuhk03", variant="labeled")
    assert [row.figures["rank1"] for row in rows_for("mgn", cuhk03, rerank=False)] == [68.0]
    assert rows_for("mgn", replace(cuhk03, variant="classic"), rerank=False) == ()


def test_generated_images_are_not_compared(market, tiny_market):
    (tiny_market / MARKER).write_text('{"kind": "generated walkers"}')
    assert rows_for("mgn", market, rerank=False) == ()


def test_a_damaged_file_is_explained(tmp_path, monkeypatch):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "published.yaml").write_text("paper: x\nrows: [{dataset: market1501, rank: 3}]\n")
    monkeypatch.setattr(published.resources, "files", lambda _package: tmp_path)
    with pytest.raises(ConfigError, match=r"rows\.0\.\w+: .*published.yaml"):
        load_published("odd")
    assert load_published("none") is None


@pytest.mark.parametrize("generated", [False, True])
def test_eval_prints_the_papers_row_for_the_named_dataset_only(tiny_market, tiny_mgn, capsys, generated):
    if generated:
        (tiny_market / MARKER).write_text('{"kind": "generated walkers"}')
    command = ["eval", "--config", "mgn/market1501", "--root", str(tiny_market), "--untrained", *tiny_mgn]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert ("95.70" in printed) == (not generated)
    assert ("the paper, table 2" in printed) == (not generated)
