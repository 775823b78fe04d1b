"""The frame of a page: its head, its table of contents, its style; nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Optional

from mindreid.pages.markup import Content, Markup, element, join


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes
    ----------
    anchor, title : str
        Where a link finds it, and what it is called.
    body : Markup
        What it holds.
    """

    anchor: str
    title: str
    body: Markup


def assemble(
    title: str,
    headline: Content,
    sections: Sequence[Optional[Section]],
    *,
    reload_seconds: Optional[float] = None,
    style: str = "",
    script: str = "",
) -> str:
    """Put a whole page together.

    Parameters
    ----------
    title : str
        Of the window and of the page.
    headline : str
        What stands below the title.
    sections : sequence of Section
        In order; ``None`` is left out.
    reload_seconds : float, optional
        After how many seconds the page shall look for a newer one of itself.
    style, script : str
        CSS and JavaScript of this page's own, after those that all pages share.
    """
    present = [section for section in sections if section is not None]
    contents = element(
        "nav", *(element("a", s.title, href=f"#{s.anchor}") for s in present), aria_label="Contents"
    )
    parts = (
        element("section", element("h2", section.title), section.body, id=section.anchor)
        for section in present
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(_own_file("page.css") + style)),
    )
    body = element(
        "body",
        element("header", element("h1", title), headline, contents),
        element("main", *parts),
        element("script", Markup(_own_file("page.js") + script)),
        data_reload_seconds=reload_seconds,
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def tiles(*named: tuple[str, str, str]) -> Markup:
    """Build the key figures at the top of a page: title, figure, and what it is of."""
    return element(
        "div",
        *(
            element(
                "div", element("span", title), element("strong", figure), element("small", of), class_="key"
            )
            for title, figure, of in named
        ),
        class_="keys",
    )


def figure_of(picture: Markup, *caption: Content) -> Markup:
    """Put a caption below a picture."""
    return element("figure", picture, element("figcaption", join(caption)))


def _own_file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
