"""Columns of a text table stand below each other, whatever is in them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from mindreid.text_table import format_table

CELLS = st.text("ab1.-", min_size=1, max_size=9)


@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1)))
def test_every_column_begins_or_ends_at_one_place(rows):
    for side, edge in (("<", 0), (">", 1)):
        lines = format_table(rows, side * len(rows[0])).split("\n")
        assert [line.split() for line in lines] == rows
        places = [[match.span()[edge] for match in re.finditer(r"\S+", line)] for line in lines]
        assert all(line == places[0] for line in places)


def test_short_rows_and_no_rows():
    assert format_table([("a", "b", "c"), ("long",)]) == "a     b  c\nlong"
    assert format_table([]) == ""


def test_ideographs_take_two_places():
    assert format_table([("数据", "x"), ("abcd", "y")]) == "数据  x\nabcd  y"


def test_a_ruled_table_has_a_line_below_its_head():
    assert format_table([("n", "seconds"), ("one", "2")], "<>", ruled=True).splitlines() == [
        "n    seconds",
        "---  -------",
        "one        2",
    ]
