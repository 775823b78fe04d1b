"""Reads a page back: elements with their attributes and texts; complains where they are not well nested."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"img", "input", "meta", "br", "hr", "link"}


@dataclass
class Element:
    """A parsed element."""

    tag: str
    attributes: dict
    children: list = field(default_factory=list)

    @property
    def text(self):
        """All text within, blanks joined."""
        own = "".join(child if isinstance(child, str) else f" {child.text} " for child in self.children)
        return re.sub(r"\s+", " ", own).strip()

    def find(self, tag, **attributes):
        """All elements below with this tag and these attributes."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self.below() if e.tag == tag and wanted.items() <= e.attributes.items()]

    def below(self):
        """Every element within."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.below()

    def rows(self):
        """Texts of the cells of every row of a table below."""
        return [
            [cell.text for cell in row.children if isinstance(cell, Element)]
            for row in self.below()
            if row.tag == "tr"
        ]


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(set(names)) == len(names), f"<{tag}> has an attribute twice"
        element = Element(tag, dict(attributes))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.open[-1].children.append(Element(tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)


def read_page(path):
    """Parse a file of HTML."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    return read_markup(text)


def read_markup(text):
    """Parse a piece of HTML."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == [reader.root], f"never ended: {[e.tag for e in reader.open[1:]]}"
    return reader.root


def check_page(path):
    """Assert what holds for every page, and return it parsed."""
    page = read_page(path)
    assert path.stat().st_size < 10_000_000
    everything = list(page.below())
    ids = [e.attributes["id"] for e in everything if "id" in e.attributes]
    assert len(set(ids)) == len(ids)
    for link in page.find("a"):
        assert link.attributes["href"].removeprefix("#") in ids
    for element in everything:
        source = element.attributes.get("src", "data:image/")
        assert source.startswith("data:image/")
        assert not {"srcset", "action", "background", "poster", "data"} & set(element.attributes)
        assert not [name for name in element.attributes if name.startswith("on")]
    assert not page.find("link")
    (style,) = page.find("style")
    assert not re.search(r"url\(|@import|expression", style.text)
    (script,) = page.find("script")
    assert not re.search(r"fetch|import|http", script.text)
    assert all(image.attributes["alt"].strip() for image in page.find("img"))
    for picture in page.find("svg"):
        assert picture.attributes.get("aria-hidden") or (
            picture.attributes["role"] == "img" and picture.attributes["aria-label"]
        )
    return page
