"""Published rows: readable, of datasets and recipes that exist, and shown for the named dataset only."""

from dataclasses import replace

import pytest

from mindreid.cli import main
from mindreid.config import list_recipes
from mindreid.data.generated_marker import MARKER
from mindreid.data.open_dataset import load_dataset
from mindreid.engine.evaluation.protocol_results import ProtocolResult
from mindreid.errors import ConfigError
from mindreid.report import model_files
from mindreid.report.tables.published import format_rows, load_published, rows_for
from mindreid.zoo import DATASETS, MODELS

ROWS = [(model, row) for model in MODELS.names() for row in load_published(model).rows]


@pytest.mark.parametrize(("model", "row"), ROWS, ids=lambda value: str(value)[:60])
def test_rows_name_what_exists(model, row):
    assert row.dataset in DATASETS
    assert row.recipe is None or row.recipe in list_recipes()
    assert all(0 < value <= 100 for value in row.figures.values())
    assert row.source


@pytest.fixture
def loaded_market(tiny_market):
    return load_dataset("market1501", tiny_market)


def result(rerank=False, **figures):
    return {"standard": ProtocolResult(rank1=0.5, mean_ap=0.25, **figures, rerank=rerank)}


def test_only_the_measured_setting_is_compared(loaded_market):
    rows = rows_for("mgn", loaded_market, result())
    assert rows
    assert {(row.dataset, row.protocol, row.rerank) for row in rows} == {("market1501", "standard", False)}
    assert all(row.rerank for row in rows_for("mgn", loaded_market, result(rerank=True)))
    assert rows_for("mgn", loaded_market, {"same_clothes": ProtocolResult(rank1=1.0)}) == ()
    assert rows_for("mgn", replace(loaded_market, name="csv_list"), result()) == ()


def test_published_stands_beside_measured(loaded_market):
    table = format_rows(rows_for("mgn", loaded_market, result())[:1], result())
    lines = [line.split() for line in table.splitlines()]
    assert lines[0][:3] == ["protocol", "published", "measured"]
    assert lines[1][:4] == ["standard", "R1", "95.70", "50.00"]
    assert lines[2][:4] == ["standard", "mAP", "86.90", "25.00"]


def test_another_delivery_is_not_compared(loaded_market):
    cuhk03 = replace(loaded_market, name="cuhk03", variant="labeled")
    assert [row.figures["rank1"] for row in rows_for("mgn", cuhk03, result())] == [68.0]
    assert rows_for("mgn", replace(cuhk03, variant="classic"), result()) == ()


def test_generated_images_are_not_compared(loaded_market, tiny_market):
    (tiny_market / MARKER).write_text('{"kind": "generated walkers"}')
    assert rows_for("mgn", loaded_market, result()) == ()


def test_a_damaged_file_is_explained(tmp_path, monkeypatch):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "published.yaml").write_text("paper: x\nrows: [{dataset: market1501, rank: 3}]\n")
    monkeypatch.setattr(model_files, "package_folder", lambda _package: tmp_path)
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
