"""The table of viewpoint labels, and datasets that take their views from one."""

from __future__ import annotations

import pytest

from mindreid import load_dataset
from mindreid.config import load_recipe
from mindreid.data.open_dataset import open_dataset
from mindreid.data.view_table import ViewRow, read_views, write_views
from mindreid.errors import DataError

ROWS = [
    ViewRow("a/1.jpg", -44.6, 0, "front", 0.981),
    ViewRow("a/2, second.jpg", 180.0, 2, "back", 0.5),
    ViewRow("b/1.jpg", reason="no person found"),
]


def market_rows(root, folder="bounding_box_train"):
    names = sorted(path.name for path in (root / folder).iterdir())
    return [ViewRow(f"{folder}/{name}", 90.0, index % 3, "any", 1.0) for index, name in enumerate(names)]


def test_rows_come_back_as_written(tmp_path):
    write_views(tmp_path / "views.csv", ROWS)
    assert read_views(tmp_path / "views.csv") == {row.image: row for row in ROWS}
    header = (tmp_path / "views.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "image,angle,bin,name,confidence,reason"


def test_records_get_the_bin_of_their_row(tiny_market, tmp_path):
    rows = market_rows(tiny_market)
    rows[5] = ViewRow(rows[5].image, reason="no person found")
    write_views(tmp_path / "views.csv", [*rows, ViewRow("elsewhere/1.jpg", 0.0, 0, "front", 1.0)])
    plain = load_dataset("market1501", tiny_market)
    dataset = load_dataset("market1501", tiny_market, views=tmp_path / "views.csv")
    assert [record.view for record in dataset.train] == [row.bin for row in rows]
    assert [record.path for record in dataset.train] == [record.path for record in plain.train]
    assert all(record.view is None for record in (*plain.train, *dataset.query, *dataset.gallery))


def test_protocols_carry_the_views_too(tiny_market, tmp_path):
    write_views(tmp_path / "views.csv", market_rows(tiny_market) + market_rows(tiny_market, "query"))
    dataset = load_dataset("market1501", tiny_market, views=tmp_path / "views.csv")
    assert dataset.protocols["standard"].query == dataset.query
    assert {record.view for record in dataset.query} == {0, 1, 2}


def test_a_recipe_names_the_table(tiny_market, tmp_path):
    write_views(tmp_path / "views.csv", market_rows(tiny_market))
    recipe = load_recipe(
        "mgn/market1501", [f"dataset.root={tiny_market}", f"dataset.views={tmp_path / 'views.csv'}"]
    )
    assert {record.view for record in open_dataset(recipe).train} == {0, 1, 2}


def test_training_images_without_a_row_are_named(tiny_market, tmp_path):
    rows = market_rows(tiny_market)
    write_views(tmp_path / "views.csv", rows[:-5])
    with pytest.raises(DataError, match="5 of 64 training images have no row") as caught:
        load_dataset("market1501", tiny_market, views=tmp_path / "views.csv")
    assert rows[-5].image in str(caught.value)
    assert rows[-1].image not in str(caught.value)
    assert f"--images {tiny_market}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,angle\na.jpg,1\n", "lacks the column 'bin'"),
        ("image,angle,bin,name,confidence,reason\na.jpg,1,front,front,1,\n", "malformed.*line 2"),
        ("image,angle,bin,name,confidence,reason\na.jpg,1\n", "malformed.*line 2"),
        ("image,angle,bin,name,confidence,reason\na.jpg,nan,0,front,1,\n", "finite.*line 2"),
        ("image,angle,bin,name,confidence,reason\na.jpg,1,-1,front,1,\n", "from 0.*line 2"),
        ("image,angle,bin,name,confidence,reason\na,,,,0,x\na,,,,0,x\n", "'a' has two rows.*line 3"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, text, message):
    (tmp_path / "views.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_views(tmp_path / "views.csv")


def test_a_missing_table_is_one_error(tmp_path):
    with pytest.raises(DataError, match="can't read the file"):
        read_views(tmp_path / "views.csv")


def test_a_name_that_is_no_text_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(DataError, match="no UTF-8"):
        write_views(tmp_path / "views.csv", [ViewRow("photos/\udcf1.jpg")])
    assert list(tmp_path.iterdir()) == []
