"""Rank lists, the hardest queries first."""

from __future__ import annotations

from collections.abc import Sequence

from mindreid.data.records import Record
from mindreid.errors import DataError
from mindreid.pages.inline_images import inline_image
from mindreid.pages.markup import Content, Markup, element, join, note
from mindreid.pages.page_frame import Section
from mindreid.report.pictures.tiles import record_tile
from mindreid.report.rank_lists import MARKS, ProtocolRanking, RankedItem, RankList
from mindreid.report.record_captions import camera_of, describe

_HEIGHT, _WIDTH = 144, 72
_KINDS = {"match": "the same person", "other": "another person", "junk": "junk"}
_SCORES = {
    "similarity": "cosine similarities",
    "distance": "Euclidean distances",
    "re-ranked distance": "re-ranked distances",
}
#: Of all protocols together, so that a page stays small.
_MOST_QUERIES = 18


def rank_section(rankings: Sequence[ProtocolRanking], *, queries: int, top: int) -> Section:
    """Show the queries of the lowest average precision of every protocol with what is nearest to them."""
    each = max(1, min(queries, _MOST_QUERIES // len(rankings)))
    parts: list[Markup] = [_explanation()]
    for ranking in rankings:
        protocol = ranking.protocol
        lists = ranking.rank_lists(ranking.hardest(each), top)
        title = f"{protocol.name}: the {len(lists)} hardest of {len(ranking.average_precisions):,} queries"
        rule = note(f"Junk rule {protocol.junk}; scores are {_SCORES[ranking.score_name]}.")
        parts += [element("h3", title), rule, *(_list(one, ranking.score_name) for one in lists)]
    return Section("ranks", "Rank lists", join(parts))


def _explanation() -> Markup:
    kinds = [
        element("span", element("b", f"{MARKS['match']} match"), ", a solid green frame", class_="hit match"),
        element("span", element("b", f"{MARKS['other']} other person"), ", dashed red", class_="hit other"),
        element(
            "span", element("b", f"{MARKS['junk']} junk"), ", dotted grey, not counted", class_="hit junk"
        ),
    ]
    return element("p", join([kinds[0], " · ", kinds[1], " · ", kinds[2]]), class_="note kinds")


def _list(ranked: RankList, score_name: str) -> Markup:
    query = element(
        "figure",
        _picture(ranked.query, f"query: {describe(ranked.query)}"),
        element("figcaption", element("b", "query"), f" {_short(ranked.query)}", *_difficulty(ranked)),
        class_="asked",
    )
    items = [_item(item, score_name) for item in ranked.items]
    if ranked.hidden_junk:
        items.append(element("p", f"and {ranked.hidden_junk:,} more of junk between these", class_="note"))
    return element("div", query, element("div", *items, class_="items"), class_="ranked")


def _item(item: RankedItem, score_name: str) -> Markup:
    place = "" if item.rank is None else f"rank {item.rank}: "
    alt = f"{place}{_KINDS[item.kind]}, {describe(item.record)}, {score_name} {item.score:.3f}"
    rank = "junk" if item.rank is None else str(item.rank)
    return element(
        "figure",
        _picture(item.record, alt),
        element(
            "figcaption",
            element("b", f"{MARKS[item.kind]} {rank}"),
            f" · {item.score:.2f}",
            element("div", _short(item.record)),
        ),
        class_=f"hit {item.kind}",
        title=alt,
    )


def _difficulty(ranked: RankList) -> tuple[Markup, ...]:
    if ranked.average_precision is None:
        return (element("div", "no match"),)
    return (
        element("div", f"AP {ranked.average_precision:.3f}"),
        element("div", f"1st match: {ranked.first_match}"),
    )


def _short(record: Record) -> str:
    return f"p{record.pid} c{camera_of(record)}"


def _picture(record: Record, alt: str) -> Content:
    try:
        return inline_image(record_tile(record, _HEIGHT, _WIDTH), alt)
    except DataError as error:
        return element("p", str(error), class_="note")
