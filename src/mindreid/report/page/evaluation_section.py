"""What was measured under which protocol, and the paper's figures right below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mindreid.data.records import Dataset
from mindreid.engine.evaluation.protocol_results import Figures, ProtocolResult, Results
from mindreid.metrics.percentages import to_percent
from mindreid.pages.markup import Content, Markup, element, join, note
from mindreid.pages.page_frame import Section
from mindreid.report.tables.published import PublishedRow, rows_for

FIGURES = {"rank1": "rank-1", "rank5": "rank-5", "rank10": "rank-10", "mAP": "mAP", "mINP": "mINP"}


def evaluation_section(model: str, dataset: Dataset, results: Results, measured: str) -> Section:
    """Show each protocol's figures with the published rows that they may be compared with.

    Parameters
    ----------
    model : str
        The method.
    dataset : Dataset
        What was measured on.
    results : mapping
        By protocol.
    measured : str
        When, and with which weights.
    """
    published = rows_for(model, dataset, results)
    header = element(
        "tr",
        *(element("th", title, scope="col") for title in ("protocol", "junk rule", "re-ranked")),
        *(
            element("th", title, scope="col", class_="number")
            for title in (*FIGURES.values(), "queries", "gallery")
        ),
    )
    rows = [row for name, result in results.items() for row in _rows(name, result, published)]
    whole = element("table", element("thead", header), element("tbody", *rows))
    why = (
        "The row below a protocol is the published one."
        if published
        else "No published figure was measured on these data under these protocols."
    )
    return Section(
        "evaluation",
        "Evaluation",
        join([note(f"Per cent, {measured}. {why}"), element("div", whole, class_="wide", tabindex=0)]),
    )


def percentages(figures: Figures) -> list[str]:
    """Write the figures of :data:`FIGURES` in per cent, "–" for what is not reported."""
    values = (figures.named(name) for name in FIGURES)
    return ["–" if value is None else f"{to_percent(value):.2f}" for value in values]


def _rows(name: str, result: ProtocolResult, published: Sequence[PublishedRow]) -> Iterator[Markup]:
    valid, queries, gallery = (
        "–" if count is None else f"{count:,}"
        for count in (result.valid_queries, result.queries, result.gallery)
    )
    counted = queries if result.valid_queries is None else f"{valid} of {queries}"
    reranked = "yes" if result.rerank else "no"
    yield _row((name, result.rule, reranked), (*percentages(result), counted, gallery))
    if result.std is not None:
        yield _row((f"± over {result.trials} trials", "", ""), (*percentages(result.std), "", ""))
    for row in published:
        if row.protocol == name:
            whose = f"{row.method or 'published'}: {row.origin}"
            figures = (f"{row.figures[key]:.2f}" if key in row.figures else "–" for key in FIGURES)
            yield _row((whose, "", "yes" if row.rerank else "no"), (*figures, "", ""), class_="published")


def _row(texts: Sequence[Content], numbers: Sequence[str], class_: str = "") -> Markup:
    first, *rest = texts
    cells = [element("th", first, scope="row"), *(element("td", text) for text in rest)]
    cells += [element("td", number, class_="number") for number in numbers]
    return element("tr", *cells, class_=class_ or None)
