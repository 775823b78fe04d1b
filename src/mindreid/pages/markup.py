"""HTML put together from pieces: whatever is not HTML already is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Union

#: Elements without content, which have no end.
_EMPTY = ("img", "input", "meta", "br", "circle", "path", "line", "polyline", "polygon", "use", "rect")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = Union[str, Markup]


def escape(text: Content) -> Markup:
    """Return text as HTML; HTML stays as it is.

    Examples
    --------
    >>> escape("<b>"), escape(Markup("<b>"))
    ('&lt;b&gt;', '<b>')
    """
    if isinstance(text, Markup):
        return text
    # What no UTF-8 file can hold, such as half of a file name's broken bytes, is written as its number.
    known = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    return Markup(html.escape(known, quote=True))


def element(tag: str, *content: Content, **attributes: object) -> Markup:
    """Build an element.

    Parameters
    ----------
    tag : str
        Its name.
    *content : str
        What it holds, in order.
    **attributes
        Their underscores stand for hyphens, one at the end is left out; those that are ``None`` too.

    Examples
    --------
    >>> element("p", "a < b", class_="note", data_x=1)
    '<p class="note" data-x="1">a &lt; b</p>'
    """
    names = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    written = "".join(f' {name}="{escape(str(value))}"' for name, value in names.items() if value is not None)
    begin = f"<{tag}{written}>"
    if tag in _EMPTY:
        return Markup(begin if tag in ("img", "input", "meta", "br") else f"{begin[:-1]}/>")
    return Markup(f"{begin}{join(content)}</{tag}>")


def join(parts: Iterable[Content]) -> Markup:
    """Put pieces one after the other."""
    return Markup("".join(map(escape, parts)))


def table(
    header: Sequence[Content], rows: Iterable[Sequence[Content]], *, numbers_from: int = 1, caption: str = ""
) -> Markup:
    """Build a table that scrolls by itself on a narrow screen.

    Parameters
    ----------
    header : sequence of str
        Titles of the columns.
    rows : iterable of sequence of str
        Cells; the first one of a row is its title.
    numbers_from : int
        The first column that stands to the right.
    caption : str
        What the table shows.
    """

    def side(column: int) -> object:
        return "number" if column >= numbers_from else None

    head = join(element("th", cell, scope="col", class_=side(n)) for n, cell in enumerate(header))
    body = []
    for first, *rest in rows:
        cells = (element("td", cell, class_=side(n)) for n, cell in enumerate(rest, 1))
        body.append(element("tr", element("th", first, scope="row"), *cells))
    title = element("caption", caption) if caption else ""
    whole = element("table", title, element("thead", element("tr", head)), element("tbody", *body))
    return element("div", whole, class_="wide", tabindex=0)


def definitions(pairs: Mapping[str, Content]) -> Markup:
    """Build a list of names and what they stand for."""
    entries = (element("div", element("dt", name), element("dd", value)) for name, value in pairs.items())
    return element("dl", *entries)


def note(*content: Content) -> Markup:
    """Build a paragraph that explains what is beside it."""
    return element("p", *content, class_="note")


def folded(title: Content, *content: Content) -> Markup:
    """Build something that opens when its title is chosen."""
    return element("details", element("summary", title), *content)
