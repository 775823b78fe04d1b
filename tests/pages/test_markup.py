"""Markup: whatever goes in as text comes out as the same text."""

from hypothesis import given
from hypothesis import strategies as st

from mindreid.pages.markup import Markup, element, join, table
from tests.pages.page_reading import read_markup

# Carriage returns and nulls are what HTML itself changes.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"))


@given(TEXTS, TEXTS)
def test_text_and_attributes_survive(text, value):
    (read,) = read_markup(element("p", text, title=value)).children
    assert read.tag == "p"
    assert "".join(read.children) == text
    assert read.attributes == {"title": value}


@given(st.lists(st.lists(TEXTS.map(lambda text: " ".join(text.split())), min_size=2, max_size=2)))
def test_a_tables_cells_survive(rows):
    read = read_markup(table(("a", "<b>"), rows)).rows()
    assert read[1:] == [[" ".join(cell.split()) for cell in row] for row in rows]


def test_markup_is_escaped_once_and_names_of_broken_bytes_can_be_written():
    inner = element("b", "<")
    assert join([inner, "<"]) == "<b>&lt;</b>&lt;"
    assert element("p", Markup(inner)) == "<p><b>&lt;</b></p>"
    assert element("p", "bad \udcff name").encode("utf-8")
